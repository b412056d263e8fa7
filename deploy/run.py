"""``python -m deploy.run KIND [SERVICE …]``: one process over several services, as on one machine.

A module of its own, and not a command of ``wegmarken``: http and react processes turn to eventlet before
anything else is imported.
"""

from __future__ import annotations

import sys

from shared.process.run import run

KINDS = ("http", "react", "projector", "relay")

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: python -m deploy.run {'|'.join(KINDS)} [SERVICE …]")
    run(sys.argv[1], [f"services.{service}" for service in sys.argv[2:]])  # type: ignore[arg-type]  # checked above
