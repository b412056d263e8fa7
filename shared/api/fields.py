"""Fields of commands and queries: what may be asked, checked before anything is done.

A command is a frozen dataclass; each field says with one of these helpers what it accepts::

    @dataclass(frozen=True, kw_only=True)
    class MoveIn:
        person_id: PersonId = uuid()
        kind: ResidenceKind = one_of(ResidenceKind)
        ags: Ags = ags()
        accommodation: str | None = text(100, default=None)
        moved_in_on: date = past_date()

A ``default`` makes a field optional; the default ``None`` also lets it be null. Fields without a helper
are checked by their annotation. Numbers, booleans and texts are strict: ``"true"`` is no boolean in JSON
(in a query string, where all is text, it is). Unknown fields are refused.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any, Final, get_args

from marshmallow import ValidationError
from marshmallow.fields import Field, Nested

from shared.api import field_types
from shared.api.field_types import (
    BIGGEST_NUMBER,
    LONGEST_TEXT,
    Choice,
    Day,
    Flag,
    Municipality,
    Number,
    Several,
    Text,
    Uuid,
    Whole,
)
from shared.api.said import Said
from shared.api.schemas import schema_class

MOST_ITEMS: Final = 100
"""Items of a list whose field names no limit."""


@contextmanager
def business_today(day: date) -> Iterator[None]:
    """Within this context ``day`` is what ``past_date`` compares with: the business clock's date."""
    token = field_types.today.set(day)
    try:
        yield
    finally:
        field_types.today.reset(token)


class Invalid(ValidationError):
    """A check across fields failed; raise it in a command's ``__post_init__``."""

    def __init__(self, path: str, *, de: str, en: str) -> None:
        super().__init__({path: [Said(de, en)]})


# --- helpers ------------------------------------------------------------------------------------


def uuid(*, default: Any = dataclasses.MISSING) -> Any:
    """A UUID, as a text in canonical form."""
    return _field(Uuid, default)


def past_date(*, default: Any = dataclasses.MISSING) -> Any:
    """A date of the world that has begun: not after the business clock's today."""
    return _field(Day, default, past=True)


def any_date(*, default: Any = dataclasses.MISSING) -> Any:
    """Any date between 1900 and 2199."""
    return _field(Day, default)


def text(longest: int = LONGEST_TEXT, *, lines: bool = False, default: Any = dataclasses.MISSING) -> Any:
    """A text of 1 to ``longest`` characters without control characters; ``lines`` allows line breaks.

    Space around it is removed, and it is brought to Unicode's composed form (NFC), so that the same
    name is always the same text.
    """
    return _field(Text, default, longest=longest, lines=lines)


def matching(pattern: str, *, de: str, en: str, default: Any = dataclasses.MISSING) -> Any:
    """A text that matches a regular expression as a whole; the sentences say what is expected."""
    return _field(Text, default, pattern=pattern, expected=Said(de, en))


def one_of(literal: Any, *, default: Any = dataclasses.MISSING) -> Any:
    """One of the values of a ``Literal`` type."""
    return among(get_args(literal), default=default)


def among(values: Iterable[str], *, default: Any = dataclasses.MISSING) -> Any:
    """One of certain texts, such as the keys of a table."""
    return _field(Choice, default, choices=tuple(values))


def ags(*, default: Any = dataclasses.MISSING) -> Any:
    """The official key (AGS) of a municipality of the district."""
    return _field(Municipality, default)


def whole(least: int = -BIGGEST_NUMBER, most: int = BIGGEST_NUMBER, *, default: Any = dataclasses.MISSING) -> Any:
    """A whole number between two bounds, both allowed."""
    return _field(Whole, default, least=least, most=most)


def flag(*, default: Any = dataclasses.MISSING) -> Any:
    """True or false."""
    return _field(Flag, default)


def decimal(
    least: Decimal | int | str, most: Decimal | int | str, places: int, *, default: Any = dataclasses.MISSING
) -> Any:
    """A decimal number between two bounds, both allowed, with at most ``places`` places; a string or a number."""
    return _field(Number, default, least=Decimal(least), most=Decimal(most), places=places)


def several(
    of: Any,
    most: int = MOST_ITEMS,
    *,
    least: int = 0,
    unique: bool = True,
    default: Any = dataclasses.MISSING,
) -> Any:
    """A tuple of items: ``of`` is another helper's field, a ``Literal`` type or a dataclass."""
    return _field(Several, default, of=_item(of), least=least, most=most, unique=unique)


def _field(kind: Callable[..., Field[Any]], default: Any, **options: Any) -> Any:
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata={"marshmallow_field": kind(required=True, **options)})
    optional = kind(required=False, load_default=default, allow_none=default is None, **options)
    return dataclasses.field(default=default, metadata={"marshmallow_field": optional})


def _item(of: Any) -> Field[Any]:
    if isinstance(of, dataclasses.Field):
        found: Field[Any] = of.metadata["marshmallow_field"]
        return found
    return Nested(schema_class(of)) if isinstance(of, type) else Choice(choices=get_args(of))
