"""Whatever is asked in whatever order: a case and a consultation never get into a state they must not be in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import reduce
from typing import Any, Literal, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.casework import case, consultation, cover, employee, grant, municipality, team
from services.casework.case import Case, Staff
from services.casework.commands import (
    AddMember,
    AssignCase,
    CloseCase,
    CorrectConsultation,
    RecordAttemptedVisit,
    RecordConsultation,
    RemoveMember,
    WithdrawConsultation,
)
from services.casework.consultation import Circumstances, Consultation
from services.casework.employee import Employee
from services.casework.standing import Colleague
from services.casework.timeline import Timeline
from shared.contracts.casework import (
    CaseAssigned,
    CaseClosed,
    CaseMemberJoined,
    CaseMemberLeft,
    CaseOpened,
    ConsultationCorrected,
    ConsultationHeld,
    ConsultationWithdrawn,
    VisitAttempted,
)
from shared.contracts.model import PersonId
from shared.contracts.registry import contracts
from shared.execute import Refused
from tests.casework.examples import (
    ANNA,
    BEN,
    CASE,
    CEM,
    DAY,
    DEPUTY,
    HOUSEHOLD,
    MANAGER,
    START,
    TALK,
    TEAM,
    TODAY,
    as_colleague,
    as_deputy,
    as_import,
    as_lead,
    as_manager,
    as_nobody,
    assigned,
    ben_joined,
    opened,
    talk,
)

persons = st.sampled_from([ANNA, BEN, CEM])
days = st.integers(-2, 6).map(lambda n: START + n * DAY)
colleagues = st.sampled_from([as_manager, as_deputy, as_colleague, as_lead, as_import, as_nobody])


def test_every_event_of_casework_belongs_to_exactly_one_decider() -> None:
    nouns: list[Any] = [
        municipality.MunicipalityEvent,
        team.TeamEvent,
        employee.EmployeeEvent,
        cover.CoverEvent,
        grant.GrantEvent,
        case.CaseEvent,
        consultation.ConsultationEvent,
    ]
    told = Counter(event for noun in nouns for event in get_args(noun) or (noun,))
    published = {c.event_class for c in contracts().values() if c.service == "casework"}
    assert set(told) == published and set(told.values()) == {1}


class CaseMachine(RuleBasedStateMachine):
    """Members come and go, leads assign, managers close; refused commands change nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[case.CaseEvent] = []
        self.state = Case()

    def ask(self, command: case.CaseCommand, by: Colleague | None = None) -> None:
        works_here = Employee(joined=True, team=Timeline(((START - 9 * DAY, TEAM),)))
        staff = Staff(today=TODAY, by=by, teams={TEAM}, employees=dict.fromkeys((MANAGER, DEPUTY), works_here))
        try:
            decided = case.decide(self.state, command, staff)
        except Refused:
            return
        for event in decided:
            self.is_legal(event)
            self.state = case.evolve(self.state, event)
        self.history.extend(decided)

    def is_legal(self, event: case.CaseEvent) -> None:
        match event:
            case CaseOpened():
                assert self.state.status != "open" and event.member_id not in self.state.members
            case CaseMemberLeft():
                assert event.member_id in self.state.members
            case CaseMemberJoined() | CaseAssigned() | CaseClosed():
                assert self.state.status == "open"

    @rule(person=persons, since=days)
    def add(self, person: PersonId, since: date) -> None:
        command = AddMember(case_id=CASE, household_id=HOUSEHOLD, person_id=person, since=since)
        self.ask(command)
        assert person in self.state.members
        before = len(self.history)
        self.ask(command)
        assert len(self.history) == before, "asking again changes nothing"

    @rule(person=persons, since=days)
    def remove(self, person: PersonId, since: date) -> None:
        self.ask(RemoveMember(case_id=CASE, person_id=person, since=since))
        assert person not in self.state.members

    @rule(day=days, by=colleagues, manager=st.sampled_from([MANAGER, DEPUTY]))
    def assign(self, day: date, by: Colleague, manager: Any) -> None:
        self.ask(AssignCase(case_id=CASE, team_id=TEAM, manager_id=manager, assigned_on=day), by)

    @rule(day=days, by=colleagues, reason=st.sampled_from(["aim_reached", "wish", "other"]))
    def close(self, day: date, by: Colleague, reason: Literal["aim_reached", "wish", "other"]) -> None:
        self.ask(CloseCase(case_id=CASE, reason=reason, closed_on=day), by)

    @invariant()
    def the_history_alone_tells_the_state(self) -> None:
        assert reduce(case.evolve, self.history, Case()) == self.state

    @invariant()
    def an_open_case_has_members_and_one_open_spell(self) -> None:
        still_open = [spell for spell in self.state.spells if spell.closed_on is None]
        assert len(still_open) == (self.state.status == "open")
        assert self.state.members or self.state.status != "open"
        assert len(self.state.spells) == sum(isinstance(event, CaseOpened) for event in self.history)

    @invariant()
    def members_were_known_from_their_first_day_on(self) -> None:
        assert self.state.members <= self.state.known_by(TODAY)
        for person in self.state.members:
            since = self.state.memberships[person][-1].since
            assert person in self.state.members_on(since) and person in self.state.members_on(TODAY)


class ConsultationMachine(RuleBasedStateMachine):
    """Recorded, corrected, withdrawn by whoever tries, also what makes no sense."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[consultation.ConsultationEvent] = []
        self.state = Consultation()
        self.case = Case()

    @initialize(both=st.booleans())
    def there_is_a_case(self, both: bool) -> None:
        story: list[case.CaseEvent] = [opened, assigned, *([ben_joined] if both else [])]
        self.case = reduce(case.evolve, story, Case())

    def ask(self, command: consultation.ConsultationCommand, by: Colleague) -> None:
        try:
            decided = consultation.decide(self.state, command, Circumstances(self.case, by, TODAY))
        except Refused:
            return
        (event,) = decided
        self.is_legal(event, by)
        self.state = consultation.evolve(self.state, event)
        self.history.append(event)

    def is_legal(self, event: consultation.ConsultationEvent, by: Colleague) -> None:
        assert by != as_nobody
        if by == as_colleague:  # who receives somebody who walks in, and mends what they themselves recorded
            assert isinstance(event, ConsultationHeld) or self.state.held_by == by.employee_id
        match event:
            case ConsultationHeld() | ConsultationCorrected():
                assert isinstance(event.minutes, int) and 1 <= event.minutes <= 600
                assert event.topics and event.took_part
                assert {*event.took_part, *event.concerns} <= self.case.known_by(event.occurred_on)
                assert self.case.was_open_on(event.occurred_on) and event.occurred_on <= TODAY
            case VisitAttempted():
                assert self.case.was_open_on(event.occurred_on)
        match event:
            case ConsultationCorrected():
                assert self.state.status == "held"
                assert (event.held_by, event.team_id) == (self.state.held_by, self.state.team_id)
            case ConsultationWithdrawn():
                assert self.state.status in ("held", "attempted")

    def talked(self, kind: Callable[..., Any], day: date, minutes: int, who: list[PersonId]) -> Any:
        told = {**vars(talk), "held_on": day, "minutes": minutes, "took_part": tuple(who), "concerns": ()}
        return kind(**told)

    @rule(by=colleagues, day=days, minutes=st.integers(-1, 602), who=st.lists(persons, max_size=3))
    def record(self, by: Colleague, day: date, minutes: int, who: list[PersonId]) -> None:
        if not self.history:  # a new talk has a stream of its own
            self.ask(self.talked(RecordConsultation, day, minutes, who), by)

    @rule(by=colleagues, day=days)
    def visit(self, by: Colleague, day: date) -> None:
        if not self.history:
            self.ask(RecordAttemptedVisit(consultation_id=TALK, case_id=CASE, visited_on=day), by)

    @rule(by=colleagues, day=days, minutes=st.integers(1, 600), who=st.lists(persons, max_size=3))
    def correct(self, by: Colleague, day: date, minutes: int, who: list[PersonId]) -> None:
        self.ask(self.talked(CorrectConsultation, day, minutes, who), by)

    @rule(by=colleagues, day=days)
    def withdraw(self, by: Colleague, day: date) -> None:
        self.ask(WithdrawConsultation(consultation_id=TALK, reason="not_held", withdrawn_on=day), by)

    @invariant()
    def the_history_alone_tells_the_state(self) -> None:
        assert reduce(consultation.evolve, self.history, Consultation()) == self.state

    @invariant()
    def it_is_withdrawn_at_most_once_and_for_good(self) -> None:
        withdrawn = [n for n, event in enumerate(self.history, 1) if isinstance(event, ConsultationWithdrawn)]
        assert withdrawn in ([], [len(self.history)])


TestCaseMachine = CaseMachine.TestCase
TestConsultationMachine = ConsultationMachine.TestCase
for machine in (TestCaseMachine, TestConsultationMachine):
    machine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
