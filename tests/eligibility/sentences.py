"""Assessments as sentences: ``given(registered(), title("2017-05-02")).on("2018-01-01").then(phase="follow_up")``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from services.eligibility import facts as person_facts
from services.eligibility.assessment import Assessment, assess
from services.eligibility.rules import rule_set_on
from services.eligibility.rules.model import RuleSet
from services.eligibility.service_in_charge import MunicipalService
from shared.contracts.casework import MunicipalServiceKind
from shared.contracts.envelope import Envelope, Recorded
from shared.contracts.intake import (
    BirthRecorded,
    Category,
    Destination,
    EntryWithdrawn,
    HouseholdJoined,
    MasterDataCorrected,
    MovedIn,
    MovedOut,
    Outcome,
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
    TolerationIssued,
)
from shared.contracts.model import Ags, Event, EventId, Hidden, HouseholdId, PersonId

AICHELBERG, GOEPPINGEN = Ags("08117002"), Ags("08117026")


def the(name: str) -> PersonId:
    """The id of somebody who is only called by a word."""
    return PersonId(str(uuid5(NAMESPACE_OID, name)))


ME, ANCHOR, OTHER = the("me"), the("anchor"), the("other")
History: TypeAlias = Iterable[Event]


def day(text: str | None) -> Any:
    return None if text is None else date.fromisoformat(text)


# --- what intake may have recorded ------------------------------------------------------------


def registered(
    *,
    who: PersonId = ME,
    category: Category = "asylum",
    intake: str | None = "2015-09-15",
    entry: str | None = "2015-08-20",
    born: str = "1990-05-01",
    on: str | None = None,
    anchor: PersonId | None = None,
    relation: Relation | None = None,
) -> PersonRegistered:
    return PersonRegistered(
        occurred_on=day(on or intake or "2015-09-15"),
        person_id=who,
        household_id=HouseholdId(f"household of {anchor or who}"),
        anchor_id=anchor,
        family_name=Hidden.SEALED,
        given_name=Hidden.SEALED,
        file_number=Hidden.SEALED,
        phone=Hidden.SEALED,
        relation=relation,
        category=category,
        born_on=day(born),
        sex="unknown",
        nationality="SY",
        language=None,
        interpreter_needed=None,
        state_entry_on=day(entry),
        district_intake_on=day(intake),
    )


def corrected(
    *,
    who: PersonId = ME,
    category: Category = "asylum",
    intake: str | None = "2015-09-15",
    entry: str | None = "2015-08-20",
    born: str = "1990-05-01",
    on: str = "2016-01-01",
) -> MasterDataCorrected:
    return MasterDataCorrected(
        occurred_on=day(on),
        person_id=who,
        family_name=Hidden.SEALED,
        given_name=Hidden.SEALED,
        file_number=Hidden.SEALED,
        phone=Hidden.SEALED,
        category=category,
        born_on=day(born),
        sex="unknown",
        nationality="SY",
        language=None,
        interpreter_needed=None,
        state_entry_on=day(entry),
        district_intake_on=day(intake),
    )


def born(on: str, *, who: PersonId = ME, anchor: PersonId = ANCHOR) -> BirthRecorded:
    return BirthRecorded(
        occurred_on=day(on),
        person_id=who,
        household_id=HouseholdId(f"household of {anchor}"),
        anchor_id=anchor,
        family_name=Hidden.SEALED,
        given_name=Hidden.SEALED,
        sex="unknown",
        nationality="SY",
    )


def joined(on: str, anchor: PersonId | None = None, relation: Relation | None = None) -> HouseholdJoined:
    return HouseholdJoined(
        occurred_on=day(on),
        person_id=ME,
        household_id=HouseholdId(f"household of {anchor or ME}"),
        anchor_id=anchor,
        relation=relation,
    )


def opened(on: str, kind: ProcedureKind = "first", *, entry: str = "procedure") -> ProcedureOpened:
    return ProcedureOpened(occurred_on=day(on), person_id=ME, procedure_id=entry, kind=kind)


def decided(on: str, outcome: Outcome = "negative", *, entry: str = "procedure") -> ProcedureDecided:
    return ProcedureDecided(occurred_on=day(on), person_id=ME, procedure_id=entry, outcome=outcome)


def final(on: str, outcome: Outcome = "negative", *, entry: str = "procedure") -> ProcedureBecameFinal:
    return ProcedureBecameFinal(occurred_on=day(on), person_id=ME, procedure_id=entry, outcome=outcome)


def title(on: str, section: str = "25(2)", until: str | None = None, *, entry: str = "title") -> TitleGranted:
    return TitleGranted(occurred_on=day(on), person_id=ME, title_id=entry, section=section, valid_until=day(until))


def toleration(on: str) -> TolerationIssued:
    return TolerationIssued(
        occurred_on=day(on), person_id=ME, toleration_id="toleration", section="60a(2)", valid_until=None
    )


def lives(
    on: str, kind: ResidenceKind = "shared_accommodation", ags: Ags = AICHELBERG, *, entry: str = "residence"
) -> MovedIn:
    return MovedIn(
        occurred_on=day(on),
        person_id=ME,
        residence_id=entry,
        address=Hidden.SEALED,
        kind=kind,
        ags=ags,
        accommodation=None,
    )


def lived(
    on: str, kind: ResidenceKind = "shared_accommodation", ags: Ags = AICHELBERG, *, entry: str = "residence"
) -> ResidenceCorrected:
    return ResidenceCorrected(
        occurred_on=day(on),
        person_id=ME,
        residence_id=entry,
        address=Hidden.SEALED,
        kind=kind,
        ags=ags,
        accommodation=None,
    )


def left(on: str, to: Destination = "abroad", *, entry: str = "departure") -> MovedOut:
    return MovedOut(occurred_on=day(on), person_id=ME, residence_id=entry, destination=to)


def withdrawn(entry: str, on: str = "2018-01-01") -> EntryWithdrawn:
    return EntryWithdrawn(occurred_on=day(on), person_id=ME, entry_id=entry, reason="not_true")


def settled(
    on: str, *events: EventId, phase: SettledPhase = "follow_up", since: str | None = None, entry: str = "review"
) -> ReviewSettled:
    """A person decided about the doubts that rest on these events."""
    return ReviewSettled(
        occurred_on=day(on),
        person_id=ME,
        review_id=entry,
        settles=events,
        reason=Hidden.SEALED,
        phase=phase,
        since=day(since),
        legal_basis="§ 9 (2) FlüAG",
    )


# --- the sentence -----------------------------------------------------------------------------


def given(*history: Event) -> Given:
    """The events of one person's stream, in the order in which they were recorded."""
    return Given(history, {}, MunicipalService(), None)


def facts_of(history: History) -> person_facts.Facts | Hidden | None:
    return person_facts.fold(recorded(history))


def recorded(history: History) -> list[Recorded[Event]]:
    """As they stand in a stream."""
    return [Recorded(_envelope(n, event), event) for n, event in enumerate(history)]


def event_id(n: int, event: Event) -> EventId:
    """The id of the n-th event of a person's stream."""
    return EventId(f"{n} {type(event).__name__} of {event.person_id}")  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Given:
    history: History
    anchors: Mapping[PersonId, History]
    service: MunicipalService
    rules: RuleSet | None

    def with_anchor(self, *history: Event, who: PersonId = ANCHOR) -> Given:
        """The history of the household's anchor; without events nobody is known there."""
        return replace(self, anchors={**self.anchors, who: _theirs(history, who)})

    def where_the_town_serves(self, service: MunicipalServiceKind, since: str) -> Given:
        since_then = (*self.service.since, (day(since), service))
        return replace(self, service=MunicipalService(since_then))

    def under(self, rules: RuleSet) -> Given:
        return replace(self, rules=rules)

    def on(self, as_of: str | date) -> Result:
        today: date = day(as_of) if isinstance(as_of, str) else as_of
        anchors = {who: facts_of(history) for who, history in self.anchors.items()}
        rules = self.rules or rule_set_on(today)
        return Result(assess(facts_of(self.history), anchors, self.service, today, rules))


@dataclass(frozen=True)
class Result:
    assessment: Assessment | None

    def then(self, **expected: Any) -> None:
        """These fields of the assessment have these values; dates may be written as text."""
        assert self.assessment is not None, "nothing could be assessed"
        found = {name: _written(getattr(self.assessment, name)) for name in expected}
        assert found == expected

    def then_provisional(self, **expected: Any) -> None:
        self.then(phase="provisional", **expected)

    def then_follow_up(self, since: str, rule: str, **expected: Any) -> None:
        self.then(phase="follow_up", since=since, rule=rule, **expected)

    def then_review(self, *reasons: str) -> None:
        self.then(phase="manual_review", since=None, rule="R13", reasons=reasons)

    def then_nothing(self) -> None:
        assert self.assessment is None


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _theirs(history: History, who: PersonId) -> list[Event]:
    """Events written for "me", now told of somebody else."""
    return [replace(event, person_id=who) for event in history]  # type: ignore[call-arg]


def _envelope(n: int, event: Event) -> Envelope:
    return Envelope(
        event_id=event_id(n, event),
        type=type(event).__name__,
        version=1,
        occurred_on=event.occurred_on,
        learnt_on=event.occurred_on,
        recorded_at=datetime(2018, 1, 1, tzinfo=UTC),
        actor="probe",
        on_behalf_of=None,
        command_id="",
        body_digest="",
        correlation_id="",
        causation_id="",
        stream="",
        revision=n,
        position=n + 1,
    )
