"""A person's record as of a day and as known then."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any, cast

import orjson
import pytest
from marshmallow import ValidationError

from services.intake import answers
from services.intake.commands import GetPerson
from services.intake.person import IntakeEvent, as_known
from shared.contracts.intake import (
    ConsentGiven,
    EntryWithdrawn,
    MasterDataCorrected,
    NoticeGiven,
    ProcedureBecameFinal,
    ResidenceCorrected,
    TitleGranted,
    TolerationIssued,
)
from shared.contracts.model import Hidden
from shared.contracts.registry import contract_of
from tests.intake.examples import (
    ADELBERG,
    AICHELBERG,
    ANCHORS_HOUSEHOLD,
    BIRTHDAY,
    DEPARTURE,
    HOUSEHOLD,
    PERSON,
    PROCEDURE,
    RESIDENCE,
    born,
    day,
    decided,
    fold,
    id_of,
    joined,
    moved_in,
    moved_out,
    opened,
    recorded,
    registered,
)

title = TitleGranted(
    person_id=PERSON, title_id=id_of("title"), section="25(2)", valid_until=None, occurred_on=day("2017-02-01")
)
toleration = TolerationIssued(
    person_id=PERSON, toleration_id=id_of("toleration"), section="60a", valid_until=None, occurred_on=day("2016-11-01")
)
final = ProcedureBecameFinal(
    person_id=PERSON, procedure_id=PROCEDURE, outcome="negative", occurred_on=day("2016-10-01")
)
notice = NoticeGiven(person_id=PERSON, language="Arabic", occurred_on=day("2018-03-01"))
consent = ConsentGiven(person_id=PERSON, scope="disclosure", occurred_on=day("2018-03-01"))
history: tuple[IntakeEvent, ...] = (
    registered,
    moved_in("2015-09-10"),
    opened("2015-10-01"),
    decided("2016-09-01"),
    final,
    toleration,
    title,
    joined("2017-04-01"),
    moved_out("2017-06-01"),
    notice,
    consent,
)


def as_of(text: str, *events: IntakeEvent) -> dict[str, Any]:
    person = fold(*events)
    assert person is not None
    return answers.person(person, day(text))


def test_the_whole_record() -> None:
    assert as_of("2018-03-01", *history) == {
        "person_id": PERSON,
        "household_id": ANCHORS_HOUSEHOLD,
        "anchor_id": id_of("anchor"),
        "relation": "spouse",
        "registered_on": day("2015-09-10"),
        "family_name": "Muster",
        "given_name": "Anna",
        "file_number": "GP-2015/0042",
        "phone": None,
        "category": "asylum",
        "born_on": BIRTHDAY,
        "sex": "female",
        "nationality": "Syria",
        "language": "Arabic",
        "interpreter_needed": True,
        "state_entry_on": day("2015-09-01"),
        "district_intake_on": day("2015-09-10"),
        "erased": False,
        "residence": {
            "residence_id": DEPARTURE,
            "moved_out_on": day("2017-06-01"),
            "destination": "other_district",
        },
        "residences": [
            {
                "residence_id": RESIDENCE,
                "moved_in_on": day("2015-09-10"),
                "kind": "shared_accommodation",
                "ags": ADELBERG,
                "accommodation": "Probehaus",
                "address": "Beispielweg 1",
            },
            {
                "residence_id": DEPARTURE,
                "moved_out_on": day("2017-06-01"),
                "destination": "other_district",
            },
        ],
        "procedures": [
            {
                "procedure_id": PROCEDURE,
                "kind": "first",
                "opened_on": day("2015-10-01"),
                "decisions": [{"outcome": "negative", "decided_on": day("2016-09-01")}],
                "final": {"outcome": "negative", "final_on": day("2016-10-01")},
            }
        ],
        "titles": [
            {
                "title_id": id_of("title"),
                "section": "25(2)",
                "granted_on": day("2017-02-01"),
                "valid_until": None,
            }
        ],
        "tolerations": [
            {
                "toleration_id": id_of("toleration"),
                "section": "60a",
                "issued_on": day("2016-11-01"),
                "valid_until": None,
            }
        ],
        "reviews": [],
        "notices": [{"language": "Arabic", "given_on": day("2018-03-01")}],
        "consents": {
            "advice_documentation": None,
            "disclosure": {"answer": "given", "since": day("2018-03-01")},
        },
    }


def test_a_day_shows_what_held_on_it() -> None:
    early = as_of("2016-09-30", *history)
    assert (early["household_id"], early["relation"]) == (HOUSEHOLD, None)
    assert early["residence"]["residence_id"] == RESIDENCE
    assert len(early["residences"]) == 1
    assert early["procedures"][0]["decisions"] and early["procedures"][0]["final"] is None
    assert (early["titles"], early["tolerations"], early["notices"]) == ([], [], [])
    assert early["consents"]["disclosure"] is None


def test_a_day_before_everything_shows_who_the_person_is() -> None:
    before = as_of("2015-01-01", *history)
    assert (before["given_name"], before["residence"], before["procedures"]) == ("Anna", None, [])


def test_corrections_and_withdrawals_reach_back() -> None:
    spelt = MasterDataCorrected(
        **{f.name: getattr(registered, f.name) for f in fields(MasterDataCorrected) if f.name != "given_name"},
        given_name="Hanna",
    )
    moved = ResidenceCorrected(
        person_id=PERSON,
        residence_id=RESIDENCE,
        kind="private",
        ags=AICHELBERG,
        accommodation=None,
        address=None,
        occurred_on=day("2015-09-12"),
    )
    wrong = EntryWithdrawn(person_id=PERSON, entry_id=PROCEDURE, reason="wrong_person", occurred_on=day("2018-04-01"))
    early = as_of("2016-09-30", *history, replace(spelt, occurred_on=day("2018-04-01")), moved, wrong)
    assert early["given_name"] == "Hanna"
    assert early["residence"]["moved_in_on"] == day("2015-09-12")
    assert early["residence"]["ags"] == AICHELBERG
    assert early["procedures"] == []


def test_a_child_born_here_has_no_registration_of_its_own() -> None:
    child = as_of("2016-03-01", born)
    assert (child["registered_on"], child["born_on"], child["category"]) == (None, day("2016-03-01"), None)
    assert child["relation"] == "minor_child"


def test_what_was_erased_shows_as_nothing() -> None:
    erased = as_of("2018-03-01", *map(erase, history))
    assert erased["erased"] is True
    assert erased["family_name"] is erased["born_on"] is erased["category"] is None
    assert erased["residences"][0] == {
        "residence_id": RESIDENCE,
        "moved_in_on": day("2015-09-10"),
        "kind": None,
        "ags": None,
        "accommodation": None,
        "address": None,
    }
    orjson.dumps(erased)


def erase(event: IntakeEvent) -> IntakeEvent:
    """The event as it reads when the person's keys are gone."""
    return replace(event, **dict.fromkeys(contract_of(type(event)).protections, cast(Any, Hidden.ERASED)))


# --- known at ---------------------------------------------------------------------------------


learnt = (
    recorded(registered, 10, "2015-09-10"),
    recorded(moved_in("2016-01-01"), 11, "2016-01-02"),
    recorded(moved_out("2017-01-01"), 20, "2018-05-01"),
    recorded(moved_in("2015-09-11", id_of("first")), 21, "2016-06-01"),
)


@pytest.mark.parametrize(
    ("known_at", "entries"),
    [
        (None, 3),
        (date(2018, 5, 1), 3),
        (date(2018, 4, 30), 2),
        (date(2016, 1, 2), 1),
        (date(2015, 9, 10), 0),
        (21, 3),
        (20, 2),
        (11, 1),
        (10, 0),
    ],
)
def test_the_record_is_that_of_the_knowledge_then(known_at: date | int | None, entries: int) -> None:
    person = as_known(learnt, known_at)
    assert person is not None
    assert len(person.whereabouts) == entries


@pytest.mark.parametrize("known_at", [date(2015, 9, 9), 9])
def test_nobody_is_known_before_they_were_registered(known_at: date | int) -> None:
    assert as_known(learnt, known_at) is None


def test_what_was_learnt_before_the_registration_waits_for_it() -> None:
    registered_late = (recorded(registered, 1, "2016-02-01"), recorded(moved_in("2016-01-01"), 2, "2016-01-02"))
    assert as_known(registered_late, date(2016, 1, 2)) is None


@pytest.mark.parametrize(
    ("given", "meant"), [(None, None), ("2018-05-01", date(2018, 5, 1)), ("20180501", 20180501), ("0", 0)]
)
def test_known_at_is_a_date_or_a_position(given: str | None, meant: date | int | None) -> None:
    assert GetPerson(person_id=PERSON, known_at=given).known == meant


def test_known_at_is_a_day_of_the_calendar() -> None:
    with pytest.raises(ValidationError):
        GetPerson(person_id=PERSON, known_at="2018-02-30")
