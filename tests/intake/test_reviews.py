"""What a person decided where the rules leave it to a human."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from marshmallow import ValidationError

from services.intake import answers
from services.intake.commands import SettleReview, WithdrawEntry
from shared.api.fields import business_today
from shared.api.schemas import schema
from shared.contracts.intake import EntryWithdrawn, ReviewSettled
from shared.contracts.model import Hidden
from tests.given import given
from tests.intake.examples import BIRTHDAY, PERSON, day, fold, id_of, intake, new_id, registered

settle = SettleReview(
    person_id=PERSON,
    settles=(id_of("departure"), id_of("return")),
    phase="follow_up",
    since=day("2018-01-01"),
    legal_basis="§ 9 (2) FlüAG",
    reason="Bescheid liegt vor.",
    settled_on=day("2018-03-01"),
)
settled = ReviewSettled(
    person_id=PERSON,
    review_id=new_id("review_id"),
    settles=settle.settles,
    phase="follow_up",
    since=day("2018-01-01"),
    legal_basis="§ 9 (2) FlüAG",
    reason="Bescheid liegt vor.",
    occurred_on=day("2018-03-01"),
)


def test_a_review_is_settled() -> None:
    given(intake, registered).when(settle).then(settled)
    going_on = replace(settle, phase="provisional", since=None)
    given(intake, registered).when(going_on).then(replace(settled, phase="provisional", since=None))


def test_nobody_is_entitled_before_birth() -> None:
    given(intake, registered).when(replace(settle, since=BIRTHDAY.replace(year=1989))).then_refused("before-birth")


def test_a_decision_can_be_withdrawn() -> None:
    mistake = WithdrawEntry(
        person_id=PERSON, entry_id=settled.review_id, reason="not_true", withdrawn_on=day("2018-04-01")
    )
    gone = EntryWithdrawn(
        person_id=PERSON, entry_id=settled.review_id, reason="not_true", occurred_on=day("2018-04-01")
    )
    given(intake, registered, settled).when(mistake).then(gone)
    person = fold(registered, settled, gone)
    assert person is not None and person.reviews == ()


def test_how_a_decision_reads() -> None:
    person = fold(registered, settled)
    assert person is not None
    assert answers.person(person, day("2018-02-28"))["reviews"] == []
    assert answers.person(person, day("2018-03-01"))["reviews"] == [
        {
            "review_id": settled.review_id,
            "settled_on": day("2018-03-01"),
            "phase": "follow_up",
            "since": day("2018-01-01"),
            "legal_basis": "§ 9 (2) FlüAG",
            "reason": "Bescheid liegt vor.",
            "settles": settle.settles,
        }
    ]
    erased = fold(registered, replace(settled, reason=Hidden.ERASED, phase=Hidden.ERASED))
    assert erased is not None
    (nothing,) = answers.person(erased, day("2018-03-01"))["reviews"]
    assert (nothing["reason"], nothing["phase"]) == (None, None)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"since": None}, "since"),
        ({"phase": "provisional"}, "since"),
        ({"phase": "manual_review"}, "phase"),
        ({"settles": []}, "settles"),
        ({"legal_basis": "Frau Probe sagt es so"}, "legal_basis"),
        ({"legal_basis": "§ 9\nFlüAG"}, "legal_basis"),
        ({"reason": " "}, "reason"),
        ({"settled_on": "2018-11-06"}, "settled_on"),
        ({"since": "2018-11-06"}, "since"),
    ],
)
def test_what_is_no_decision(change: dict[str, Any], named: str) -> None:
    body = {
        "person_id": PERSON,
        "settles": list(settle.settles),
        "phase": "follow_up",
        "since": "2018-01-01",
        "legal_basis": "§ 9 (2) FlüAG",
        "reason": "Bescheid liegt vor.",
        "settled_on": "2018-03-01",
    }
    with business_today(day("2018-11-05")):
        assert schema(SettleReview).load(body) == settle
        with pytest.raises(ValidationError) as invalid:
            schema(SettleReview).load(body | change)
    assert list(invalid.value.messages_dict) == [named]
