"""The open cases that somebody looks after, and the households they are about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from services.portal import doors
from services.portal.answers import Answer
from services.portal.records.households import Household, household
from services.portal.web.visit import Visit

MOST_CASES: Final = 500
"""As many households as intake tells about at once; more are in nobody's hands."""


def cases(visit: Visit) -> list[Answer]:
    """The own cases and those in cover; of a team's lead, the team's. Raises Unavailable."""
    mine = None if visit.has_role(*doors.LEAD) else "me"
    found = visit.backend.get("/casework/v1/cases", manager=mine, status="open", limit=MOST_CASES)
    return list(found["cases"])


def is_cut(of: Sequence[Answer]) -> bool:
    """Whether there may be more cases than were told."""
    return len(of) >= MOST_CASES


def cards(visit: Visit, of: Sequence[Answer]) -> Mapping[str, Answer]:
    """Intake's cards of these cases' households, by household. Raises Unavailable."""
    ids = [case["household_id"] for case in of]
    found = visit.backend.question("/intake/v1/households/search", household_ids=ids)["households"] if ids else []
    return {card["household_id"]: card for card in found}


def shown(visit: Visit, of: Iterable[Answer], told: Mapping[str, Answer]) -> tuple[Household, ...]:
    """The households of these cases in order, made of their cards, and remembered for a moment.

    Whoever changes household leaves the old one at once and its case a little later: where nobody is left meanwhile,
    there is nobody to see.
    """
    assert visit.account is not None  # only whoever is logged in has cases
    households = (household(case, told[case["household_id"]]) for case in of)
    return visit.portal.seen.remember(visit.account.id, (each for each in households if each.members))


def households(visit: Visit) -> tuple[Household, ...]:
    """Whom somebody looks after, as it was shown a moment ago. Raises Unavailable."""
    assert visit.account is not None  # only whoever is logged in has cases
    if (known := visit.portal.seen.recall(visit.account.id)) is not None:
        return known
    mine = cases(visit)
    return shown(visit, mine, cards(visit, mine))
