"""Schemas made from dataclasses: strict types, unknown fields refused, messages in two languages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import Any, Final
from uuid import UUID

import marshmallow_dataclass
from marshmallow import RAISE, Schema, ValidationError, fields, missing, validate
from marshmallow.fields import Field

from shared.api.field_types import Day, Flag, Municipality, Number, Several, Text, Uuid, Whole, says
from shared.contracts.model import (
    Ags,
    CaseId,
    ConsultationId,
    EmployeeId,
    EventId,
    GrantId,
    HouseholdId,
    PersonId,
    TeamId,
)

_IDS: Final = (PersonId, HouseholdId, CaseId, ConsultationId, TeamId, EmployeeId, GrantId, EventId)
_EVERYWHERE = says(
    required=("fehlt", "is missing"),
    null=("darf nicht null sein", "must not be null"),
    validator_failed=("ist ungültig", "is invalid"),
)
_OBJECT = says(
    unknown=("ist kein bekanntes Feld", "is not a known field"),
    type=("ist kein Objekt", "is not an object"),
)
_LIST = says(invalid=("ist keine Liste", "is not a list"))
_ONE_OF = says(
    several=("ist keines von: {choices}", "is none of: {choices}"), single=("ist nicht {other}", "is not {other}")
)


class BodySchema(Schema):
    """Base of every schema. Fields without a helper are checked by their annotation."""

    class Meta:
        unknown = RAISE

    textual = False
    """Whether values come as text, as in a query string."""
    TYPE_MAPPING = {  # noqa: RUF012
        **Schema.TYPE_MAPPING,
        str: Text,
        int: Whole,
        bool: Flag,
        date: Day,
        Decimal: Number,
        UUID: Uuid,
        Ags: Municipality,
        **dict.fromkeys(_IDS, Uuid),
    }
    error_messages = _OBJECT

    def load(self, data: Any, **options: Any) -> Any:
        """As marshmallow does; but what is right takes the short way, in half the time.

        Only when a field refuses, marshmallow's own way is gone from the start: it collects all that is wrong.
        """
        if not any(options.values()) and type(data) is dict and data.keys() <= self._names:
            try:
                return {name: field.deserialize(data.get(name, missing)) for name, field in self.load_fields.items()}
            except ValidationError:
                pass
        return super().load(data, **options)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.load_fields)

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:
        """Give every field, also those of libraries, sentences that know both languages."""
        field_obj.error_messages = field_obj.error_messages | _EVERYWHERE
        if isinstance(field_obj, fields.Nested):
            field_obj.error_messages |= _OBJECT
        if isinstance(field_obj, fields.List):
            field_obj.error_messages |= _LIST
        for validator in field_obj.validators:
            if isinstance(validator, validate.OneOf):
                validator.error = _ONE_OF["several"]
            elif isinstance(validator, validate.Equal):
                validator.error = _ONE_OF["single"]


class QuerySchema(BodySchema):
    """The schema of a query string: every value is text and is read as what its field expects."""

    textual = True


UNKNOWN_FIELD: Final = _OBJECT["unknown"]


@cache
def schema_class(of: type, base: type[Schema] = BodySchema) -> type[Schema]:
    """The schema class of a dataclass."""
    return marshmallow_dataclass.class_schema(of, base_schema=base)


@cache
def schema(of: type, base: type[Schema] = BodySchema) -> Schema:
    """The one schema of a dataclass; loading changes nothing in it."""
    return schema_class(of, base)()


def is_list(field: Field[Any]) -> bool:
    """Whether the field takes several values."""
    return isinstance(field, Several | fields.List)
