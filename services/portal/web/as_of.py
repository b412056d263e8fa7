"""The as-of bar: which day is looked at (Stichtag), and as it was known when (Wissensstand). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from services.portal.language.days import NoDay, read_day
from services.portal.web.form import whole_number

VALID_AT: Final = "stichtag"
KNOWN_AT: Final = "wissensstand"


@dataclass(frozen=True, slots=True)
class AsOf:
    """``valid_at``: None is today; ``known_at``: a day or a position, None is all that is known.

    ``wrong``: the names of parameters that say neither; they count as not given, and the bar says so.
    """

    valid_at: date | None = None
    known_at: date | int | None = None
    wrong: frozenset[str] = frozenset()

    @property
    def is_now(self) -> bool:
        """Only then may anything be recorded."""
        return self.valid_at is None and self.known_at is None and not self.wrong

    @property
    def asked(self) -> dict[str, object]:
        """What the services are asked with: ``backend.get(path, **visit.as_of.asked)``."""
        return {"valid_at": self.valid_at, "known_at": self.known_at}

    @property
    def query(self) -> str:
        """What a link to another page takes along: ``?stichtag=…``, or nothing."""
        given = {VALID_AT: self.valid_at, KNOWN_AT: self.known_at}
        said = {name: str(value) for name, value in given.items() if value is not None}
        return f"?{urlencode(said)}" if said else ""


def read(parameters: Mapping[str, str], today: date) -> AsOf:
    """What the page's address says."""
    wrong: set[str] = set()

    def day(name: str) -> date | None:
        try:
            return read_day(parameters[name], today) if parameters.get(name) else None
        except NoDay:
            wrong.add(name)
            return None

    valid_at, position = day(VALID_AT), whole_number(parameters.get(KNOWN_AT, ""))
    known_at = day(KNOWN_AT) if position is None else position
    return AsOf(None if valid_at == today else valid_at, known_at, frozenset(wrong))
