"""Eligibility's read models, in its own database."""

from __future__ import annotations

from typing import Any, Final

from services.eligibility.views.due import DUE
from services.eligibility.views.households import HOUSEHOLDS
from shared.projections.view import View

VIEWS: Final[tuple[View[Any], ...]] = (HOUSEHOLDS, DUE)
