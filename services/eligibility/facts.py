"""What is known about a person, folded from intake's events. Pure: no I/O, no clock.

Each fact knows the event it comes from, so that a determination can name what it rests on. Names,
language, tolerations and consent are not here: no rule reads them. (A toleration is no residence title.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from typing import Generic, TypeAlias, TypeVar

from shared.contracts.envelope import Recorded
from shared.contracts.intake import (
    BirthRecorded,
    Category,
    Destination,
    EntryWithdrawn,
    HouseholdJoined,
    MasterDataCorrected,
    MovedIn,
    MovedOut,
    PersonRegistered,
    ProcedureBecameFinal,
    ProcedureDecided,
    ProcedureKind,
    ProcedureOpened,
    Relation,
    ResidenceCorrected,
    ResidenceKind,
    ReviewSettled,
    SettledPhase,
    TitleGranted,
)
from shared.contracts.model import Ags, Event, EventId, Hidden, HouseholdId, Personal, PersonalClass, PersonId
from shared.contracts.registry import contract_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Known(Generic[T]):
    """A value, and the event from which it is known. A correction that repeats it does not count as one."""

    value: T
    by: EventId


@dataclass(frozen=True, slots=True)
class Membership:
    """The household to which the person belongs from ``since``; None: from the start."""

    since: date | None
    household_id: HouseholdId
    anchor_id: PersonId | None
    relation: Relation | None
    by: EventId


@dataclass(frozen=True, slots=True)
class Procedure:
    """An asylum procedure; of several decisions the last day counts."""

    entry_id: str
    kind: ProcedureKind
    opened_on: date
    by: EventId
    decided_on: date | None = None
    final: Known[date] | None = None


@dataclass(frozen=True, slots=True)
class Title:
    entry_id: str
    section: str
    granted_on: date
    valid_until: date | None
    by: EventId


@dataclass(frozen=True, slots=True)
class Stay:
    """From ``since`` the person lives here; an earlier stay ends that day."""

    entry_id: str
    since: date
    kind: ResidenceKind
    ags: Ags
    by: EventId


@dataclass(frozen=True, slots=True)
class Absence:
    """From ``since`` the person no longer lives in the district."""

    entry_id: str
    since: date
    destination: Destination
    by: EventId


@dataclass(frozen=True, slots=True)
class Settlement:
    """On a day somebody decided about the doubts that rest on these events: the phase; if it is follow-up housing, from
    ``since``."""

    entry_id: str
    on: date
    settles: frozenset[EventId]
    phase: SettledPhase
    since: date | None
    legal_basis: str
    by: EventId


Whereabouts: TypeAlias = tuple[Stay | Absence, ...]
"""In order of ``since``; entries of one day in the order in which they were recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What intake knows of a person. ``category`` is None for a child born here: it has that of its anchor."""

    person_id: PersonId
    registered_on: date
    born_here: bool
    category: Known[Category | None]
    born_on: Known[date]
    state_entry_on: Known[date | None]
    district_intake_on: Known[date | None]
    memberships: tuple[Membership, ...]
    """In order of ``since``; the first is that of the registration."""
    procedures: tuple[Procedure, ...] = ()
    titles: tuple[Title, ...] = ()
    whereabouts: Whereabouts = ()
    settlements: tuple[Settlement, ...] = ()
    """In the order in which they were recorded. Like master data they hold for every day."""

    @property
    def arrived_on(self) -> date:
        """The first day in the district: of birth, of the district's intake, else of the registration."""
        return self.born_on.value if self.born_here else self.district_intake_on.value or self.registered_on

    @property
    def anchors(self) -> frozenset[PersonId]:
        """Every person to whose household this one belongs or belonged."""
        return frozenset(m.anchor_id for m in self.memberships if m.anchor_id is not None) - {self.person_id}

    def on(self, day: date) -> Facts:
        """Only what had happened by that day. Master data and the registration hold from the start."""
        return replace(
            self,
            memberships=tuple(m for m in self.memberships if m.since is None or m.since <= day),
            procedures=tuple(_procedure_on(p, day) for p in self.procedures if p.opened_on <= day),
            titles=tuple(title for title in self.titles if title.granted_on <= day),
            whereabouts=tuple(entry for entry in self.whereabouts if entry.since <= day),
        )

    def household_on(self, day: date) -> HouseholdId:
        held = [m for m in self.memberships if m.since is None or m.since <= day]
        return held[-1].household_id

    def whereabouts_on(self, day: date) -> Stay | Absence | None:
        """The stay or absence that holds on that day; None before the first."""
        return next((entry for entry in reversed(self.whereabouts) if entry.since <= day), None)


Folded: TypeAlias = Facts | Hidden | None
"""The facts of one person's stream; Hidden if they cannot be read, None if there are none."""


def learn(known: Folded, recorded: Recorded[Event]) -> Folded:
    """What one more event makes of what is known.

    Raises nothing for any history: what belongs to an entry that was withdrawn or never made is passed over.
    """
    if isinstance(known, Hidden):
        return known
    if hidden := _hidden(recorded.event):
        return hidden
    return _evolve(known, recorded.event, recorded.envelope.event_id)


def fold(history: Iterable[Recorded[Event]]) -> Folded:
    return reduce(learn, history, None)


def _evolve(facts: Facts | None, event: Event, by: EventId) -> Facts | None:
    match event:
        case PersonRegistered():
            relation = _open(event.relation)
            return Facts(
                person_id=event.person_id,
                registered_on=event.occurred_on,
                born_here=False,
                category=Known(_open(event.category), by),
                born_on=Known(_open(event.born_on), by),
                state_entry_on=Known(_open(event.state_entry_on), by),
                district_intake_on=Known(_open(event.district_intake_on), by),
                memberships=(Membership(None, event.household_id, event.anchor_id, relation, by),),
            )
        case BirthRecorded():
            return Facts(
                person_id=event.person_id,
                registered_on=event.occurred_on,
                born_here=True,
                category=Known(None, by),
                born_on=Known(event.occurred_on, by),
                state_entry_on=Known(None, by),
                district_intake_on=Known(None, by),
                memberships=(Membership(None, event.household_id, event.anchor_id, "minor_child", by),),
            )
        case _:
            return None if facts is None else _told(facts, event, by)


def _told(facts: Facts, event: Event, by: EventId) -> Facts:
    match event:
        case HouseholdJoined():
            relation = _open(event.relation)
            joined = Membership(event.occurred_on, event.household_id, event.anchor_id, relation, by)
            memberships = sorted([*facts.memberships, joined], key=lambda m: m.since or date.min)
            return replace(facts, memberships=tuple(memberships))
        case MasterDataCorrected():
            return replace(
                facts,
                category=_corrected(facts.category, _open(event.category), by),
                born_on=_corrected(facts.born_on, _open(event.born_on), by),
                state_entry_on=_corrected(facts.state_entry_on, _open(event.state_entry_on), by),
                district_intake_on=_corrected(facts.district_intake_on, _open(event.district_intake_on), by),
            )
        case ProcedureOpened():
            procedure = Procedure(event.procedure_id, _open(event.kind), event.occurred_on, by)
            return replace(facts, procedures=(*facts.procedures, procedure))
        case ProcedureDecided():
            return replace(facts, procedures=tuple(_decided(p, event) for p in facts.procedures))
        case ProcedureBecameFinal():
            return replace(facts, procedures=tuple(_final(p, event, by) for p in facts.procedures))
        case TitleGranted():
            section, valid_until = _open(event.section), _open(event.valid_until)
            title = Title(event.title_id, section, event.occurred_on, valid_until, by)
            return replace(facts, titles=(*facts.titles, title))
        case MovedIn():
            stay = Stay(event.residence_id, event.occurred_on, _open(event.kind), _open(event.ags), by)
            return replace(facts, whereabouts=_in_order([*facts.whereabouts, stay]))
        case MovedOut():
            absence = Absence(event.residence_id, event.occurred_on, _open(event.destination), by)
            return replace(facts, whereabouts=_in_order([*facts.whereabouts, absence]))
        case ResidenceCorrected():
            return replace(facts, whereabouts=_in_order([_residence(entry, event, by) for entry in facts.whereabouts]))
        case ReviewSettled():
            settled = Settlement(
                entry_id=event.review_id,
                on=event.occurred_on,
                settles=frozenset(event.settles),
                phase=_open(event.phase),
                since=_open(event.since),
                legal_basis=_open(event.legal_basis),
                by=by,
            )
            return replace(facts, settlements=(*facts.settlements, settled))
        case EntryWithdrawn():
            gone = event.entry_id
            return replace(
                facts,
                procedures=tuple(p for p in facts.procedures if p.entry_id != gone),
                titles=tuple(title for title in facts.titles if title.entry_id != gone),
                whereabouts=tuple(entry for entry in facts.whereabouts if entry.entry_id != gone),
                settlements=tuple(settled for settled in facts.settlements if settled.entry_id != gone),
            )
        case _:
            return facts


def _decided(procedure: Procedure, event: ProcedureDecided) -> Procedure:
    if procedure.entry_id != event.procedure_id:
        return procedure
    return replace(procedure, decided_on=max(procedure.decided_on or date.min, event.occurred_on))


def _final(procedure: Procedure, event: ProcedureBecameFinal, by: EventId) -> Procedure:
    if procedure.entry_id != event.procedure_id:
        return procedure
    return replace(procedure, final=Known(event.occurred_on, by))


def _procedure_on(procedure: Procedure, day: date) -> Procedure:
    if procedure.final is None or procedure.final.value <= day:
        return procedure
    return replace(procedure, final=None)


def _residence(entry: Stay | Absence, event: ResidenceCorrected, by: EventId) -> Stay | Absence:
    if entry.entry_id != event.residence_id:
        return entry
    corrected = Stay(entry.entry_id, event.occurred_on, _open(event.kind), _open(event.ags), entry.by)
    return entry if corrected == entry else replace(corrected, by=by)


def _corrected(known: Known[T], value: T, by: EventId) -> Known[T]:
    return known if known.value == value else Known(value, by)


def _in_order(entries: Sequence[Stay | Absence]) -> Whereabouts:
    return tuple(sorted(entries, key=lambda entry: entry.since))


def _open(value: Personal[T]) -> T:
    """The value of a field that ``_hidden`` has found readable."""
    assert not isinstance(value, Hidden)
    return value


def _hidden(event: Event) -> Hidden | None:
    """Why the event's statistical fields cannot be read, if they cannot."""
    for name, protection in contract_of(type(event)).protections.items():
        if protection.personal_class is PersonalClass.STATISTICS:
            value = getattr(event, name)
            if isinstance(value, Hidden):
                return value
    return None
