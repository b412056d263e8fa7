"""What a scenario is made of: commands that somebody posts on a day, with references to earlier answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands in a body where the id of an earlier answer belongs, by the name given to that answer."""

    name: str


@dataclass(frozen=True, slots=True)
class CaseOf:
    """Stands for the case of a household: looked up where reactions have opened it, with all its members."""

    household: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One command over the public API.

    ``day`` is when the office learns it and enters it; ``lane`` keeps the order of what belongs
    together (a household, the office), while lanes run beside each other. ``path`` may hold
    ``{name}`` for the id of an earlier answer and ``{case}`` for the case in ``case``.
    """

    day: date
    lane: str
    account: str
    path: str
    body: Mapping[str, Any]
    name: str | None = None
    case: CaseOf | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named, seeded history: who acts with which roles, and what they post, in order of day."""

    name: str
    seed: int
    begins_on: date
    ends_on: date
    roles: Mapping[str, Sequence[str]]
    posts: Sequence[Post]
