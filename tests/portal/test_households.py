"""Households as the office speaks of them, and the order of a round."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from services.portal.pages.my_day import Stop, begun, narrowed, rounds, stop, what_is_due
from services.portal.records.households import ERASED, Household, Person, household, in_visiting_order

TODAY = date(2018, 11, 5)
ADELBERG, AICHELBERG = "08117001", "08117002"


def a_card(*members: tuple[str, str | None, str | None], ags: str = ADELBERG, **residence: Any) -> dict[str, Any]:
    return {
        "household_id": "h",
        "residence": {"ags": ags, "address": None, "accommodation": None, **residence},
        "members": [
            {
                "person_id": person_id,
                "given_name": given,
                "family_name": family,
                "born_on": "1990-05-17",
                "phone": f"0151 {person_id}" if given else None,
                "language": "ar",
                "interpreter_needed": person_id == "1",
            }
            for person_id, given, family in members
        ],
    }


def a_case(*members: str, **contact: Any) -> dict[str, Any]:
    return {
        "case_id": "c",
        "household_id": "h",
        "members": list(members),
        "capacity": "manager",
        "manager_id": "me",
        "contact": {"last_seen_on": None, "last_attempt_on": None, "last": None, **contact},
    }


def a_stop(name: str, ags: str | None, address: str, seen_days: int | None = 0, manager_id: str = "me") -> Stop:
    of = Household(name, f"case-{name}", (Person(name, "Ali", name),), ags=ags, address=address)
    seen_on = None if seen_days is None else TODAY - timedelta(days=seen_days)
    return Stop(of, "manager", manager_id, seen_on, seen_days, None)


def test_a_family_is_called_by_its_names() -> None:
    assert household(a_case("1", "2"), a_card(("1", "Ali", "Probe"), ("2", "Amal", "Probe"))).name == "Probe"
    both = household(a_case("1", "2"), a_card(("1", "Ali", "Probe"), ("2", "Amal", "Muster")))
    assert both.name == "Probe / Muster"
    assert [both.short_name(person) for person in both.members] == ["Ali Probe", "Amal Muster"]
    alone = household(a_case("1"), a_card(("1", "Ali", "Probe")))
    assert (alone.name, alone.short_name(alone.members[0])) == ("Ali Probe", "Ali Probe")


def test_who_was_erased_has_no_name() -> None:
    gone = household(a_case("1"), a_card(("1", None, None)))
    assert (gone.name, gone.phones) == (ERASED, ())


def test_only_members_of_the_case_are_shown_and_ticked() -> None:
    last = {"took_part": ["2", "1", "9"], "setting": "office"}
    of = household(a_case("1", "2", last=last), a_card(("1", "Ali", "A"), ("2", "Amal", "A"), ("3", "Fremd", "A")))
    assert [person.id for person in of.members] == ["1", "2"]
    assert of.took_part_last == ("1", "2")
    assert (of.phones, of.languages, of.interpreter_needed) == (("0151 1", "0151 2"), ("ar",), True)


def test_the_accommodation_stands_where_no_address_does() -> None:
    assert household(a_case("1"), a_card(("1", "Ali", "A"), accommodation="Haus 3")).address == "Haus 3"
    assert household(a_case("1"), {**a_card(("1", "Ali", "A")), "residence": None}).ags is None


def test_a_round_goes_by_municipality_street_and_number() -> None:
    stops = [
        a_stop("E", None, ""),
        a_stop("D", AICHELBERG, "Am Markt 1"),
        a_stop("C", ADELBERG, "Hauptstraße 10"),
        a_stop("B", ADELBERG, "Hauptstraße 9"),
        a_stop("A", ADELBERG, "Ährenweg 2"),
    ]
    shown = rounds(narrowed(stops, {}), "Ohne")
    assert [(place, "".join(each.household.id for each in group)) for place, group in shown] == [
        ("Adelberg", "ABC"),
        ("Aichelberg", "D"),
        ("Ohne", "E"),
    ]
    assert in_visiting_order(stops[0].household, "") > in_visiting_order(stops[1].household, "Zell")


def test_a_long_list_begins_with_whole_rounds() -> None:
    groups = {"X": "ABC", "Y": "D", "Z": "EF"}
    every = [(place, [a_stop(letter, None, "") for letter in letters]) for place, letters in groups.items()]
    assert [[place for place, _ in begun(every, most)] for most in (1, 3, 4, 5, 6, 7)] == [
        ["X"],
        ["X"],
        ["X", "Y"],
        ["X", "Y", "Z"],
        ["X", "Y", "Z"],
        ["X", "Y", "Z"],
    ]
    assert begun([], 1) == []


def test_the_list_is_narrowed_to_who_was_not_seen_and_whose_it_is() -> None:
    stops = [a_stop("A", ADELBERG, "", 29), a_stop("B", ADELBERG, "", 30, "other"), a_stop("C", ADELBERG, "", None)]
    assert [each.household.id for each in narrowed(stops, {"seit": "30"})] == ["B", "C"]
    assert [each.household.id for each in narrowed(stops, {"seit": "30", "fuer": "me"})] == ["C"]
    assert len(narrowed(stops, {"seit": "31"})) == 3  # not one of the choices
    assert [each.is_unseen for each in (a_stop("A", None, "", 59), a_stop("B", None, "", 60), stops[2])] == [
        False,
        True,
        True,
    ]


def test_what_is_due_belongs_to_its_household_the_earliest_first() -> None:
    of = household(a_case("1"), a_card(("1", "Ali", "Probe")))
    answers = [
        {"person_id": "1", "kind": "title_expires", "on": "2018-11-10"},
        {"person_id": "1", "kind": "look_again", "on": "2018-11-01"},
        {"person_id": "9", "kind": "look_again", "on": "2018-11-01"},
    ]
    due = what_is_due(answers, [of], TODAY)
    assert [(each.kind, each.days, each.is_overdue) for each in due] == [
        ("look_again", -4, True),
        ("title_expires", 5, False),
    ]
    seen = stop(a_case("1", last_seen_on="2018-10-24", last_attempt_on="2018-11-02"), of, due, TODAY)
    assert (seen.seen_days, seen.attempt_on, len(seen.due)) == (12, date(2018, 11, 2), 2)
