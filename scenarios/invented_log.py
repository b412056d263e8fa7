"""A log as long as one likes, in about the proportions of the demonstration county's, about nobody.

Some hundred households are there at any time, so that the events of one lie apart as they would in an
office; one that has left makes room for the next. Everything is encoded and sealed as the services do
it, with keys of their own for each person and case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Final, TypeAlias
from uuid import UUID

from shared.contracts.casework import (
    CaseAssigned,
    CaseOpened,
    ConsultationHeld,
    FieldStep,
    case_stream,
    consultation_stream,
)
from shared.contracts.codec import Sealer, encode
from shared.contracts.eligibility import HousingPhaseDetermined, Phase, ServiceInChargeDetermined, eligibility_stream
from shared.contracts.envelope import Origin
from shared.contracts.intake import (
    MovedIn,
    MovedOut,
    PersonRegistered,
    ProcedureDecided,
    ProcedureOpened,
    ResidenceKind,
    TitleGranted,
    person_stream,
)
from shared.contracts.model import (
    Ags,
    CaseId,
    ConsultationId,
    EmployeeId,
    Event,
    EventId,
    HouseholdId,
    PersonalClass,
    PersonId,
    TeamId,
)
from shared.contracts.municipalities import municipalities
from shared.contracts.registry import contract_of
from shared.eventstore.port import StoredEvent

PRESENT: Final = 300
"""Households that are there at the same time."""
SIZES: Final = (1, 1, 2, 3, 4, 5, 6)
"""Persons in a household, each as likely as the others."""
EVENTS_A_DAY: Final = 200
BEGINS: Final = datetime(2015, 1, 1, tzinfo=UTC)
SEALED_AT_ONCE: Final = 5000
"""Events whose new keys are made in one transaction."""
WAYS: Final = (
    *("weg", "stein", "feld", "rain", "pfad", "mark", "tal", "berg", "bach", "brück"),
    *("furt", "grenz", "kreuz", "licht", "moos", "ried", "see", "ufer", "wend", "zoll"),
)
SOUNDS: Final = (
    *("pro", "be", "mes", "sa", "lun", "do", "fir", "ga", "hol", "ke"),
    *("tim", "no", "qui", "ru", "wal", "xe", "zor", "ji", "vin", "pam"),
)
"""What names are made of: some 8,000 family names and 400 given ones, as unlike in number as names are."""

Happening: TypeAlias = tuple[str, int, Event]
"""A stream, the revision in it, and the event."""
Today: TypeAlias = Callable[[], date]


def invented_log(sealer: Sealer, *, seed: int = 1, after: int = 0) -> Iterator[StoredEvent]:
    """The events of position 1, 2, 3, … (behind ``after``) without end. The same each time, but for keys and nonces."""
    random = Random(seed)
    return recorded(_happenings(random), sealer, random, after=after)


def recorded(
    happenings: Iterable[Happening], sealer: Sealer, random: Random, *, after: int = 0
) -> Iterator[StoredEvent]:
    """What happens, encoded and sealed as the services do it, from the position ``after`` on."""
    numbered = enumerate(happenings, start=after + 1)
    while some := list(islice(numbered, SEALED_AT_ONCE)):
        sealer.prepare({name for _, (_, _, event) in some for name in _keys(event)})
        for position, happening in some:
            yield _stored(position, happening, sealer, random)


def _keys(event: Event) -> Iterable[tuple[PersonalClass, str]]:
    protections = contract_of(type(event)).protections.values()
    return {(protection.personal_class, getattr(event, protection.subject)) for protection in protections}


def _stored(position: int, happening: Happening, sealer: Sealer, random: Random) -> StoredEvent:
    stream, revision, event = happening
    origin = Origin(
        learnt_on=event.occurred_on,
        actor=f"account-{position % 40}",
        on_behalf_of=None,
        command_id=_id(random),
        body_digest=f"{random.getrandbits(256):064x}",
        correlation_id=_id(random),
        causation_id=_id(random),
    )
    new = encode(event, EventId(_id(random)), origin, sealer)
    recorded_at = BEGINS + timedelta(days=1) / EVENTS_A_DAY * position
    return StoredEvent(position, new.event_id, stream, revision, new.type, new.data, new.metadata, recorded_at)


def _happenings(random: Random) -> Iterator[Happening]:
    """Now this household's next event, now that one's, while the days go by."""
    happened = 0

    def today() -> date:
        return (BEGINS + timedelta(days=happened // EVENTS_A_DAY)).date()

    present = [_recorded(_story(random, today)) for _ in range(PRESENT)]
    while True:
        chosen = random.randrange(PRESENT)
        if (happening := next(present[chosen], None)) is None:
            present[chosen] = _recorded(_story(random, today))
        else:
            happened += 1
            yield happening


def _recorded(story: Iterable[tuple[str, Event]]) -> Iterator[Happening]:
    """No other household writes to the streams of this one: so it can count them for itself."""
    revisions = Counter[str]()
    for stream, event in story:
        yield stream, revisions[stream], event
        revisions[stream] += 1


# --- one household's story --------------------------------------------------------------------------


def _story(random: Random, today: Today) -> Iterator[tuple[str, Event]]:
    """From the first registration to the day on which they leave the district."""
    household, case = HouseholdId(_id(random)), CaseId(_id(random))
    members = [PersonId(_id(random)) for _ in range(random.choice(SIZES))]
    anchor, ags = members[0], random.choice(list(municipalities()))
    for person in members:
        stream, anchored = person_stream(person), None if person == anchor else anchor
        yield stream, _registered(random, today(), person, household, anchored)
        yield stream, _moved_in(random, today(), person, ags, "shared_accommodation")
        yield _determined(random, today(), person, household, "provisional")
        yield _in_charge(today(), person, household, "none", ags)
    yield from _procedure(random, today, anchor)
    for person in members:
        yield _determined(random, today(), person, household, "follow_up")
        yield _in_charge(today(), person, household, "district", ags)
    team, manager = TeamId(_id(random)), EmployeeId(_id(random))
    yield case_stream(case), CaseOpened(occurred_on=today(), case_id=case, household_id=household, member_id=anchor)
    yield case_stream(case), CaseAssigned(occurred_on=today(), case_id=case, team_id=team, manager_id=manager)
    for person in members:
        if random.random() < 0.5:
            yield person_stream(person), _moved_in(random, today(), person, ags, "follow_up_housing")
        yield _talk(random, today(), case, team, manager, random.sample(members, 1 + len(members) // 2))
    for person in members:
        if random.random() < 0.2:
            yield person_stream(person), _moved_out(random, today(), person)
        yield _determined(random, today(), person, household, "not_in_district")


def _procedure(random: Random, today: Today, person: PersonId) -> Iterator[tuple[str, Event]]:
    stream, procedure = person_stream(person), _id(random)
    yield stream, ProcedureOpened(occurred_on=today(), person_id=person, procedure_id=procedure, kind="first")
    yield stream, ProcedureDecided(occurred_on=today(), person_id=person, procedure_id=procedure, outcome="positive")
    yield (
        stream,
        TitleGranted(
            occurred_on=today(),
            person_id=person,
            title_id=_id(random),
            section="25(2)",
            valid_until=today() + timedelta(days=3 * 365),
        ),
    )


def _name(random: Random, parts: Sequence[str], number: int) -> str:
    return "".join(parts[int(len(parts) * random.random() ** 2)] for _ in range(number)).capitalize()


def _registered(
    random: Random, day: date, person: PersonId, household: HouseholdId, anchor: PersonId | None
) -> PersonRegistered:
    return PersonRegistered(
        occurred_on=day,
        person_id=person,
        household_id=household,
        anchor_id=anchor,
        family_name=_name(random, WAYS, 3),
        given_name=_name(random, SOUNDS, 2),
        file_number=f"M-{random.randrange(10**8):08}",
        phone=None,
        relation=None if anchor is None else "minor_child",
        category="asylum",
        born_on=day - timedelta(days=random.randrange(60 * 365)),
        sex=random.choice(("female", "male")),
        nationality=random.choice(("SY", "IQ", "AF", "GM")),
        language="ar",
        interpreter_needed=True,
        state_entry_on=day - timedelta(days=30),
        district_intake_on=day,
    )


def _moved_in(random: Random, day: date, person: PersonId, ags: Ags, kind: ResidenceKind) -> MovedIn:
    return MovedIn(
        occurred_on=day,
        person_id=person,
        residence_id=_id(random),
        address=f"Musterweg {random.randrange(200)}",
        kind=kind,
        ags=ags,
        accommodation="Messhaus" if kind == "shared_accommodation" else None,
    )


def _moved_out(random: Random, day: date, person: PersonId) -> MovedOut:
    return MovedOut(occurred_on=day, person_id=person, residence_id=_id(random), destination="other_district")


def _determined(
    random: Random, day: date, person: PersonId, household: HouseholdId, phase: Phase
) -> tuple[str, HousingPhaseDetermined]:
    return eligibility_stream(person), HousingPhaseDetermined(
        occurred_on=day,
        person_id=person,
        household_id=household,
        rule_set="flueag-2018",
        rests_on=tuple(EventId(_id(random)) for _ in range(3)),
        phase=phase,
        since=day,
        rule="R3",
        legal_basis="§ 9 Absatz 1 Nummer 1 FlüAG",
        reasons=(),
        overdue_since=None,
        next_look_on=day + timedelta(days=730) if phase == "provisional" else None,
    )


def _in_charge(
    day: date, person: PersonId, household: HouseholdId, by: str, ags: Ags
) -> tuple[str, ServiceInChargeDetermined]:
    return eligibility_stream(person), ServiceInChargeDetermined(
        occurred_on=day,
        person_id=person,
        household_id=household,
        rule_set="flueag-2018",
        integration_management=by,
        social_advice="district",
        ags=ags,
    )


def _talk(
    random: Random, day: date, case: CaseId, team: TeamId, manager: EmployeeId, present: list[PersonId]
) -> tuple[str, ConsultationHeld]:
    consultation = ConsultationId(_id(random))
    return consultation_stream(consultation), ConsultationHeld(
        occurred_on=day,
        consultation_id=consultation,
        case_id=case,
        team_id=team,
        held_by=manager,
        took_part=tuple(present),
        concerns=(),
        setting=random.choice(("outreach", "office_hours", "office")),
        minutes=45,
        interpreter=True,
        topics=("housing", "language"),
        steps=(FieldStep(action_field="housing", step="need"), FieldStep(action_field="language", step="progress")),
        health=("need",),
        note="x" * 200,
    )


def _id(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))
