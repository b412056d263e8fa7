"""The doors of the portal: what each role opens. Routes, the header and the pages all read it here.

The services behind say the same for what is asked of them: this only keeps people from doors that would stay shut.
"""

from __future__ import annotations

from typing import Final

from shared.api.roles import (
    AUDITOR,
    DATA_PROTECTION_OFFICER,
    HEAD_OF_OFFICE,
    INTAKE_CLERK,
    INTEGRATION_MANAGER,
    MUNICIPAL_STAFF,
    OPERATOR,
    REPORTING,
    ROLES,
    TEAM_LEAD,
)

EVERYBODY: Final = frozenset(ROLES)
"""Whoever is logged in."""
ADVISE: Final = frozenset({INTEGRATION_MANAGER, TEAM_LEAD})
"""Have a day of their own, and record talks."""
LEAD: Final = frozenset({TEAM_LEAD})
"""Look after a whole team's cases."""
LOOK_UP: Final = frozenset({INTAKE_CLERK, INTEGRATION_MANAGER, TEAM_LEAD})
"""Find people, and open their files."""
EVERY_FILE: Final = frozenset({INTAKE_CLERK, TEAM_LEAD})
"""See all of a file, whoever looks after the household."""
REGISTER: Final = frozenset({INTAKE_CLERK})
"""Take people up, and record what is learnt of them."""
REVIEW: Final = frozenset({INTAKE_CLERK, TEAM_LEAD})
"""Decide doubts about a phase by hand."""
RECORD: Final = REGISTER | REVIEW
"""Record anything at all from a file; each action names its own."""
FIGURES: Final = frozenset({HEAD_OF_OFFICE, REPORTING, AUDITOR})
"""Look at figures and reports."""
SEAL: Final = frozenset({HEAD_OF_OFFICE, REPORTING})
"""Seal a report."""
OFFICE: Final = frozenset({HEAD_OF_OFFICE, TEAM_LEAD})
"""See who works in which team, with how many cases."""
RUN: Final = frozenset({HEAD_OF_OFFICE})
"""Form teams, take people on, conclude contracts."""
STAFF: Final = frozenset({HEAD_OF_OFFICE})
"""See whose contract ends."""
HISTORY: Final = frozenset({AUDITOR})
"""Look into the recorded history, with a reason."""
OPERATION: Final = frozenset({AUDITOR, OPERATOR})
"""See how every process does."""
ACCESSES: Final = frozenset({DATA_PROTECTION_OFFICER})
"""See who looked at whose data, with a reason."""
ERASURES: Final = frozenset({AUDITOR, DATA_PROTECTION_OFFICER})
"""See which data were erased."""
MUNICIPALITY: Final = frozenset({MUNICIPAL_STAFF})
"""See phase and service of who lives in one's own municipality."""
