"""Whoever the district is in charge of belongs to the household's case; nobody else does. Pure.

The newest determination says where the person belongs, all of them together where she may have been:
so it does not matter which message led here, how often, or in which order.
"""

from __future__ import annotations

from collections.abc import Sequence

from services.casework.commands import AddMember, RemoveMember
from shared.contracts.casework import case_of
from shared.contracts.eligibility import DISTRICT, ServiceInChargeDetermined
from shared.contracts.model import Hidden


def react(determinations: Sequence[ServiceInChargeDetermined]) -> list[AddMember | RemoveMember]:
    """What follows from all determinations about one person, oldest first.

    She leaves the cases of all households but the one she is to be in. An erased determination
    leads to nothing: who is in charge cannot be known any more.
    """
    if not determinations or isinstance(determinations[-1].integration_management, Hidden):
        return []
    newest = determinations[-1]
    households = dict.fromkeys(each.household_id for each in determinations)
    if newest.integration_management == DISTRICT:
        del households[newest.household_id]
    leave: list[AddMember | RemoveMember] = [
        RemoveMember(case_id=case_of(household), person_id=newest.person_id, since=newest.occurred_on)
        for household in households
    ]
    if newest.integration_management != DISTRICT:
        return leave
    join = AddMember(
        case_id=case_of(newest.household_id),
        household_id=newest.household_id,
        person_id=newest.person_id,
        since=newest.occurred_on,
    )
    return [join, *leave]
