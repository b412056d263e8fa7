"""What fields accept, without HTTP. Refusals over HTTP are in ``test_admission``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from shared.api.fields import any_date, business_today, decimal, flag, matching, one_of, past_date, several, text, whole
from shared.api.problems import FieldError, field_errors
from shared.api.said import Said
from shared.api.schemas import QuerySchema, schema
from shared.contracts.casework import FieldStep
from shared.contracts.model import Ags, PersonId
from tests.api.sample_service import RecordTalk

# ruff: noqa: RUF009 - each helper returns a dataclass field

TODAY = date(2018, 11, 5)


@dataclass(frozen=True, kw_only=True)
class Everything:
    name: str = text(10, default="x")
    lines: str = text(20, lines=True, default="x")
    code: str = matching("[A-Z]{2}", de="ist kein Kürzel", en="is no code", default="AB")
    began: date = past_date(default=TODAY)
    ends: date = any_date(default=TODAY)
    count: int = whole(0, 10, default=0)
    yes: bool = flag(default=False)
    amount: Decimal = decimal("0", "999999999.99", 2, default=Decimal(0))
    kind: Literal["a", "b"] = one_of(Literal["a", "b"], default="a")
    steps: tuple[FieldStep, ...] = several(FieldStep, 3, default=())
    plain: str = "x"
    person: PersonId | None = None
    town: Ags | None = None
    people: tuple[PersonId, ...] = ()
    choice: Literal["a", "b"] | None = None
    only: Literal["a"] | None = None


def load(**values: Any) -> Everything:
    with business_today(TODAY):
        loaded: Everything = schema(Everything).load(values)
    return loaded


def wrong(**values: Any) -> list[FieldError]:
    with pytest.raises(ValidationError) as caught:
        load(**values)
    return field_errors(caught.value, "en")


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("name", "  Muster ", "Muster"),
        ("name", "Zoe\u0308", "Zoë"),
        ("name", "می‌خواهم", "می‌خواهم"),  # holds a zero-width non-joiner
        ("name", "𝄞" * 10, "𝄞" * 10),
        ("lines", "a\r\n\tb", "a\r\n\tb"),
        ("code", "AB", "AB"),
        ("began", "2018-11-05", TODAY),
        ("began", "1900-01-01", date(1900, 1, 1)),
        ("ends", "2199-12-31", date(2199, 12, 31)),
        ("count", 10, 10),
        ("count", 3.0, 3),
        ("yes", True, True),
        ("amount", "815185", Decimal("815185.00")),
        ("amount", "815185.5", Decimal("815185.50")),
        ("amount", 0.1, Decimal("0.10")),
        ("amount", 64000, Decimal("64000.00")),
        ("steps", [{"action_field": "housing", "step": "need"}], (FieldStep(action_field="housing", step="need"),)),
        ("person", "6F1B5B0E-1E0A-4C7B-9C65-1F6D8F6D2F3A", "6f1b5b0e-1e0a-4c7b-9c65-1f6d8f6d2f3a"),
        ("person", None, None),
        ("town", "08117014", "08117014"),
        ("people", [], ()),
        ("choice", "b", "b"),
        ("only", "a", "a"),
    ],
)
def test_what_is_accepted_is_kept_in_one_form(name: str, given: object, kept: object) -> None:
    assert getattr(load(**{name: given}), name) == kept


def test_decimals_keep_their_places() -> None:
    assert str(load(amount=1).amount) == "1.00"


def test_each_message_knows_both_languages() -> None:
    bad = {
        "name": "", "lines": 1, "code": "abc", "began": "2018-11-06", "ends": "2200-01-01", "count": 11, "yes": "no",
        "amount": "1.234", "kind": "c", "steps": [{"x": 1}], "plain": None, "person": "x", "town": "x", "people": "x",
        "choice": "c", "only": "b", "new": 1,
    }  # fmt: skip
    with pytest.raises(ValidationError) as caught:
        load(**bad)

    def messages(found: Any) -> list[object]:
        if isinstance(found, dict):
            return [one for inner in found.values() for one in messages(inner)]
        return list(found)

    said = messages(caught.value.messages)
    assert len(said) == len(bad) + 2  # steps.0: two missing and one unknown
    assert all(isinstance(one, Said) and one.german != str(one) for one in said)
    assert {error.path.split(".")[0] for error in field_errors(caught.value, "de")} == set(bad)


def test_the_days_future_is_the_business_clocks() -> None:
    assert wrong(began="2018-11-06") == [FieldError("began", "is after today (2018-11-05)")]


def test_in_a_query_string_text_is_read_as_what_it_means() -> None:
    with business_today(TODAY):
        loaded = schema(Everything, QuerySchema).load({"count": "7", "yes": "true", "amount": "1.5"})
    assert (loaded.count, loaded.yes, loaded.amount) == (7, True, Decimal("1.50"))


def test_schemas_are_made_once() -> None:
    assert schema(Everything) is schema(Everything)
    assert schema(Everything) is not schema(Everything, QuerySchema)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from([*RecordTalk.__dataclass_fields__, "unknown"])


@given(st.dictionaries(names, json_values))
def test_whatever_comes_is_loaded_or_refused(values: dict[str, Any]) -> None:
    with business_today(TODAY):
        try:
            loaded = schema(RecordTalk).load(values)
        except ValidationError as invalid:
            assert field_errors(invalid, "de")
        else:
            assert isinstance(loaded, RecordTalk)
