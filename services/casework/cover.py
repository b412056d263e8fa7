"""A recorded cover: a deputy may act in a colleague's cases for a while. Pure.

Recording one is a single act ("sick today"); it is what lifts the need-to-know between colleagues,
so a manager can record only a cover of her own pair inside the team, a lead one inside her team, a head any.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias, assert_never

from services.casework.commands import BeginCover, EndCover
from services.casework.standing import Colleague
from shared.contracts.casework import CoverBegan, CoverEnded
from shared.contracts.model import EmployeeId, TeamId
from shared.execute import Decider, Refused

CoverEvent: TypeAlias = CoverBegan | CoverEnded
CoverCommand: TypeAlias = BeginCover | EndCover


@dataclass(frozen=True, slots=True)
class Cover:
    pair: frozenset[EmployeeId] = frozenset()
    from_on: date = date.max
    until: date = date.min
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Circumstances:
    """``teams``: the existing employees' teams on the cover's first day. ``recorded``: first and last days of
    the covers of this employee by this deputy. ``by``: the manager or lead who asks; None for who may record any."""

    teams: Mapping[EmployeeId, TeamId | None]
    recorded: Collection[tuple[date, date]] = ()
    by: Colleague | None = None


def evolve(cover: Cover, event: CoverEvent) -> Cover:
    match event:
        case CoverBegan():
            return Cover(frozenset({event.employee_id, event.deputy_id}), event.occurred_on, event.until)
        case CoverEnded():
            return replace(cover, until=event.occurred_on, ended=True)
        case _:
            assert_never(event)


def decide(cover: Cover, command: CoverCommand, circumstances: Circumstances) -> Sequence[CoverEvent]:
    match command:
        case BeginCover():
            return _begin(command, circumstances)
        case EndCover():
            return _end(cover, command, circumstances)
        case _:
            assert_never(command)


def decider(circumstances: Circumstances) -> Decider[Cover, CoverCommand, CoverEvent]:
    return Decider(Cover(), evolve, lambda state, command: decide(state, command, circumstances))


def _begin(command: BeginCover, circumstances: Circumstances) -> list[CoverEvent]:
    teams = circumstances.teams
    for employee_id in (command.employee_id, command.deputy_id):
        if employee_id not in teams:
            raise Refused("unknown-employee", employee=employee_id)
    if command.employee_id == command.deputy_id:
        raise Refused("cover-of-oneself")
    if (by := circumstances.by) is not None:
        team_id = teams[command.employee_id]
        if by.leads is None or by.leads != team_id:
            _refuse_a_strangers_cover({command.employee_id, command.deputy_id}, by)
        if team_id is None or team_id != teams[command.deputy_id]:
            raise Refused("cover-outside-team")
    if command.until < command.from_on:
        raise Refused("cover-ends-before-start")
    if any(first <= command.until and command.from_on <= last for first, last in circumstances.recorded):
        raise Refused("cover-overlaps")
    return [
        CoverBegan(
            occurred_on=command.from_on,
            cover_id=command.cover_id,
            employee_id=command.employee_id,
            deputy_id=command.deputy_id,
            until=command.until,
        )
    ]


def _end(cover: Cover, command: EndCover, circumstances: Circumstances) -> list[CoverEvent]:
    if not cover.pair:
        raise Refused("unknown-cover", cover=command.cover_id)
    if circumstances.by is not None and circumstances.by.leads is None:
        _refuse_a_strangers_cover(cover.pair, circumstances.by)
    if cover.ended:
        raise Refused("cover-already-ended", cover=command.cover_id)
    if not cover.from_on <= command.ended_on <= cover.until:
        raise Refused("ended-outside-running-time", cover=command.cover_id)
    return [CoverEnded(occurred_on=command.ended_on, cover_id=command.cover_id)]


def _refuse_a_strangers_cover(pair: Collection[EmployeeId], by: Colleague) -> None:
    if by.employee_id not in pair:
        raise Refused("not-your-cover")
