"""The read models of eligibility, each named by the question it answers."""

from __future__ import annotations

from typing import Any, Final

from services.eligibility.views.when_to_look_again import WhenToLookAgain
from services.eligibility.views.whom_it_may_concern import WhomItMayConcern
from shared.projections.view import View

HOUSEHOLDS: Final = WhomItMayConcern()
DUE: Final = WhenToLookAgain()

VIEWS: tuple[View[Any], ...] = (HOUSEHOLDS, DUE)
