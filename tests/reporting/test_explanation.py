"""Why a figure says what it says, and why it says something else than before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from services.reporting.explanation import Narrator
from services.reporting.figures.model import Contribution, difference
from tests.reporting.histories import (
    ADELBERG,
    History,
    contract,
    corrected,
    employee,
    id_of,
    moved_in,
    phase,
    registered,
    serves,
    talk,
)

SPRING, JULY, AUGUST = date(2018, 3, 1), date(2018, 7, 31), date(2018, 8, 15)
NARRATOR = Narrator(pseudonym=lambda subject: f"P-{subject[:4]}", erased={id_of("ada")})


def history_of_two() -> History:
    history = History().day(SPRING)
    history.record(serves(ADELBERG))
    for person in ("ada", "ben"):
        history.record(registered(person, person), phase(person, SPRING), moved_in(person, SPRING))
    return history


def test_persons_and_employees_appear_by_pseudonym_and_the_erased_are_marked() -> None:
    history = history_of_two()
    history.record(employee("eva"), contract("eva", "0.64", SPRING))
    told = NARRATOR.tell(history.explanation("persons-in-care", JULY))
    assert {(entry["person"], entry["erased"]) for entry in told} == {
        (f"P-{id_of('ada')[:4]}", True),
        (f"P-{id_of('ben')[:4]}", False),
    }
    (post,) = (entry for entry in NARRATOR.tell(history.explanation("staff", JULY)) if entry["line"] == "fte")
    assert (post["employee"], post["amount"]) == (f"P-{id_of('eva')[:4]}", 0.64)
    assert not any(id_of(name) in str(told) for name in ("ada", "ben", "eva"))


def test_talks_keep_their_id() -> None:
    history = history_of_two()
    history.record(talk("first", "ada", SPRING, "ada"))
    (entry,) = NARRATOR.tell(history.explanation("outreach-share", JULY))
    assert entry["consultation"] == id_of("first")


def test_the_difference_names_who_came_and_who_went() -> None:
    history = history_of_two()
    history.day(AUGUST).record(corrected("ada", SPRING, "shared_accommodation"))
    history.record(registered("cem", "cem"), phase("cem", SPRING), moved_in("cem", SPRING))
    before = history.explanation("persons-in-care", JULY, known_at=JULY)
    after = history.explanation("persons-in-care", JULY, known_at=AUGUST)
    gained, lost = difference(before, after)
    assert [c.subject_id for c in gained] == [id_of("cem")]
    assert [c.subject_id for c in lost] == [id_of("ada")]


def test_who_counts_on_other_grounds_is_neither_gained_nor_lost() -> None:
    def counts(event: str) -> Contribution:
        return Contribution(
            line="persons", subject="person", subject_id="ada", amount=Decimal(1), events=(event,), rule="R3"
        )

    assert difference([counts("first")], [counts("second")]) == ([], [])
