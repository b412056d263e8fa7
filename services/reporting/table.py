"""The report as a table, for the terminal: made of the API's answer, so it is the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import groupby
from typing import Any, Final

from rich import box
from rich.table import Table

from services.reporting.figures import FIGURES
from services.reporting.figures.model import Text
from services.reporting.presentation import day, written

FIGURE: Final = Text(de="Kennzahl", en="Figure")
ON: Final = Text(de="Stichtag", en="Date")
VALUE: Final = Text(de="Wert", en="Value")
STATE: Final = Text(de="Stand: Position {position}{known}", en="As of position {position}{known}")
KNOWN: Final = Text(de=", Wissensstand {day}", en=", known at {day}")


def table(document: Mapping[str, Any], language: str = "de") -> Table:
    """The table of a report as ``Report.document`` or ``GET /reporting/v1/report`` gives it."""
    shown = Table(
        title=document["report"],
        caption=_state(document, language),
        box=box.SIMPLE_HEAD,
        title_justify="left",
        caption_justify="left",
    )
    shown.add_column(FIGURE[language], max_width=36)
    shown.add_column(ON[language], no_wrap=True)
    shown.add_column(VALUE[language], justify="right", no_wrap=True)
    shown.add_column()
    for name, lines in groupby(document["lines"], key=lambda line: line["figure"]):
        title = FIGURES[name].title[language]
        for line in lines:
            on = day(date.fromisoformat(line["valid_at"]), language)
            for key, number in line["value"].items():
                quantity = FIGURES[name].quantities[key]
                shown.add_row(title, on, written(number, quantity, language), quantity.label[language])
                title = on = ""
        shown.add_section()
    return shown


def _state(document: Mapping[str, Any], language: str) -> str:
    """Up to where the numbers know; a day is text in the document, a position a number."""
    known_at = document["known_at"]
    by_day = isinstance(known_at, str)
    known = KNOWN[language].format(day=day(date.fromisoformat(known_at), language)) if by_day else ""
    return STATE[language].format(position=document["position"], known=known)
