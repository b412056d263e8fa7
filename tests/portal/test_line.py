"""A talk in one line: what is understood, and what is not."""

from __future__ import annotations

from datetime import date

import pytest

from services.portal.language.terms import TERMS
from services.portal.language.words import sorted_as
from services.portal.records.households import Household, Person
from services.portal.talks.line import MEANINGS, Line, read

TODAY = date(2018, 11, 5)
PROBE = Household(
    "h1",
    "c1",
    (Person("ali", "Ali", "Probe"), Person("amal", "Amal", "Probe"), Person("sami", "Sami", "Probe")),
    took_part_last=("amal",),
)
ALONE = Household("h2", "c2", (Person("lina", "Lina", "Muster"),))
OTHER = Household("h3", "c3", (Person("alina", "Alina Sophie", "Beispiel"), Person("noor", "Noor", "Beispiel")))
ALL = (PROBE, ALONE, OTHER)


def line(text: str) -> Line:
    return read(text, ALL, TODAY)


def test_a_talk_with_a_family() -> None:
    said = line("b ali fam wohnung 20")
    assert (said.what, said.household, said.took_part) == ("talk", PROBE, ("ali", "amal", "sami"))
    assert (said.topics, said.minutes, said.missing) == (("housing",), 20, ("setting",))


def test_complete_with_a_setting() -> None:
    assert line("b ali fam wohnung 20 hausb").is_complete


def test_nobody_met() -> None:
    said = line("n lina gestern")
    assert (said.what, said.household, said.held_on, said.is_complete) == ("nobody", ALONE, date(2018, 11, 4), True)


def test_the_verb_may_be_left_out() -> None:
    assert line("lina deutsch 30 tel") == line("b lina deutsch 30 tel")


def test_who_is_named_took_part() -> None:
    assert line("b ali amal wohnung 20").took_part == ("ali", "amal")


def test_where_only_the_family_is_named_those_who_came_last_took_part() -> None:
    assert line("b probe wohnung 20").took_part == ("amal",)


def test_who_lives_alone_took_part() -> None:
    assert line("b muster wohnung 20").took_part == ("lina",)


def test_a_whole_name_counts_before_a_beginning() -> None:
    assert line("b ali").household == PROBE
    assert line("b al").matches == (PROBE, OTHER)


def test_each_part_of_a_name_finds_it() -> None:
    assert line("b sophie").household == OTHER


def test_a_second_name_narrows() -> None:
    assert line("b al beispiel").household == OTHER


def test_while_several_fit_nothing_can_be_sent() -> None:
    assert (line("b al fam wohnung 20 tel").missing) == ("household",)


def test_a_word_that_means_nothing_or_two_things_is_named() -> None:
    assert line("b lina quark 20").unknown == ("quark",)
    assert line("b lina spr 20").unknown == ("spr",)
    assert not line("b lina wohnung tel 20 quark").is_complete


@pytest.mark.parametrize("day", ["4.11.", "gestern", "-1", "2018-11-04", "04.11.2018"])
def test_a_day_as_people_write_it(day: str) -> None:
    assert line(f"b lina {day} wohnung 20").held_on == date(2018, 11, 4)


def test_minutes_are_the_first_number_that_can_be_some() -> None:
    assert line("b lina 45min").minutes == 45
    assert line("b lina 20 30").unknown == ("30",)
    assert line("b lina 0").unknown == ("0",)


def test_several_topics_each_once() -> None:
    assert line("b lina wohnung kinder wohn 20").topics == ("housing", "children")


def test_an_interpreter() -> None:
    assert line("b lina dolm").interpreter
    assert not line("b lina").interpreter


def test_accents_and_capitals_do_not_matter() -> None:
    assert line("B LINA BÜRO").setting == "office"
    assert line("b lina buro").setting == "office"


def test_nothing_is_understood_of_nothing() -> None:
    assert line("") == Line()
    assert line("b") == Line()
    assert line("b xyz").missing == ("household",)


def test_every_topic_and_setting_can_be_said() -> None:
    for field in ("topics", "setting"):
        assert {code for kind, code in MEANINGS if kind == field} == set(TERMS[field])


def test_no_word_means_two_things() -> None:
    said = [sorted_as(word) for words in MEANINGS.values() for word in words]
    assert len(said) == len(set(said))
