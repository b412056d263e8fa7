"""The roles that a token may carry. What each opens is said by the services: ``roles=`` of what can be asked.

One account may have several. Inside the doors that a role opens, a service may ask for more: a case that is one's
own, a recorded cover, a reason.
"""

from __future__ import annotations

from typing import Final

INTAKE_CLERK: Final = "intake-clerk"
"""Takes up persons and records what intake learns of them; sees every person's record and phase."""
INTEGRATION_MANAGER: Final = "integration-manager"
"""Advises: records and reads the talks of own cases and of those in cover, records those of who walks in; sees the
persons' records."""
TEAM_LEAD: Final = "team-lead"
"""Assigns the team's cases and acts in them; reads their consultations with a reason; sees the persons' records."""
HEAD_OF_OFFICE: Final = "head-of-office"
"""Runs the office: teams, employees, contracts, grants; sees every case, reads figures, seals reports."""
REPORTING: Final = "reporting"
"""Reads figures and reports, and seals reports."""
AUDITOR: Final = "auditor"
"""Reads figures, phases and, with a reason, the recorded history, in which names stay sealed."""
DATA_PROTECTION_OFFICER: Final = "data-protection-officer"
"""Reads, with a reason, who looked at whose data, and what was erased. Opens no record of anybody."""
MUNICIPAL_STAFF: Final = "municipal-staff"
"""Works for a municipality: sees phase and service in charge of who lives there. Opens nothing to an account that is
not bound to one municipality."""
IMPORTER: Final = "importer"
"""Brings in what others recorded elsewhere: in the name of who did it, as of the day on which it was learnt."""
OPERATOR: Final = "operator"
"""Runs the platform: advances a manual clock. Opens no record of anybody."""

ROLES: Final = (
    INTAKE_CLERK,
    INTEGRATION_MANAGER,
    TEAM_LEAD,
    HEAD_OF_OFFICE,
    REPORTING,
    AUDITOR,
    DATA_PROTECTION_OFFICER,
    MUNICIPAL_STAFF,
    IMPORTER,
    OPERATOR,
)
