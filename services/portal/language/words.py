"""The two languages of the pages: sentences, dates and numbers. The domain's terms are in ``terms``.

Sentences stand in English where they are used; the German is in the ``catalogue``, which is read once at start.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Final, TypeGuard

from babel.core import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from services.portal.language.catalogue import german
from shared.api.said import Language
from shared.contracts.runtime import OFFICE

LANGUAGES: Final[Mapping[Language, str]] = {"de": "Deutsch", "en": "English"}
"""Each language's name in itself."""
NOTHING: Final = "–"
"""What is shown where nothing is recorded."""


def is_language(code: str | None) -> TypeGuard[Language]:
    """Whether the pages speak it."""
    return code in LANGUAGES


def mark(sentence: str) -> str:
    """Name a sentence for translation without translating it yet: ``words.say(SENTENCE)`` does that later."""
    return sentence


def sorted_as(name: str) -> str:
    """As what a name is sorted: ä like a (DIN 5007-1), ß like ss."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@dataclass(frozen=True, slots=True)
class Words:
    """How one language says things. ``sentences``: the translations by their English."""

    language: Language
    sentences: Mapping[str, str]
    plurals: Mapping[str, tuple[str, ...]]

    @property
    def locale(self) -> Locale:
        return _LOCALES[self.language]

    def say(self, sentence: str, **facts: object) -> str:
        """A sentence with its facts filled in: ``say("Saved at {time}.", time=…)``."""
        said = self.sentences.get(sentence, sentence)
        return said.format_map(facts) if facts else said

    def say_many(self, one: str, many: str, n: int, **facts: object) -> str:
        """A sentence about a number: ``say_many("{n} person", "{n} persons", 3)``."""
        forms = self.plurals.get(one, (one, many))
        return forms[0 if n == 1 else 1].format_map({"n": self.number(n), **facts})

    # --- dates and numbers ------------------------------------------------------------------------

    def weekday(self, day: date) -> str:
        """Montag, 05.11.2018."""
        return f"{format_date(day, 'EEEE', locale=self.locale)}, {self.date(day)}"

    def date(self, day: date | str | None) -> str:
        """05.11.2018; 5 Nov 2018. ``day`` may be a date in ISO form, as the services answer it."""
        if day is None or day == "":
            return NOTHING
        if isinstance(day, str):
            day = date.fromisoformat(day[:10])
        return f"{day:%d.%m.%Y}" if self.language == "de" else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def time(self, instant: datetime | str, *, seconds: bool = False) -> str:
        """An instant in the office's time: 05.11.2018, 14:07; with seconds 14:07:31."""
        if isinstance(instant, str):
            instant = datetime.fromisoformat(instant)
        local = instant.astimezone(OFFICE)
        return f"{self.date(local.date())}, {local:{'%H:%M:%S' if seconds else '%H:%M'}}"

    def number(self, value: int | float | str | Decimal | None, digits: int | None = None) -> str:
        """1.024 and 8,05; 1,024 and 8.05. ``digits`` behind the point; without, as many as there are.

        The services send decimals as text.
        """
        if value is None:
            return NOTHING
        pattern = "#,##0.###" if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(Decimal(str(value)), format=pattern, locale=self.locale)

    def money(self, euros: str | Decimal | float | None) -> str:
        """815.185,00 €; €815,185.00."""
        return NOTHING if euros is None else format_currency(Decimal(str(euros)), "EUR", locale=self.locale)

    def percent(self, share: float | str | Decimal | None) -> str:
        """A share of one: 0.332 is 33,2 %."""
        return NOTHING if share is None else format_percent(Decimal(str(share)), "#,##0.0 %", locale=self.locale)


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LOCALES: Final[Mapping[Language, Locale]] = {"de": Locale("de", "DE"), "en": Locale("en", "GB")}


@cache
def words(language: Language) -> Words:
    """The words of a language; German from its file, English as it stands in the code."""
    if language == "en":
        return Words("en", {}, {})
    messages = [message for message in german() if message.id and message.string]
    return Words(
        "de",
        {message.id: message.string for message in messages if isinstance(message.string, str)},  # type: ignore[misc]  # id is text where string is
        {message.id[0]: tuple(message.string) for message in messages if isinstance(message.string, tuple | list)},
    )
