"""Invented people and ids of the tests of casework."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

from services.casework.commands import RecordConsultation
from services.casework.standing import Colleague
from shared.contracts.casework import CaseAssigned, CaseMemberJoined, CaseOpened, case_of
from shared.contracts.model import Ags, ConsultationId, EmployeeId, GrantId, HouseholdId, PersonId, TeamId

DAY = timedelta(days=1)
TODAY = date(2018, 7, 31)
START = date(2018, 2, 1)


def an_id(name: str) -> str:
    """A UUID that is the same for the same name."""
    return str(uuid5(NAMESPACE_URL, f"urn:test:{name}"))


ADELBERG, AICHELBERG, EISLINGEN = Ags("08117001"), Ags("08117002"), Ags("08117019")
TEAM, OTHER_TEAM = TeamId(an_id("team")), TeamId(an_id("other team"))
MANAGER, DEPUTY, LEAD = (EmployeeId(an_id(name)) for name in ("Muster", "Probe", "Beispiel"))
STRANGER = EmployeeId(an_id("stranger"))
GRANT = GrantId(an_id("grant"))
HOUSEHOLD, OTHER_HOUSEHOLD = HouseholdId(an_id("household")), HouseholdId(an_id("other household"))
CASE, OTHER_CASE = case_of(HOUSEHOLD), case_of(OTHER_HOUSEHOLD)
ANNA, BEN, CEM = (PersonId(an_id(name)) for name in ("Anna Probe", "Ben Probe", "Cem Probe"))
TALK, VISIT = ConsultationId(an_id("talk")), ConsultationId(an_id("visit"))
HALF, WHOLE = Decimal("0.50"), Decimal("1.00")

as_manager = Colleague(employee_id=MANAGER, team_id=TEAM)
as_deputy = Colleague(employee_id=DEPUTY, team_id=TEAM, covers=frozenset({MANAGER}))
as_colleague = Colleague(employee_id=DEPUTY, team_id=TEAM)
as_lead = Colleague(employee_id=LEAD, team_id=TEAM, leads=TEAM)
as_stranger = Colleague(employee_id=STRANGER, team_id=OTHER_TEAM)
as_strange_lead = Colleague(employee_id=STRANGER, team_id=OTHER_TEAM, leads=OTHER_TEAM)
as_import = Colleague(imports=True)
as_nobody = Colleague()

opened = CaseOpened(occurred_on=START, case_id=CASE, household_id=HOUSEHOLD, member_id=ANNA)
ben_joined = CaseMemberJoined(occurred_on=START, case_id=CASE, member_id=BEN)
assigned = CaseAssigned(occurred_on=START, case_id=CASE, team_id=TEAM, manager_id=MANAGER)

talk = RecordConsultation(
    consultation_id=TALK,
    case_id=CASE,
    held_on=TODAY,
    setting="outreach",
    minutes=45,
    interpreter=False,
    topics=("housing", "children"),
    took_part=(ANNA,),
    concerns=(BEN,),
)
