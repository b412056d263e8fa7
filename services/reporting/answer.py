"""The answer about one figure: its numbers, and on request what they are the sum of, and what has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from services.reporting.commands import AskFigure
from services.reporting.explanation import Narrator
from services.reporting.facts import KnownAt, look
from services.reporting.figures import FIGURES
from services.reporting.figures.model import difference, explain, measure
from services.reporting.presentation import value_as_json
from shared.api.as_of import known_at
from shared.projections.read import Snapshot


def figure_answer(
    now: Snapshot, asked: AskFigure, *, today: date, language: str, narrator: Callable[[], Narrator]
) -> dict[str, Any]:
    """What ``GET /reporting/v1/figures/<figure>`` says. Raises ViewNotReady."""
    figure = FIGURES[asked.figure]
    valid_at, known = asked.valid_at or today, known_at(asked.known_at)
    at = look(now, figure.views, valid_at=valid_at, known_at=known)
    said = {
        "figure": figure.name,
        "definition": {"version": figure.version, "text": figure.definition[language]},
        "valid_at": valid_at,
        "known_at": known,
        "position": at.as_of.position,
        "value": value_as_json(figure, measure(now.connection, figure, at)),
    }
    if asked.explain:
        said["explanation"] = narrator().tell(explain(now.connection, figure, at))
    if asked.compares:
        other = known_at(asked.versus_known_at) if asked.versus_known_at else known
        said["versus"] = _versus(now, asked, (valid_at, known), (asked.versus_valid_at or valid_at, other), narrator())
    return said


def _versus(
    now: Snapshot, asked: AskFigure, pair: tuple[date, KnownAt], other: tuple[date, KnownAt], narrator: Narrator
) -> dict[str, Any]:
    """The same figure at another pair of dates, and which contributions came and went since."""
    figure = FIGURES[asked.figure]
    after, before = (look(now, figure.views, valid_at=day, known_at=known) for day, known in (pair, other))
    gained, lost = difference(explain(now.connection, figure, before), explain(now.connection, figure, after))
    return {
        "valid_at": other[0],
        "known_at": other[1],
        "value": value_as_json(figure, measure(now.connection, figure, before)),
        "gained": narrator.tell(gained),
        "lost": narrator.tell(lost),
    }
