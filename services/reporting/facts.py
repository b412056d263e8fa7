"""The facts a figure rests on: what the views hold, to be looked at as valid on a day and as known then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

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
from shared.contracts.envelope import KnownAt
from shared.projections.read import Snapshot

BY_NAME = {view.name: view for view in VIEWS}


@dataclass(frozen=True, slots=True)
class Facts:
    """Each method is a fresh subquery, so that one query can ask the same thing twice.

    Facts that hold for a spell have ``since`` and ``until`` (not included); what is *of the day* holds on
    ``VALID_AT``. ``sources`` are the live tables of each view that is asked, by its name.
    """

    knowledge: Knowledge
    sources: tuple[tuple[str, Any], ...]

    def members(self) -> Subquery:
        """person_id, household_id and spell; a person's first spell begins with registration or birth."""
        return who_belongs_together.members(self._tables("who_belongs_together"), self.knowledge)

    def homes(self) -> Subquery:
        """person_id, kind, ags and spell of where each person lives; ``who_lives_where.LEFT`` if gone."""
        return who_lives_where.homes(self._tables("who_lives_where"), self.knowledge)

    def departures(self) -> Subquery:
        """person_id and the spell for which a person is gone from the district."""
        return who_lives_where.departures(self._tables("who_lives_where"), self.knowledge)

    def determined(self) -> Subquery:
        """person_id, phase, since, rule of the newest determination known of each person."""
        return who_is_entitled.determined(self._tables("who_is_entitled"), self.knowledge)

    def entitled(self) -> Subquery:
        """person_id, rule and spell of whoever is in the phase of follow-up housing."""
        return who_is_entitled.entitled(self._tables("who_is_entitled"), self.knowledge)

    def talks(self) -> Subquery:
        """consultation_id, case_id, team_id, setting of the valid consultations, ``since`` they were held."""
        return who_was_advised.talks(self._tables("who_was_advised"), self.knowledge)

    def contacts(self) -> Subquery:
        """person_id, consultation_id of who took part in which valid consultation, ``since`` it was held."""
        return who_was_advised.contacts(self._tables("who_was_advised"), self.knowledge)

    def topics(self) -> FromClause:
        """topic and the position of the version of the talk that was about it."""
        tables: who_was_advised.AdviceTables = self._tables("who_was_advised")
        return tables.topics.alias()

    def visits(self) -> Subquery:
        """consultation_id, team_id of the visits that met nobody, ``since`` their day."""
        return who_was_advised.visits(self._tables("who_was_advised"), self.knowledge)

    def cases(self) -> Subquery:
        """case_id and household_id of every case known."""
        return who_was_advised.cases(self._tables("who_was_advised"), self.knowledge)

    def employees(self) -> Subquery:
        """employee_id and qualification of everybody who ever joined."""
        return who_works_here.employees(self._tables("who_works_here"), self.knowledge)

    def memberships(self) -> Subquery:
        """employee_id and team_id, of the day."""
        return who_works_here.memberships(self._tables("who_works_here"), self.knowledge)

    def contracts(self) -> Subquery:
        """employee_id, fte_hundredths and contract_id of the contracts active, of the day."""
        return who_works_here.contracts(self._tables("who_works_here"), self.knowledge)

    def ended_contracts(self) -> Subquery:
        """employee_id, fte_hundredths, contract_id, last_day of the contracts that have ended, of the day."""
        return who_works_here.ended_contracts(self._tables("who_works_here"), self.knowledge)

    def grants(self) -> Subquery:
        """grant_id, amount and rates, in cents, of the grants that run, of the day."""
        return what_is_granted.grants(self._tables("what_is_granted"), self.knowledge)

    def services(self) -> Subquery:
        """ags, service ("district" or "own") and spell of each municipality."""
        return who_serves_where.services(self._tables("who_serves_where"), self.knowledge)

    def teams(self) -> Subquery:
        """team_id, name and spell of each team."""
        return who_serves_where.teams(self._tables("who_serves_where"), self.knowledge)

    def areas(self) -> Subquery:
        """team_id, ags and the spell for which the team serves the municipality."""
        return who_serves_where.areas(self._tables("who_serves_where"), self.knowledge)

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
