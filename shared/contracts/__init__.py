"""Published language: every event the services exchange, one file per service.

Importing this package registers them all.
"""

from shared.contracts import casework, eligibility, intake, reporting, runtime

__all__ = ["casework", "eligibility", "intake", "reporting", "runtime"]
