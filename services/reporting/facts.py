"""The facts a figure rests on: what the views hold, to be looked at as valid on a day and as known then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from sqlalchemy import FromClause, Subquery

from services.reporting.as_of import AsOf, Knowledge
from services.reporting.views import (
    VIEWS,
    what_is_granted,
    who_belongs_together,
    who_is_entitled,
    who_lives_where,
    who_serves_where,
    who_was_advised,
    who_works_here,
)
from shared.projections.read import Snapshot

KnownAt: TypeAlias = date | int | None
"""The state of knowledge: what was learnt by a day, what stands up to a position, or everything."""
BY_NAME = {view.name: view for view in VIEWS}


@dataclass(frozen=True, slots=True)
class Facts:
    """Each method is a fresh subquery, so that one query can ask the same thing twice.

    ``sources`` are the live tables of each view that is asked, by its name.
    """

    knowledge: Knowledge
    sources: tuple[tuple[str, Any], ...]

    def members(self) -> Subquery:
        """person_id, household_id of whoever is registered or born by the day."""
        return who_belongs_together.members(self._tables("who_belongs_together"), self.knowledge)

    def homes(self) -> Subquery:
        """person_id, kind, ags, since of where each person lives on the day; ``who_lives_where.LEFT`` if gone."""
        return who_lives_where.homes(self._tables("who_lives_where"), self.knowledge)

    def departures(self) -> Subquery:
        """person_id and since of whoever has left the district by the day."""
        return who_lives_where.departures(self._tables("who_lives_where"), self.knowledge)

    def entitled(self) -> Subquery:
        """person_id, since, rule of whoever is in the phase of follow-up housing on the day."""
        return who_is_entitled.entitled(self._tables("who_is_entitled"), self.knowledge)

    def talks(self) -> Subquery:
        """consultation_id, case_id, setting, held_on of the valid consultations held by the day."""
        return who_was_advised.talks(self._tables("who_was_advised"), self.knowledge)

    def participants(self) -> FromClause:
        """person_id and the position of the version of the talk in which the person took part."""
        tables: who_was_advised.AdviceTables = self._tables("who_was_advised")
        return tables.participants.alias()

    def topics(self) -> FromClause:
        """topic and the position of the version of the talk that was about it."""
        tables: who_was_advised.AdviceTables = self._tables("who_was_advised")
        return tables.topics.alias()

    def cases(self) -> Subquery:
        """case_id and household_id of every case known."""
        return who_was_advised.cases(self._tables("who_was_advised"), self.knowledge)

    def employees(self) -> Subquery:
        """employee_id and qualification of everybody who ever joined."""
        return who_works_here.employees(self._tables("who_works_here"), self.knowledge)

    def contracts(self) -> Subquery:
        """employee_id, fte_hundredths and contract_id of the contracts active on the day."""
        return who_works_here.contracts(self._tables("who_works_here"), self.knowledge)

    def grants(self) -> Subquery:
        """grant_id, amount and rates, in cents, of the grants that run on the day."""
        return what_is_granted.grants(self._tables("what_is_granted"), self.knowledge)

    def services(self) -> Subquery:
        """ags and service ("district" or "own") of each municipality on the day."""
        return who_serves_where.services(self._tables("who_serves_where"), self.knowledge)

    def teams(self) -> Subquery:
        """team_id of the teams formed by the day."""
        return who_serves_where.teams(self._tables("who_serves_where"), self.knowledge)

    def _tables(self, view: str) -> Any:
        return dict(self.sources)[f"reporting.{view}"]


@dataclass(frozen=True, slots=True)
class Look:
    """Facts, and the pair of dates at which they are looked at."""

    facts: Facts
    as_of: AsOf


def look(now: Snapshot, views: Iterable[str], *, valid_at: date, known_at: KnownAt = None) -> Look:
    """Look at these views. Raises ViewNotReady.

    The views may have read up to different positions; what rests on several of them knows what all of
    them have read.
    """
    asked = [BY_NAME[name] for name in sorted(set(views))]
    position = min(now.position(view) for view in asked)
    as_of = AsOf(
        valid_at=valid_at,
        position=min(position, known_at) if isinstance(known_at, int) else position,
        learnt_by=known_at if isinstance(known_at, date) else None,
    )
    return Look(Facts(as_of.knowledge, tuple((view.name, now.tables(view)) for view in asked)), as_of)
