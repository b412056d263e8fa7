"""Residence titles and tolerations. Pure: no I/O, no clock.

A toleration is not a residence title (§ 60a AufenthG); both are entries with a section and a validity.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

from services.intake.commands import GrantTitle, IssueToleration
from services.intake.contradictions import Contradiction
from services.intake.ids import NewId
from shared.contracts.intake import TitleGranted, TolerationIssued
from shared.contracts.model import Hidden, Personal


@dataclass(frozen=True, slots=True)
class Permit:
    """``valid_until`` is its last day, None while it has none."""

    entry_id: str
    kind: Literal["title", "toleration"]
    section: Personal[str]
    since: date
    valid_until: Personal[date | None]


Permits: TypeAlias = tuple[Permit, ...]
PermitEvent: TypeAlias = TitleGranted | TolerationIssued
PermitCommand: TypeAlias = GrantTitle | IssueToleration


def evolve(permits: Permits, event: PermitEvent) -> Permits:
    match event:
        case TitleGranted():
            permit = Permit(event.title_id, "title", event.section, event.occurred_on, event.valid_until)
        case TolerationIssued():
            permit = Permit(event.toleration_id, "toleration", event.section, event.occurred_on, event.valid_until)
    return (*permits, permit)


def decide(command: PermitCommand, new_id: NewId) -> list[PermitEvent]:
    match command:
        case GrantTitle():
            return [
                TitleGranted(
                    person_id=command.person_id,
                    title_id=new_id("title_id"),
                    section=command.section,
                    valid_until=command.valid_until,
                    occurred_on=command.granted_on,
                )
            ]
        case IssueToleration():
            return [
                TolerationIssued(
                    person_id=command.person_id,
                    toleration_id=new_id("toleration_id"),
                    section=command.section,
                    valid_until=command.valid_until,
                    occurred_on=command.issued_on,
                )
            ]


def contradictions(permits: Permits) -> Iterator[Contradiction]:
    """Validities that end before they begin, and sections older than the law that made them."""
    for permit in permits:
        if isinstance(permit.valid_until, date) and permit.valid_until < permit.since:
            yield Contradiction("validity-ends-before-it-begins", permit.entry_id)
        if not isinstance(permit.section, Hidden) and permit.since < in_force_from(permit.section):
            yield Contradiction("section-not-in-force", permit.entry_id)


def in_force_from(section: str) -> date:
    """The first day of a section of the AufenthG that is younger than the law itself."""
    return _young_sections().get(section, date.min)


@lru_cache(maxsize=1)
def _young_sections() -> Mapping[str, date]:
    with (Path(__file__).parent / "sections.csv").open(encoding="utf-8", newline="") as file:
        return {row["section"]: date.fromisoformat(row["in_force_from"]) for row in csv.DictReader(file)}
