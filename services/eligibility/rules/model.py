"""What a rule set consists of, what rules look at and what they find. Pure.

A rule set is dated: dates, months and lists are data, each with the mark of its evidence, and the
functions are the rules themselves. When the law changes, another set takes over from a day on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, TypeAlias, TypeVar

from services.eligibility.facts import Facts, Known
from services.eligibility.months import reaches_age
from shared.contracts.eligibility import Phase, Rule
from shared.contracts.intake import Category, Destination, ProcedureKind
from shared.contracts.model import EventId

T = TypeVar("T")

Evidence = Literal["source", "computed", "general knowledge", "proposal"]
"""Read in a law text or official page; computed from such; unchecked; our own where no source was found."""


@dataclass(frozen=True, slots=True)
class Marked(Generic[T]):
    """A datum of the law, how well it is founded, and where it stands."""

    value: T
    evidence: Evidence
    origin: str


# --- what rules look at and find --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule says: this phase holds from ``since``, which may lie ahead.

    ``reasons`` are words for a human, the same for ever. ``look_again`` are the later days on which
    time alone may change what the rule says.
    """

    rule: Rule
    phase: Phase
    since: date | None
    legal_basis: str
    rests_on: tuple[EventId, ...]
    reasons: tuple[str, ...] = ()
    look_again: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """A time in which R10 binds a member to the household's anchor: [start, end), open while ``end`` is None.

    ``anchor`` is what was found for the anchor on the day looked at, or on the bond's last day. It is
    None before the bond begins, and where ``doubt`` says why it cannot be judged.
    """

    start: date
    end: date | None
    by: EventId
    anchor: Finding | None
    doubt: str | None = None

    @property
    def holds(self) -> bool:
        """Whether there is something to share: an anchor out of scope or not here yet binds nobody."""
        return self.anchor is None or self.anchor.phase in ("provisional", "follow_up", "manual_review")

    def covers(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything the rules may look at: a person's facts as they were true on ``day``."""

    facts: Facts
    day: date
    category: Category | None
    """A child born here has its anchor's; None if that is not known either."""
    bonds: tuple[Bond, ...]
    rules: RuleSet


@dataclass(frozen=True, slots=True)
class Doubt:
    """A fact that is missing or contradicts another (R13).

    ``earliest`` is the first day from which the truth, whatever it is, could have ended provisional
    housing; None: the doubt concerns everything.
    """

    reason: str
    rests_on: tuple[EventId, ...]
    earliest: date | None = None


# --- the rule set -----------------------------------------------------------------------------

RuleFunction: TypeAlias = Callable[[Situation], Finding | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The law and its reading, in force from a day on."""

    name: str
    in_force_from: date
    until: date | None = None
    """The first day of the set that takes its place: a day to look at everybody again."""

    # the rules, in the order in which they are asked
    out_of_scope: RuleFunction
    household: RuleFunction
    not_here: RuleFunction
    doubts: Callable[[Situation], tuple[Doubt, ...]]
    ends: tuple[RuleFunction, ...]
    """Each gives the day on which it ends provisional housing; the earliest counts."""
    goes_on: Callable[[Situation], Finding]
    overdue: Callable[[Finding, Facts, date], Known[date] | None]

    # their data
    basis: Mapping[Rule, Marked[str]]
    months_asylum: Marked[int]
    months_other: Marked[int]
    majority: Marked[int]
    final_kinds: Marked[frozenset[ProcedureKind]]
    not_titles: Marked[frozenset[str]]
    review_on_return: Marked[frozenset[Destination]]

    # the service in charge
    integration_management_from: Marked[date]
    overdue_occupants_from: Marked[date]
    overdue_in_own_town: Marked[Literal["district", "own", "none"]]

    def of_age(self, facts: Facts) -> date:
        """The person's first day of age."""
        return reaches_age(facts.born_on.value, self.majority.value)

    def says(self, rule: Rule) -> str:
        """The rule's legal basis."""
        return self.basis[rule].value
