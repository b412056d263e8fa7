"""Why a figure says what it says, and why it says something else than before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from services.reporting.difference import changes
from services.reporting.explanation import Narrator
from services.reporting.facts import look
from services.reporting.figures import FIGURES
from services.reporting.figures.model import Contribution, explain
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
    snapshot,
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


def counts(who: str, event: str = "first", line: str = "persons", amount: int = 1, **rest: Any) -> Contribution:
    return Contribution(
        line=line, subject="person", subject_id=who, amount=Decimal(amount), events=(event,), rule="R3", **rest
    )


def test_the_difference_names_who_came_and_who_went() -> None:
    history = history_of_two()
    history.day(AUGUST).record(corrected("ada", SPRING, "shared_accommodation"))
    history.record(registered("cem", "cem"), phase("cem", SPRING), moved_in("cem", SPRING))
    before = history.explanation("persons-in-care", JULY, known_at=JULY)
    after = history.explanation("persons-in-care", JULY, known_at=AUGUST)
    assert {(change.what, change.of.subject_id) for change in changes(before, after)} == {
        ("came", id_of("cem")),
        ("went", id_of("ada")),
    }


def test_who_counts_on_other_grounds_changed_by_the_new_event() -> None:
    (change,) = changes([counts("ada", "first")], [counts("ada", "second")])
    assert (change.what, change.by) == ("changed", ("second",))


def test_who_counts_in_another_line_changed() -> None:
    (change,) = changes([counts("ada", line="single")], [counts("ada", line="family")])
    assert change.what == "changed"
    assert change.before is not None and change.after is not None
    assert (change.before.line, change.after.line) == ("single", "family")


def test_who_counts_the_same_since_another_day_did_not_change() -> None:
    assert changes([counts("ada", since=SPRING)], [counts("ada", since=JULY)]) == []


def test_who_came_and_went_stands_before_who_changed() -> None:
    before = [counts("ada"), counts("eva")]
    after = [counts("ada", "second"), counts("zoe")]
    assert [(change.what, change.of.subject_id) for change in changes(before, after)] == [
        ("came", "zoe"),
        ("went", "eva"),
        ("changed", "ada"),
    ]


def test_several_contributions_to_one_line_are_compared_together() -> None:
    before = [counts("eva", "first", amount=1), counts("eva", "second", amount=2)]
    assert changes(before, list(reversed(before))) == []
    (change,) = changes(before, [counts("eva", "first", amount=3)])
    assert (change.what, change.by) == ("changed", ())


def test_a_change_tells_both_sides_by_pseudonym() -> None:
    (told,) = NARRATOR.tell_changes(changes([counts(id_of("ada"))], [counts(id_of("ada"), "second", since=JULY)]))
    assert told == {
        "what": "changed",
        "person": f"P-{id_of('ada')[:4]}",
        "erased": True,
        "before": {"line": "persons", "amount": 1, "since": None, "events": ["first"], "rule": "R3"},
        "after": {"line": "persons", "amount": 1, "since": JULY, "events": ["second"], "rule": "R3"},
        "by": ["second"],
    }


def test_an_explanation_comes_in_pages_and_by_line() -> None:
    history = History().day(SPRING)
    names = [f"person {n}" for n in range(5)]
    history.record(*(registered(name, "one" if name in names[:2] else name) for name in names))
    history.record(*(talk(f"talk {name}", "one", SPRING, name) for name in names))
    with history.folded() as engine, snapshot(engine) as now:
        figure = FIGURES["persons-contacted"]
        at = look(now, figure.views, valid_at=JULY)
        whole = explain(now.connection, figure, at)
        pages = [explain(now.connection, figure, at, after=after, limit=2) for after in (0, 2, 4, 6)]
        families = explain(now.connection, figure, at, line="family")
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [each for page in pages for each in page] == whole
    assert families == [each for each in whole if each.line == "family"] and len(families) == 2


def test_a_contribution_tells_since_when_it_counts_by_these_events() -> None:
    history = history_of_two()
    history.record(moved_in("ada", JULY, "private", entry="second home"))
    found = {each.subject_id: each.since for each in history.explanation("persons-in-care", AUGUST)}
    assert found == {id_of("ada"): JULY, id_of("ben"): SPRING}
