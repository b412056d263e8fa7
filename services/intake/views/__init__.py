"""Intake's read models, in its own database."""

from __future__ import annotations

from typing import Any, Final

from services.intake.views.households import HOUSEHOLDS
from services.intake.views.persons import PERSONS
from shared.projections.view import View

VIEWS: Final[tuple[View[Any], ...]] = (PERSONS, HOUSEHOLDS)
