"""The invented county's own data, read from ``county.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Team:
    name: str
    area: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accommodation:
    name: str
    ags: str


@dataclass(frozen=True, slots=True)
class Manager:
    """An integration manager: one contract, from the first day to the last (None: still there at the end)."""

    account: str
    name: str
    team: str
    qualification: str
    fte: str
    starts_on: date
    left_on: date | None = None
    permanent: bool = False

    def works_on(self, day: date) -> bool:
        return self.starts_on <= day and (self.left_on is None or day <= self.left_on)


@dataclass(frozen=True, slots=True)
class Cover:
    covered: str
    deputy: str
    from_on: date
    until: date


@dataclass(frozen=True, slots=True)
class County:
    own_service: tuple[str, ...]
    teams: tuple[Team, ...]
    accommodations: tuple[Accommodation, ...]
    staff: tuple[Manager, ...]
    covers: tuple[Cover, ...]
    given_female: tuple[str, ...]
    given_male: tuple[str, ...]
    family: tuple[str, ...]

    @property
    def served(self) -> tuple[str, ...]:
        """The municipalities that the district serves."""
        return tuple(ags for team in self.teams for ags in team.area)

    def team_of(self, ags: str) -> str:
        return next(team.name for team in self.teams if ags in team.area)

    def houses(self, *, in_towns: bool) -> tuple[Accommodation, ...]:
        """The shared accommodations inside, or outside, the towns with a service of their own."""
        return tuple(house for house in self.accommodations if (house.ags in self.own_service) == in_towns)


@lru_cache(maxsize=1)
def county() -> County:
    data: dict[str, Any] = tomllib.loads((Path(__file__).parent / "county.toml").read_text(encoding="utf-8"))
    return County(
        own_service=tuple(data["own_service"]),
        teams=tuple(Team(team["name"], tuple(team["area"])) for team in data["teams"]),
        accommodations=tuple(Accommodation(**house) for house in data["accommodations"]),
        staff=tuple(Manager(**person) for person in data["staff"]),
        covers=tuple(Cover(**cover) for cover in data["covers"]),
        given_female=tuple(data["names"]["given_female"]),
        given_male=tuple(data["names"]["given_male"]),
        family=tuple(data["names"]["family"]),
    )
