"""Figures as reporting answers them, in the words of a language. Pure.

The one place where a number of a figure becomes text: for tiles, tables, charts and files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from babel.dates import format_date, format_timedelta

from services.portal.answers import Answer
from services.portal.language.words import NOTHING, Words

Value = int | float | str | None
"""As JSON holds it: euros are text."""

HIDDEN: Final = "·"
"""The sign of official statistics for a value that is known and kept secret."""
PLACES: Final = {"count": 0, "fte": 2, "times": 2, "per_fte": 1, "share": 3}
"""Decimal places of each unit; a share's are those of its percentage and two more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One of the numbers of a figure: what it is, and how it is written. ``team``: whose it is, in a figure by team."""

    key: str
    label: str
    unit: str
    value: Value
    text: str
    team: str = ""

    @property
    def own_label(self) -> str:
        """The label without the team's name before it."""
        return self.label.removeprefix(f"{self.team}: ") if self.team else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Up to where an answer knows: ``position`` of the log, how long ago that was, and what limits the knowledge."""

    position: str
    age: str
    known: str

    @property
    def text(self) -> str:
        return ", ".join(part for part in (self.position, self.age, self.known) if part)


def numbers(answer: Answer, words: Words, values: str = "value") -> dict[str, Number]:
    """The numbers of an answer about a figure, by key, in the answer's order."""
    return {
        key: number(answer, key, value, words, hidden=answer.get("suppressed", False))
        for key, value in answer[values].items()
    }


def number(answer: Answer, key: str, value: Value, words: Words, *, hidden: bool = False) -> Number:
    """One number under its key. ``hidden``: that it is missing may be for the sake of somebody's privacy."""
    quantity = quantity_of(answer, key)
    unit = quantity["unit"]
    text = HIDDEN if hidden and value is None else written(value, unit, words)
    return Number(
        key=key, label=quantity[words.language], unit=unit, value=value, text=text, team=quantity.get("team", "")
    )


def quantity_of(answer: Answer, key: str) -> Mapping[str, str]:
    """Unit and labels of what stands under a key; one that nobody describes is a count by its own name."""
    nameless = {"unit": "count", "de": key, "en": key}
    quantity: Mapping[str, str] = answer["quantities"].get(key, nameless)
    return quantity


def written(value: Value, unit: str, words: Words) -> str:
    """1.024, 8,05, 33,2 %, 815.185,00 €: as people write it; a dash for none."""
    match unit:
        case "euro":
            return words.money(value)
        case "share":
            return words.percent(value)
        case _:
            return words.number(value, PLACES[unit])


def signed(value: Value, unit: str, words: Words) -> str:
    """A difference: +7, −13, ±0."""
    if value is None:
        return NOTHING
    exact = Decimal(str(value))
    sign = "+" if exact > 0 else "−" if exact < 0 else "±"
    return sign + written(str(abs(exact)), unit, words)


def cell(value: Value) -> Decimal | None:
    """A number for a spreadsheet."""
    return None if value is None else Decimal(str(value))


def title(answer: Answer, words: Words) -> str:
    return str(answer["title"][words.language])


def definition(answer: Answer, words: Words) -> str:
    return str(answer["definition"][words.language])


def date_type(answer: Answer, words: Words) -> str:
    """What the reference date is compared with: named on each figure."""
    return str(answer["date_type"][words.language])


def stand(answer: Answer, words: Words) -> Stand:
    """Up to where an answer knows."""
    newest = answer["newest"]
    return Stand(
        position=words.say("Position {position}", position=words.number(answer["position"])),
        age=age(newest["age_seconds"], words) if newest else words.say("nothing recorded yet"),
        known=known(answer["known_at"], words),
    )


def known(known_at: date | str | int | None, words: Words) -> str:
    """What limits the knowledge of an answer: a day or a position; nothing if nothing does."""
    match known_at:
        case None:
            return ""
        case int():
            return words.say("as known at position {position}", position=words.number(known_at))
        case _:
            return words.say("as known on {day}", day=words.date(known_at))


def age(seconds: float, words: Words) -> str:
    """How long ago: "vor 3 Minuten"."""
    return format_timedelta(-timedelta(seconds=max(1.0, seconds)), add_direction=True, locale=words.locale)


def month(day: date, words: Words) -> str:
    """Juli 2018."""
    return format_date(day, "LLLL yyyy", locale=words.locale)


# --- which of a figure's numbers --------------------------------------------------------------------


def only(*keys: str) -> Callable[[str], bool]:
    return lambda key: key in keys


def but(*keys: str) -> Callable[[str], bool]:
    return lambda key: key not in keys


def ends_with(*endings: str) -> Callable[[str], bool]:
    return lambda key: key.endswith(endings)
