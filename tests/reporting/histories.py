"""Small histories made by hand: events at positions 1, 2, 3, …, folded by the real runner, asked like a view."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Engine

from services.reporting.facts import look
from services.reporting.figures import FIGURES
from services.reporting.figures.model import Contribution, Number, Sums, explain, measure
from services.reporting.views import VIEWS
from shared.contracts import casework, eligibility, intake
from shared.contracts.codec import encode
from shared.contracts.envelope import KnownAt, Origin
from shared.contracts.model import (
    Ags,
    CaseId,
    ConsultationId,
    EmployeeId,
    Event,
    EventId,
    GrantId,
    Hidden,
    HouseholdId,
    PersonalClass,
    PersonId,
    TeamId,
)
from shared.eventstore.port import CaughtUp, StoredEvent
from shared.projections import registry
from shared.projections.engine import open_engine
from shared.projections.facts import Fact
from shared.projections.read import Snapshot
from shared.projections.runner import Runner

NAMES = UUID("00000000-0000-4000-8000-000000000000")
ADELBERG, AICHELBERG, SALACH = Ags("08117001"), Ags("08117002"), Ags("08117042")
DAY_ONE = date(2015, 1, 1)


def id_of(name: str) -> str:
    """A UUID for a telling name, always the same."""
    return str(uuid5(NAMES, name))


def case_of(household: str) -> CaseId:
    return CaseId(str(uuid5(UUID(id_of(household)), "case")))


class PlainSealer:
    """Seals nothing, but knows the erased, and holds every master key but those of ``sealed`` classes."""

    def __init__(self) -> None:
        self.sealed = {PersonalClass.IDENTITY, PersonalClass.HEALTH}
        self.erased: set[tuple[PersonalClass, str]] = set()

    def prepare(self, keys: Iterable[tuple[PersonalClass, str]]) -> None:
        pass

    def seal(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], plain: bytes
    ) -> bytes:
        return plain

    def open(
        self, personal_class: PersonalClass, subject: str, event_id: str, names: tuple[str, ...], cipher: bytes
    ) -> bytes | Hidden:
        if personal_class in self.sealed:
            return Hidden.SEALED
        return Hidden.ERASED if (personal_class, subject) in self.erased else cipher


class History:
    """A log in memory, as a source for the runner. ``learnt_on`` of what follows is the last ``day`` said."""

    def __init__(self) -> None:
        self.sealer = PlainSealer()
        self.stored: list[StoredEvent] = []
        self.events: list[tuple[Event, date]] = []
        self._day = DAY_ONE

    def day(self, today: date) -> History:
        """The office's date from here on."""
        self._day = today
        return self

    def record(self, *events: Event, learnt_on: date | None = None) -> int:
        """Append events; the position of the last one."""
        for event in events:
            position = len(self.stored) + 1
            origin = Origin.by("probe", id_of(f"command {position}"), learnt_on or self._day)
            new = encode(event, EventId(id_of(f"event {position}")), origin, self.sealer)
            at = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(seconds=position)
            stream = f"probe-{position}"
            self.stored.append(StoredEvent(position, new.event_id, stream, 0, new.type, new.data, new.metadata, at))
            self.events.append((event, origin.learnt_on))
        return len(self.stored)

    # --- the runner's source ----------------------------------------------------------------------

    def read(self, *, after: int, limit: int, until: int | None = None) -> Sequence[Fact]:
        end = min(after + limit, len(self.stored) if until is None else until)
        return [Fact.of(stored, self.sealer) for stored in self.stored[after:end]]

    def follow(self, *, after: int, batch: int) -> Iterator[Sequence[Fact] | CaughtUp]:
        raise AssertionError("histories are folded at once")

    def head(self) -> int:
        return len(self.stored)

    # --- asking -----------------------------------------------------------------------------------

    @contextmanager
    def folded(self) -> Iterator[Engine]:
        """A database in memory with all views, up to date; one at a time."""
        engine = _engine()
        registry.prepare(engine)
        with engine.begin() as connection:
            for generation in registry.generations(connection):
                registry.drop(connection, generation)
        runner = Runner(engine, VIEWS, self)
        runner.catch_up()
        assert runner.status().stopped == {}
        yield engine

    def figure(self, name: str, valid_at: date, known_at: KnownAt = None) -> Mapping[str, Number]:
        """A figure's numbers; and that they are the sum of the contributions which explain them."""
        with self.folded() as engine:
            return ask(engine, name, valid_at, known_at)

    def explanation(self, name: str, valid_at: date, known_at: KnownAt = None) -> list[Contribution]:
        with self.folded() as engine:
            return explained(engine, name, valid_at, known_at)


@lru_cache(maxsize=1)
def _engine() -> Engine:
    """One for all, so that each query is compiled once."""
    return open_engine("sqlite://", writing=True)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Snapshot]:
    with engine.connect() as connection, connection.begin():
        yield Snapshot(connection, {g.view: g for g in registry.generations(connection) if g.live})


def ask(engine: Engine, name: str, valid_at: date, known_at: KnownAt = None) -> Mapping[str, Number]:
    """A figure's numbers; and that they are the sum of the contributions which explain them."""
    figure = FIGURES[name]
    with snapshot(engine) as now:
        at = look(now, figure.views, valid_at=valid_at, known_at=known_at)
        value = measure(now.connection, figure, at)
        sums = Sums()
        for contribution in explain(now.connection, figure, at):
            sums.add(contribution.line, contribution.amount)
        assert value == figure.value(sums, at.as_of)
    return value


def explained(engine: Engine, name: str, valid_at: date, known_at: KnownAt = None) -> list[Contribution]:
    figure = FIGURES[name]
    with snapshot(engine) as now:
        at = look(now, figure.views, valid_at=valid_at, known_at=known_at)
        return explain(now.connection, figure, at)


# --- events, with everything that does not matter filled in -----------------------------------------


def registered(person: str, household: str, on: date = DAY_ONE) -> intake.PersonRegistered:
    return intake.PersonRegistered(
        occurred_on=on,
        person_id=PersonId(id_of(person)),
        household_id=HouseholdId(id_of(household)),
        anchor_id=None,
        family_name="Muster",
        given_name="Probe",
        file_number=None,
        phone=None,
        relation=None,
        category="asylum",
        born_on=date(1990, 1, 1),
        sex="unknown",
        nationality="XX",
        language=None,
        interpreter_needed=None,
        state_entry_on=None,
        district_intake_on=None,
    )


def born(person: str, household: str, on: date) -> intake.BirthRecorded:
    return intake.BirthRecorded(
        occurred_on=on,
        person_id=PersonId(id_of(person)),
        household_id=HouseholdId(id_of(household)),
        anchor_id=PersonId(id_of("somebody")),
        family_name="Muster",
        given_name="Probe",
        sex="unknown",
        nationality="XX",
    )


def joined(person: str, household: str, on: date) -> intake.HouseholdJoined:
    return intake.HouseholdJoined(
        occurred_on=on,
        person_id=PersonId(id_of(person)),
        household_id=HouseholdId(id_of(household)),
        anchor_id=None,
        relation=None,
    )


def moved_in(
    person: str, on: date, kind: intake.ResidenceKind = "follow_up_housing", ags: str = ADELBERG, entry: str = ""
) -> intake.MovedIn:
    return intake.MovedIn(
        occurred_on=on,
        person_id=PersonId(id_of(person)),
        residence_id=id_of(entry or f"home of {person}"),
        address=None,
        kind=kind,
        ags=Ags(ags),
        accommodation=None,
    )


def corrected(
    person: str, on: date, kind: intake.ResidenceKind = "follow_up_housing", ags: str = ADELBERG, entry: str = ""
) -> intake.ResidenceCorrected:
    return intake.ResidenceCorrected(
        occurred_on=on,
        person_id=PersonId(id_of(person)),
        residence_id=id_of(entry or f"home of {person}"),
        address=None,
        kind=kind,
        ags=Ags(ags),
        accommodation=None,
    )


def moved_out(person: str, on: date, entry: str = "") -> intake.MovedOut:
    return intake.MovedOut(
        occurred_on=on,
        person_id=PersonId(id_of(person)),
        residence_id=id_of(entry or f"departure of {person}"),
        destination="unknown",
    )


def entry_withdrawn(person: str, on: date, entry: str = "") -> intake.EntryWithdrawn:
    return intake.EntryWithdrawn(
        occurred_on=on,
        person_id=PersonId(id_of(person)),
        entry_id=id_of(entry or f"home of {person}"),
        reason="not_true",
    )


def phase(
    person: str, since: date | None, name: eligibility.Phase = "follow_up", on: date = DAY_ONE
) -> eligibility.HousingPhaseDetermined:
    return eligibility.HousingPhaseDetermined(
        occurred_on=on,
        person_id=PersonId(id_of(person)),
        household_id=HouseholdId(id_of("whatever")),
        rule_set="probe",
        rests_on=(),
        phase=name,
        since=since,
        rule="R3" if name == "follow_up" else "R11",
        legal_basis="§ 9 FlüAG",
        reasons=(),
        overdue_since=None,
        next_look_on=None,
    )


def case_opened(household: str, member: str = "somebody", on: date = DAY_ONE) -> casework.CaseOpened:
    return casework.CaseOpened(
        occurred_on=on,
        case_id=case_of(household),
        household_id=HouseholdId(id_of(household)),
        member_id=PersonId(id_of(member)),
    )


def _talk(name: str, household: str, on: date, took_part: Sequence[str], rest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "occurred_on": on,
        "consultation_id": ConsultationId(id_of(name)),
        "case_id": case_of(household),
        "team_id": TeamId(id_of("team")),
        "held_by": EmployeeId(id_of("somebody")),
        "took_part": tuple(PersonId(id_of(person)) for person in took_part),
        "concerns": (),
        "setting": "office",
        "minutes": 30,
        "interpreter": False,
        "topics": (),
        "steps": (),
        "health": (),
        "note": None,
        **rest,
    }


def talk(name: str, household: str, on: date, *took_part: str, **rest: Any) -> casework.ConsultationHeld:
    return casework.ConsultationHeld(**_talk(name, household, on, took_part, rest))


def talk_corrected(name: str, household: str, on: date, *took_part: str, **rest: Any) -> casework.ConsultationCorrected:
    return casework.ConsultationCorrected(**_talk(name, household, on, took_part, rest))


def talk_withdrawn(name: str, household: str, on: date = DAY_ONE) -> casework.ConsultationWithdrawn:
    return casework.ConsultationWithdrawn(
        occurred_on=on, consultation_id=ConsultationId(id_of(name)), case_id=case_of(household), reason="not_held"
    )


def visit(name: str, household: str, on: date, team: str = "team") -> casework.VisitAttempted:
    return casework.VisitAttempted(
        occurred_on=on,
        consultation_id=ConsultationId(id_of(name)),
        case_id=case_of(household),
        team_id=TeamId(id_of(team)),
        held_by=EmployeeId(id_of("somebody")),
    )


def employee(name: str, qualification: casework.Qualification = "graduate") -> casework.EmployeeJoined:
    return casework.EmployeeJoined(
        occurred_on=DAY_ONE,
        employee_id=EmployeeId(id_of(name)),
        account=name,
        name="Beispiel",
        qualification=qualification,
    )


def contract(name: str, fte: str, starts_on: date, ends_on: date | None = None) -> casework.ContractConcluded:
    return casework.ContractConcluded(
        occurred_on=starts_on,
        employee_id=EmployeeId(id_of(name)),
        contract_id=id_of(f"contract of {name} from {starts_on}"),
        fte=Decimal(fte),
        ends_on=ends_on,
    )


def contract_ended(name: str, starts_on: date, last_day: date) -> casework.ContractEnded:
    return casework.ContractEnded(
        occurred_on=last_day,
        employee_id=EmployeeId(id_of(name)),
        contract_id=id_of(f"contract of {name} from {starts_on}"),
        reason="own_wish",
    )


def awarded(
    name: str, amount: str, on: date, until: date, graduate: str = "64000", intermediate: str = "51000"
) -> casework.GrantAwarded:
    return casework.GrantAwarded(
        occurred_on=on,
        grant_id=GrantId(id_of(name)),
        amount=Decimal(amount),
        until=until,
        rate_graduate=Decimal(graduate),
        rate_intermediate=Decimal(intermediate),
    )


def serves(ags: str, service: Any = "district", since: date = DAY_ONE) -> casework.MunicipalServiceSet:
    return casework.MunicipalServiceSet(occurred_on=since, ags=Ags(ags), service=service)


def team(name: str, on: date = DAY_ONE) -> casework.TeamFormed:
    return casework.TeamFormed(occurred_on=on, team_id=TeamId(id_of(name)), name=name)


def team_joined(who: str, name: str, on: date = DAY_ONE) -> casework.TeamJoined:
    return casework.TeamJoined(occurred_on=on, employee_id=EmployeeId(id_of(who)), team_id=TeamId(id_of(name)))


def area_set(name: str, *municipalities: str, on: date = DAY_ONE) -> casework.TeamAreaSet:
    return casework.TeamAreaSet(
        occurred_on=on, team_id=TeamId(id_of(name)), municipalities=tuple(map(Ags, municipalities))
    )
