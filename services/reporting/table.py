"""The report as a table, for the terminal: made of the API's answer, so it is the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import groupby
from typing import Any, Final

from rich import box
from rich.table import Table

from services.reporting.figures import FIGURES
from services.reporting.presentation import day, written
from shared.api.said import Language, Said

FIGURE: Final = Said(de="Kennzahl", en="Figure")
ON: Final = Said(de="Stichtag", en="Date")
VALUE: Final = Said(de="Wert", en="Value")
STATE: Final = Said(de="Stand: Position {position}{known}", en="As of position {position}{known}")
KNOWN: Final = Said(de=", Wissensstand {day}", en=", known at {day}")


def table(document: Mapping[str, Any], language: Language = "de") -> Table:
    """The table of a report as ``Report.document`` or ``GET /reporting/v1/report`` gives it."""
    shown = Table(
        title=document["report"],
        caption=_state(document, language),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
    )
    shown.add_column(FIGURE.in_language(language), min_width=24, max_width=36)
    shown.add_column(ON.in_language(language), no_wrap=True)
    shown.add_column(VALUE.in_language(language), justify="right", no_wrap=True)
    shown.add_column()
    for name, lines in groupby(document["lines"], key=lambda line: line["figure"]):
        title = FIGURES[name].title.in_language(language)
        for line in lines:
            on = day(date.fromisoformat(line["valid_at"]), language)
            for key, number in line["value"].items():
                quantity = FIGURES[name].quantities[key]
                shown.add_row(title, on, written(number, quantity, language), quantity.label.in_language(language))
                title = on = ""
        shown.add_section()
    return shown


def _state(document: Mapping[str, Any], language: Language) -> str:
    """Up to where the numbers know; a day is text in the document, a position a number."""
    known_at = document["known_at"]
    by_day = isinstance(known_at, str)
    known = KNOWN.in_language(language).format(day=day(date.fromisoformat(known_at), language)) if by_day else ""
    return STATE.in_language(language).format(position=document["position"], known=known)
