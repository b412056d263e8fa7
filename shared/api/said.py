"""Sentences in the two languages of the platform: German first, English beside it."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from werkzeug.http import parse_accept_header

Language = Literal["de", "en"]


class Said(str):
    """A sentence in English that also knows its German; ``format`` fills in both.

    A ``str``, so that it passes unchanged through libraries that carry messages.
    """

    __slots__ = ("german",)
    german: str

    def __new__(cls, de: str, en: str) -> Said:
        said = super().__new__(cls, en)
        said.german = de
        return said

    def __reduce__(self) -> tuple[type[Said], tuple[str, str]]:
        """For copies: libraries copy the fields that carry these sentences."""
        return Said, (self.german, str(self))

    def format(self, *args: object, **kwargs: object) -> Said:
        return Said(self.german.format(*args, **kwargs), str(self).format(*args, **kwargs))

    def in_language(self, language: Language) -> str:
        return self.german if language == "de" else str(self)


@lru_cache(maxsize=256)
def language_of(accept_language: str) -> Language:
    """The better of the two for a caller's ``Accept-Language``; German if neither is asked for."""
    wanted = (tag.partition("-")[0].lower() for tag, quality in parse_accept_header(accept_language) if quality > 0)
    return "en" if next((tag for tag in wanted if tag in ("de", "en")), "de") == "en" else "de"
