"""The two languages of the pages: sentences, dates and numbers. The domain's terms are in ``terms``.

Sentences stand in English where they are used; ``locale/de/LC_MESSAGES/portal.po`` holds the German. It is read
once at start. ``python -m services.portal.words`` adds to that file what is new in code and templates.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fcntl import LOCK_EX, flock
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from babel.numbers import format_currency, format_decimal, format_percent

from shared.api.said import Language

HERE: Final = Path(__file__).parent
GERMAN: Final = HERE / "locale" / "de" / "LC_MESSAGES" / "portal.po"
KEYWORDS: Final = {"say": None, "say_many": (1, 2), "mark": None}
"""How sentences are marked: ``say`` and ``say_many`` (of ``Words``, and in templates), ``mark`` for constants."""
OFFICE: Final = ZoneInfo("Europe/Berlin")
LANGUAGES: Final[Mapping[Language, str]] = {"de": "Deutsch", "en": "English"}
"""Each language's name in itself."""
HEADER: Final = """\
msgid ""
msgstr ""
"Language: de\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""
NOTHING: Final = "–"
"""What is shown where nothing is recorded."""


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

    def percent(self, share: float | str | Decimal | None, digits: int = 1) -> str:
        """A share of one: 0.332 is 33,2 %."""
        if share is None:
            return NOTHING
        pattern = f"#,##0.{'0' * digits} %" if digits else "#,##0 %"
        return format_percent(Decimal(str(share)), format=pattern, locale=self.locale)

    def role(self, role: str) -> str:
        """A role of an account in plain words."""
        return self.say(ROLES.get(role, role))


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LOCALES: Final[Mapping[Language, Locale]] = {"de": Locale("de", "DE"), "en": Locale("en", "GB")}

ROLES: Final[Mapping[str, str]] = {
    "intake-clerk": mark("Intake"),
    "integration-manager": mark("Integration manager"),
    "team-lead": mark("Team lead"),
    "head-of-office": mark("Head of office"),
    "reporting": mark("Reporting"),
    "auditor": mark("Audit"),
    "data-protection-officer": mark("Data protection"),
    "municipal-staff": mark("Municipality"),
    "importer": mark("Import"),
    "operator": mark("Operation"),
}


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


def german() -> Catalog:
    """The German file as it is."""
    with GERMAN.open("rb") as file:
        return read_po(file, locale="de", domain="portal", abort_invalid=True)


def used() -> Iterator[str | tuple[str, ...]]:
    """Every sentence that code and templates say; those with a plural as pairs."""
    methods = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
    options = {"templates/**.html": {"trimmed": "true", "silent": "false"}}
    found = extract_from_dir(
        HERE, method_map=methods, options_map=options, keywords=KEYWORDS, directory_filter=_is_ours
    )
    for _, _, sentence, _, _ in found:
        if sentence not in ("", ("", "")):
            yield sentence


def _is_ours(directory: str) -> bool:
    return Path(directory).name not in ("node_modules", "static", "__pycache__")


def add_new() -> int:
    """Add sentences without a translation yet to the German file; how many."""
    found = dict.fromkeys(used())
    with GERMAN.open("rb") as turn:
        flock(turn, LOCK_EX)
        catalog = german()
        new = [sentence for sentence in found if _key(sentence) not in catalog]
        for sentence in new:
            catalog.add(sentence)
        write(catalog)
    return len(new)


def write(catalog: Catalog) -> None:
    """The German file anew: in order of the English, without dates, so that two who add sentences seldom collide."""
    with GERMAN.open("wb") as file:
        file.write(HEADER.encode())
        write_po(file, catalog, width=110, sort_output=True, no_location=True, omit_header=True)


def _key(sentence: str | tuple[str, ...]) -> str:
    return sentence if isinstance(sentence, str) else sentence[0]


def untranslated(message: Message) -> bool:
    """Whether something is missing in the German of a message."""
    strings: Any = message.string
    return not (strings if isinstance(strings, str) else strings and all(strings))


if __name__ == "__main__":
    print(f"{add_new()} sentences added to {GERMAN.relative_to(Path.cwd())}", file=sys.stderr)
