"""A form: what was typed, what is wrong with it, and the key under which it is sent. Pure, but that a key is random."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final
from urllib.parse import parse_qsl
from uuid import NAMESPACE_URL, uuid4, uuid5

from services.portal.language.days import NoDay, read_day
from services.portal.language.words import Words, mark

MOST_FIELDS: Final = 2000
KEY: Final = "_key"
CSRF: Final = "_csrf"
PAGE: Final = "_page"
"""Fields that every form carries: idempotency key, CSRF token, and the page where the form stands."""

UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Control characters but line breaks and tabs: what was pasted along with a text, and nobody means."""
NO_DAY: Final = mark("This is not a date. Write 5.11.18, 05.11.2018, today, yesterday or -3.")


class NoForm(ValueError):
    """The body is no form."""


@dataclass(frozen=True, slots=True)
class Form:
    """``values`` by field; ``errors`` and ``problem`` say what is wrong, in the user's language."""

    values: Mapping[str, Sequence[str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    key: str = ""

    @classmethod
    def new(cls, **values: object) -> Form:
        """A form that is shown for the first time, with proposals; None proposes nothing."""
        given = {
            name: [str(each) for each in value] if isinstance(value, list | tuple) else [str(value)]
            for name, value in values.items()
            if value is not None
        }
        return cls(given, key=str(uuid4()))

    @classmethod
    def read(cls, body: bytes) -> Form:
        """What a browser sends (application/x-www-form-urlencoded). Raises NoForm."""
        values: dict[str, list[str]] = {}
        try:
            for name, value in parse_qsl(
                body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS
            ):
                values.setdefault(name, []).append(UNSEEN.sub(" ", value))
        except ValueError:
            raise NoForm from None
        return cls(values, key=values.get(KEY, [""])[0] or str(uuid4()))

    def __getitem__(self, name: str) -> str:
        """What was typed into a field, without spaces around it; empty if nothing was."""
        given = self.values.get(name)
        return given[0].strip() if given else ""

    def exactly(self, name: str) -> str:
        """The same with the spaces around it: a password may begin with one."""
        return next(iter(self.values.get(name, ())), "")

    def get(self, name: str) -> str | None:
        """The same, None for nothing."""
        return self[name] or None

    def all(self, name: str) -> list[str]:
        """All values of a field that may be given several times."""
        return [value for value in self.values.get(name, ()) if value]

    def has(self, name: str, value: str) -> bool:
        """Whether a value is among a field's: for ticks and choices."""
        return value in self.values.get(name, ())

    def error(self, name: str) -> str:
        return self.errors.get(name, "")

    def key_of(self, part: str) -> str:
        """The key of one of several things that a form does, whatever stands in ``part``."""
        return str(uuid5(NAMESPACE_URL, f"{self.key} {part}"))

    @property
    def is_wrong(self) -> bool:
        return bool(self.errors or self.problem)

    def day(self, name: str, today: date) -> date | None:
        """The day that is written in a field; None if the field is empty. Raises NoDay."""
        return read_day(self[name], today) if self[name] else None

    def days(self, today: date, words: Words, *names: str) -> tuple[dict[str, date | None], Form]:
        """The days of several fields, and the form with an error at each that is none."""
        found: dict[str, date | None] = {}
        wrong: dict[str, str] = {}
        for name in names:
            try:
                found[name] = self.day(name, today)
            except NoDay:
                found[name], wrong[name] = None, words.say(NO_DAY)
        return found, self.wrong(**wrong)

    def wrong(self, **errors: str) -> Form:
        """The same form with errors at fields."""
        return replace(self, errors={**self.errors, **errors})


def whole_number(typed: str) -> int | None:
    """A whole number as somebody typed it, or as an address holds it; None for what is none, or endlessly long."""
    return int(typed) if re.fullmatch(r"[0-9]{1,15}", typed) else None
