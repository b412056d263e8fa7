"""What the helpers of ``shared.api.fields`` build: strict fields whose messages know both languages.

Each carries in its metadata what OpenAPI says about it.
"""

from __future__ import annotations

import re
import unicodedata
from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from marshmallow import ValidationError
from marshmallow.fields import Field

from shared.api.said import Said
from shared.contracts.municipalities import municipalities

T = TypeVar("T")

EARLIEST: Final = date(1900, 1, 1)
LATEST: Final = date(2199, 12, 31)
"""Bounds of every date: far enough for people, and no arithmetic on months can leave the calendar."""
LONGEST_TEXT: Final = 200
"""Characters of a text whose field names no limit."""
BIGGEST_NUMBER: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exact."""

today: Final[ContextVar[date]] = ContextVar("business_today")
"""The business clock's date while a request is loaded; see ``fields.business_today``."""

UUID_SHAPE: Final = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_UUID = re.compile(UUID_SHAPE)
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHOLE = re.compile("-?[0-9]{1,16}")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?")
_CONTROLS = r"\u0000-\u001f\u007f-\u009f"
_CONTROLS_BUT_LINES = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"


def says(**sentences: tuple[str, str]) -> dict[str, Any]:
    """Messages by key, each in German and English."""
    return {key: Said(german, english) for key, (german, english) in sentences.items()}


def _described(options: dict[str, Any], **openapi: Any) -> dict[str, Any]:
    """A field's options with what OpenAPI says about it."""
    return {**options, "metadata": {**openapi, **options.get("metadata", {})}}


def _textual(field: Field[Any]) -> bool:
    """Whether the value comes from a query string, where all is text."""
    return bool(getattr(field.root, "textual", False))


class Strict(Field[T]):
    """Base of all: the checks are in ``_deserialize``; looking for further validators takes as long as most checks."""

    def _validate(self, value: Any) -> None:
        if self.validators:
            super()._validate(value)


class Text(Strict[str]):
    """Composed (NFC), without space around it, without control characters, never empty."""

    default_error_messages = says(
        invalid=("ist kein Text", "is not a text"),
        control=("enthält Steuerzeichen", "contains control characters"),
        empty=("ist leer", "is empty"),
        long=("ist länger als {longest} Zeichen", "is longer than {longest} characters"),
    )

    def __init__(
        self,
        *,
        longest: int = LONGEST_TEXT,
        lines: bool = False,
        pattern: str | None = None,
        expected: Said | None = None,
        **options: Any,
    ) -> None:
        controls = _CONTROLS_BUT_LINES if lines else _CONTROLS
        shape = f"^(?:{pattern})$" if pattern else rf"^[^{controls}]*[^\s{_CONTROLS}][^{controls}]*$"
        super().__init__(**_described(options, type="string", minLength=1, maxLength=longest, pattern=shape))
        self.longest = longest
        self.controls = re.compile(f"[{controls}]")
        self.pattern = re.compile(pattern) if pattern else None
        if expected is not None:
            self.error_messages["expected"] = expected

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        text = value.strip()
        if self.controls.search(text) is not None:
            raise self.make_error("control")
        if not text:
            raise self.make_error("empty")
        if len(text) > self.longest:
            raise self.make_error("long", longest=self.longest)
        if self.pattern is not None and self.pattern.fullmatch(text) is None:
            raise self.make_error("expected")
        return unicodedata.normalize("NFC", text)


class Uuid(Strict[str]):
    """In canonical form."""

    default_error_messages = says(invalid=("ist keine UUID", "is not a UUID"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**_described(options, type="string", format="uuid", pattern=f"^{UUID_SHAPE}$"))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or _UUID.fullmatch(value) is None:
            raise self.make_error("invalid")
        return value.lower()


class Day(Strict[date]):
    """A date; ``past``: not after the business clock's today."""

    default_error_messages = says(
        invalid=("ist kein Datum der Form JJJJ-MM-TT", "is not a date of the form YYYY-MM-DD"),
        range=("liegt nicht zwischen 1900 und 2199", "is not between 1900 and 2199"),
        future=("liegt nach dem heutigen Tag ({today})", "is after today ({today})"),
    )

    def __init__(self, *, past: bool = False, **options: Any) -> None:
        bounds = f"{EARLIEST:%Y} to " + ("today in the office" if past else f"{LATEST:%Y}")
        super().__init__(**_described(options, type="string", format="date", description=bounds))
        self.past = past

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or _DAY.fullmatch(value) is None:
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if not EARLIEST <= day <= LATEST:
            raise self.make_error("range")
        if self.past and day > today.get():
            raise self.make_error("future", today=today.get())
        return day


class Choice(Strict[str]):
    """One of certain texts."""

    default_error_messages = says(invalid=("ist keines von: {choices}", "is none of: {choices}"))

    def __init__(self, *, choices: tuple[str, ...], **options: Any) -> None:
        super().__init__(**_described(options, type="string", enum=list(choices)))
        self.choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self.choices:
            raise self.make_error("invalid", choices=", ".join(self.choices))
        return value


class Municipality(Strict[str]):
    """The AGS of a municipality of the district."""

    default_error_messages = says(
        invalid=(
            "ist kein Gemeindeschlüssel (AGS) einer Gemeinde des Landkreises",
            "is not the key (AGS) of a municipality of the district",
        )
    )

    def __init__(self, **options: Any) -> None:
        super().__init__(**_described(options, type="string", enum=list(municipalities())))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in municipalities():
            raise self.make_error("invalid")
        return value


class Whole(Strict[int]):
    """A whole number between two bounds."""

    default_error_messages = says(
        invalid=("ist keine ganze Zahl", "is not a whole number"),
        range=("liegt nicht zwischen {least} und {most}", "is not between {least} and {most}"),
    )

    def __init__(self, *, least: int = -BIGGEST_NUMBER, most: int = BIGGEST_NUMBER, **options: Any) -> None:
        super().__init__(**_described(options, type="integer", minimum=least, maximum=most))
        self.least, self.most = least, most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, str) and _textual(self) and _WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON has one kind of number: 45.0 is 45
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.make_error("invalid")
        if not self.least <= value <= self.most:
            raise self.make_error("range", least=self.least, most=self.most)
        return value


class Flag(Strict[bool]):
    """True or false."""

    default_error_messages = says(invalid=("ist weder true noch false", "is neither true nor false"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**_described(options, type="boolean"))

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if isinstance(value, str) and _textual(self):
            value = {"true": True, "false": False}.get(value)
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Number(Strict[Decimal]):
    """A decimal number with exactly ``places`` places, however it was written."""

    default_error_messages = says(
        invalid=("ist keine Dezimalzahl", "is not a decimal number"),
        places=("hat mehr als {places} Nachkommastellen", "has more than {places} decimal places"),
        range=("liegt nicht zwischen {least} und {most}", "is not between {least} and {most}"),
    )

    def __init__(
        self,
        *,
        least: Decimal = Decimal(-BIGGEST_NUMBER),
        most: Decimal = Decimal(BIGGEST_NUMBER),
        places: int = 2,
        **options: Any,
    ) -> None:
        fraction = rf"(\.[0-9]{{1,{places}}})?" if places else ""
        written = {"type": "string", "pattern": f"^-?[0-9]{{1,18}}{fraction}$"}
        number = {"type": "number", "minimum": float(least), "maximum": float(most), "multipleOf": 10**-places}
        super().__init__(**_described(options, anyOf=[written, number]))
        self.least, self.most, self.places = least, most, places

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid")
        if isinstance(value, str) and _NUMBER.fullmatch(value) is None:
            raise self.make_error("invalid")
        number = Decimal(str(value))  # through text: 0.1 means 0.1, not its nearest binary fraction
        if not number.is_finite() or not self.least <= number <= self.most:
            raise self.make_error("range", least=self.least, most=self.most)
        rounded = round(number, self.places)
        if rounded != number:
            raise self.make_error("places", places=self.places)
        return rounded


class Several(Strict[tuple[Any, ...]]):
    """A tuple of items that another field checks."""

    default_error_messages = says(
        invalid=("ist keine Liste", "is not a list"),
        few=("hat weniger als {least} Einträge", "has fewer than {least} items"),
        many=("hat mehr als {most} Einträge", "has more than {most} items"),
        twice=("enthält einen Eintrag zweimal", "contains an item twice"),
    )

    def __init__(self, *, of: Field[Any], least: int, most: int, unique: bool, **options: Any) -> None:
        super().__init__(**_described(options, type="array", minItems=least, maxItems=most, uniqueItems=unique))
        self.inner = of
        self.least, self.most, self.unique = least, most, unique

    def _bind_to_schema(self, field_name: str, parent: Any) -> None:
        super()._bind_to_schema(field_name, parent)
        self.inner._bind_to_schema(field_name, self)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) > self.most:
            raise self.make_error("many", most=self.most)
        if len(value) < self.least:
            raise self.make_error("few", least=self.least)
        items, errors = [], {}
        for n, item in enumerate(value):
            try:
                items.append(self.inner.deserialize(item, **kwargs))
            except ValidationError as invalid:
                errors[n] = invalid.messages
        if errors:
            raise ValidationError(errors)
        if self.unique and len(set(items)) < len(items):
            raise self.make_error("twice")
        return tuple(items)
