"""A small service for the tests of the platform's HTTP side: talks are recorded, withdrawn, looked up.

``python sample_service.py http|troubled|projector`` runs it as a process; "troubled" also answers slowly and fails.
"""

from __future__ import annotations

import sys

from shared.process import run as process

if __name__ == "__main__" and sys.argv[1] != "projector":
    process.make_green()

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Literal, TypeAlias

from nameko.extensions import DependencyProvider
from sqlalchemy import Column, MetaData, String, Table, select

from shared.api.call import Answered, Call
from shared.api.entrypoint import command, query, question
from shared.api.fields import (
    Invalid,
    ags,
    any_date,
    decimal,
    flag,
    matching,
    one_of,
    past_date,
    several,
    text,
    uuid,
    whole,
)
from shared.api.problems import Problem
from shared.api.roles import IMPORTER
from shared.api.service import ServiceHttp
from shared.contracts.casework import ConsultationHeld, ConsultationWithdrawn, FieldStep, Setting, Step, Topic
from shared.contracts.model import Ags, CaseId, ConsultationId, EmployeeId, PersonalClass, PersonId, TeamId
from shared.contracts.registry import types_of
from shared.execute import Accepted, Decider, Refused, load
from shared.projections.changes import Change, Insert
from shared.projections.facts import Fact
from shared.projections.view import POSITION, View
from shared.runtime.config import Settings
from shared.service.provided import platform_of

# ruff: noqa: RUF009 - each helper returns a dataclass field

CLERK = "clerk"


@dataclass(frozen=True, kw_only=True)
class RecordTalk:
    """A talk was held."""

    consultation_id: ConsultationId = uuid()
    case_id: CaseId = uuid()
    held_on: date = past_date()
    setting: Setting = one_of(Setting)
    minutes: int = whole(1, 600)
    interpreter: bool = flag(default=False)
    topics: tuple[Topic, ...] = several(Topic, 11, least=1)
    took_part: tuple[PersonId, ...] = several(uuid(), 20)
    steps: tuple[FieldStep, ...] = several(FieldStep, 24, default=())
    health: tuple[Step, ...] = several(Step, 3, default=())
    note: str | None = text(2000, lines=True, default=None)
    # plain annotations and the rest of the helpers
    concerns: tuple[PersonId, ...] = ()
    ags: Ags | None = None
    fee: Decimal | None = decimal(0, 1000, 2, default=None)
    next_on: date | None = any_date(default=None)
    room: str | None = matching("[A-Z][0-9]{3}", de="ist kein Raum wie A123", en="is no room like A123", default=None)
    urgency: Literal["low", "high"] | None = None
    first: FieldStep | None = None

    def __post_init__(self) -> None:
        if self.next_on is not None and self.next_on < self.held_on:
            raise Invalid("next_on", de="liegt vor dem Gespräch", en="is before the talk")


@dataclass(frozen=True, kw_only=True)
class WithdrawTalk:
    consultation_id: ConsultationId
    reason: Literal["entered_twice", "wrong_case"]
    withdrawn_on: date = past_date()


@dataclass(frozen=True, kw_only=True)
class GetTalk:
    consultation_id: ConsultationId = uuid()


@dataclass(frozen=True, kw_only=True)
class FindTalks:
    case_id: CaseId | None = uuid(default=None)
    settings: tuple[Setting, ...] = several(Setting, 4, default=())
    place: Ags | None = ags(default=None)
    withdrawn: bool = flag(default=False)
    limit: int = whole(1, 100, default=20)


@dataclass(frozen=True, kw_only=True)
class SearchTalks:
    """The talks of a case, and why somebody wants to know of them."""

    case_id: CaseId = uuid()
    reason: str = text(100)
    settings: tuple[Setting, ...] = several(Setting, 4, default=())
    limit: int = whole(1, 100, default=20)


@dataclass(frozen=True)
class Talk:
    withdrawn: bool = False
    talk: ConsultationHeld | None = None


TalkEvent: TypeAlias = ConsultationHeld | ConsultationWithdrawn
TalkCommand: TypeAlias = RecordTalk | WithdrawTalk


def evolve(talk: Talk, event: TalkEvent) -> Talk:
    if isinstance(event, ConsultationHeld):
        return Talk(talk=event)
    return replace(talk, withdrawn=True)


def decide(talk: Talk, command: TalkCommand) -> Sequence[TalkEvent]:
    match command:
        case RecordTalk():
            if command.minutes > 480:
                raise Refused("talk-too-long", minutes=command.minutes)
            return [
                ConsultationHeld(
                    occurred_on=command.held_on,
                    consultation_id=command.consultation_id,
                    case_id=command.case_id,
                    team_id=TeamId(command.case_id),
                    held_by=EmployeeId(command.case_id),
                    took_part=command.took_part,
                    concerns=command.concerns,
                    setting=command.setting,
                    minutes=command.minutes,
                    interpreter=command.interpreter,
                    topics=command.topics,
                    steps=command.steps,
                    health=command.health,
                    note=command.note,
                )
            ]
        case WithdrawTalk():
            if talk.talk is None:
                raise Refused("unknown-talk", talk=command.consultation_id)
            return (
                []
                if talk.withdrawn
                else [
                    ConsultationWithdrawn(
                        occurred_on=command.withdrawn_on,
                        consultation_id=command.consultation_id,
                        case_id=talk.talk.case_id,
                        reason=command.reason,
                    )
                ]
            )


decider = Decider(Talk(), evolve, decide)


@dataclass(frozen=True)
class TalkTables:
    talks: Table


class Talks(View[TalkTables]):
    name = "sample.talks"
    version = 1
    types = types_of(ConsultationHeld)

    def tables(self, metadata: MetaData, suffix: str) -> TalkTables:
        return TalkTables(
            self.table(
                metadata,
                suffix,
                "talks",
                Column("position", POSITION, primary_key=True),
                Column("consultation_id", String, nullable=False),
                Column("case_id", String, index=True, nullable=False),
            )
        )

    def fold(self, tables: TalkTables, fact: Fact) -> Iterable[Change]:
        names = ("consultation_id", "case_id")
        yield Insert(tables.talks, {"position": fact.position, **{name: fact.data[name] for name in names}})


TALKS = Talks()


class Sample(ServiceHttp):
    """Talks, for tests."""

    name = "sample"
    classes = frozenset({PersonalClass.IDENTITY, PersonalClass.STATISTICS, PersonalClass.HEALTH})
    views = (TALKS,)
    problems: ClassVar = {
        "unknown-talk": Problem(404, "Das Gespräch {talk} gibt es nicht.", "There is no talk {talk}."),
        "talk-too-long": Problem(409, "{minutes} Minuten sind zu lang.", "{minutes} minutes are too long."),
    }

    @command("/sample/v1/talks", RecordTalk, roles={CLERK, IMPORTER}, creates="consultation_id", answers=["case_id"])
    def record_talk(self, call: Call[RecordTalk]) -> Accepted | Answered:
        """Record a talk."""
        talk = call.command
        return Answered(self.run(call, f"consultation-{talk.consultation_id}", decider), {"case_id": talk.case_id})

    @command("/sample/v1/talks/<consultation_id>/withdrawal", WithdrawTalk, roles={CLERK})
    def withdraw_talk(self, call: Call[WithdrawTalk]) -> Accepted:
        """Withdraw a talk.

        A talk that was withdrawn stays withdrawn.
        """
        return self.run(call, f"consultation-{call.command.consultation_id}", decider)

    @query("/sample/v1/talks/<consultation_id>", GetTalk, roles={CLERK}, personal=True)
    def get_talk(self, call: Call[GetTalk]) -> dict[str, Any]:
        """One talk, from its stream."""
        stream = f"consultation-{call.query.consultation_id}"
        history = load(self.platform.store, self.platform.sealer, stream, evolve)
        if not history:
            raise Refused("unknown-talk", talk=call.query.consultation_id)
        held = history[0].event
        assert isinstance(held, ConsultationHeld)
        call.reads(held.case_id, *held.took_part)
        return {"case_id": held.case_id, "held_on": held.occurred_on, "minutes": held.minutes, "note": held.note}

    @query("/sample/v1/talks", FindTalks, roles={CLERK}, views=[TALKS.name])
    def find_talks(self, call: Call[FindTalks]) -> dict[str, Any]:
        """The talks of a case, from the view."""
        return self._found(call.query)

    @question(
        "/sample/v1/cases/<case_id>/talks/search",
        SearchTalks,
        roles={CLERK},
        views=[TALKS.name],
        personal=True,
        within_municipality=True,
    )
    def search_talks(self, call: Call[SearchTalks]) -> dict[str, Any]:
        """The talks of a case, with a reason."""
        call.reads(call.query.case_id, call.query.case_id, reason=call.query.reason)
        return {**self._found(call.query), "ags": call.actor.ags}

    def _found(self, asked: FindTalks | SearchTalks) -> dict[str, Any]:
        with self.reader.snapshot() as now:
            talks = now.tables(TALKS).talks
            found = select(talks.c.consultation_id).order_by(talks.c.position).limit(asked.limit)
            if asked.case_id is not None:
                found = found.where(talks.c.case_id == asked.case_id)
            ids = now.connection.execute(found).scalars().all()
            return {"talks": ids, "position": now.position(TALKS), "settings": asked.settings}


@dataclass(frozen=True, kw_only=True)
class Wait:
    seconds: Decimal = decimal(0, 30, 3)
    note: str = text(100)


class Held(DependencyProvider):  # type: ignore[misc]
    """Something that is not closed, when the service stops, before its file ``hold`` is gone; ``holds`` says so."""

    def stop(self) -> None:
        data = platform_of(self.container).settings.data
        while (data / "hold").exists():
            (data / "holds").touch()
            time.sleep(0.01)


class Troubled(Sample):
    """The same with what must not be in a service that works."""

    held = Held()

    @command("/sample/v1/slow", Wait, roles={CLERK}, creates="consultation_id")
    def slow(self, call: Call[Wait]) -> Accepted:
        time.sleep(float(call.command.seconds))
        return Accepted(stream="slow", revision=0, position=0)

    @command("/sample/v1/failure", Wait, roles={CLERK}, creates="consultation_id")
    def failure(self, call: Call[Wait]) -> Accepted:
        raise RuntimeError(f"something about {call.command.note}")


if __name__ == "__main__":
    with process.one_line():
        settings = Settings.from_environment()
        match sys.argv[1]:
            case "http":
                worked = process.run_http(Sample, settings)
            case "troubled":
                worked = process.run_http(Troubled, settings)
            case _:
                worked = process.run_projector([Sample], settings)
    sys.exit(0 if worked else process.FAILED)
