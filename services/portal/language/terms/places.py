"""Municipalities, countries, languages and phone numbers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from services.portal.language.words import Words, sorted_as
from shared.contracts.model import Ags
from shared.contracts.municipalities import municipalities

_COUNTRY: Final = re.compile(r"(?!AC|CP|DG|EA|EU|EZ|IC|QO|TA|UN|XA|XB|ZZ)[A-Z]{2}")
"""Two letters, but not those that stand for regions, islands and nothing."""
_LANGUAGE: Final = re.compile(r"[a-z]{2}|aii|bal|ckb|haz|kmr|mnk|prs|rom|syr|tig|zza")
"""Those of two letters, and what people here speak beside them."""
_AGS: Final = re.compile(r"\b[0-9]{8}\b")


def municipality(ags: str) -> str:
    """A municipality of the district by its key, else the key."""
    return municipalities().get(Ags(ags), ags)


def municipalities_named(sentence: str) -> str:
    """A sentence of a service with the names of the municipalities whose keys stand in it."""
    return _AGS.sub(lambda found: municipality(found[0]), sentence)


def municipality_options() -> list[tuple[str, str]]:
    """Every municipality's key and name, by name as people sort it."""
    return _by_name(municipalities())


def country(words: Words, code: str) -> str:
    """A nationality: the country's name for its code, else what was written."""
    return str(words.locale.territories.get(code, code))


def countries(words: Words) -> list[tuple[str, str]]:
    """Every country's code and name, by name."""
    return _by_name({code: name for code, name in words.locale.territories.items() if _COUNTRY.fullmatch(code)})


def language(words: Words, code: str) -> str:
    """A language's name for its code, else what was written."""
    return str(words.locale.languages.get(code, code))


def languages(words: Words) -> list[tuple[str, str]]:
    """Every language's code and name, by name."""
    return _by_name({code: name for code, name in words.locale.languages.items() if _LANGUAGE.fullmatch(code)})


def dialled(phone: str) -> str:
    """A phone number as it is dialled: digits only, and the plus before them."""
    return "".join(each for n, each in enumerate(phone) if each.isdigit() or (n == 0 and each == "+"))


def _by_name(named: Mapping[Any, str]) -> list[tuple[str, str]]:
    return sorted(((str(code), name) for code, name in named.items()), key=lambda each: sorted_as(each[1]))
