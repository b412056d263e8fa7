"""Intake's read models: who is who, and who belongs to a household."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import select

from services.intake.commands import CorrectMasterData, JoinHousehold, RegisterPerson
from services.intake.views import VIEWS, households, persons
from services.intake.views.households import HOUSEHOLDS
from services.intake.views.persons import PERSONS
from shared.contracts.model import PersonalClass
from shared.privacy.erasure import erase
from shared.projections.read import Snapshot
from tests.intake.examples import BIRTHDAY, day, give_birth, register
from tests.intake.office import Office

NAMED = {
    "anna": ("Müller-Álvarez", "Anna", "GP-2015/0042"),
    "berta": ("Muster", "Berta", "GP-2015/0043"),
    "carl": ("Al Muster", "Carl", None),
    "dora": ("Probe", "Anna Dora", "ES 17"),
    "zoe": ("ሙስጠፋ", "Zoë", None),
}


@pytest.fixture
def people(office: Office) -> dict[str, str]:
    return {
        key: office.record(register(family_name=family, given_name=given, file_number=number))
        for key, (family, given, number) in NAMED.items()
    }


def found(now: Snapshot, q: str, limit: int = 20) -> list[str]:
    return [row["person_id"] for row in persons.find(now.connection, now.tables(PERSONS), q, limit)]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("muster", ["carl", "berta"]),
        ("MUST", ["carl", "berta"]),
        ("al", ["carl", "anna"]),
        ("müller", ["anna"]),
        ("Mull alv", ["anna"]),
        ("muster b", ["berta"]),
        ("anna", ["anna", "dora"]),
        ("dora probe", ["dora"]),
        ("anna muster", []),
        ("GP-2015/00", ["anna", "berta"]),
        ("2015 42", []),
        ("gp-2015/0042", ["anna"]),
        ("es 17", ["dora"]),
        ("zoe", ["zoe"]),
        ("ሙስጠ", ["zoe"]),
        ("uster", []),
        ("%", []),
        ("_", []),
        ("mu%", ["carl", "anna", "berta"]),
        ("' OR 1=1 --", []),
    ],
)
def test_who_is_found(office: Office, people: dict[str, str], q: str, expected: list[str]) -> None:
    """Sorted by family name, then given name, as they are written."""
    with office.views() as now:
        assert found(now, q) == [people[name] for name in expected]


def test_the_first_ones_are_shown_in_order(office: Office, people: dict[str, str]) -> None:
    with office.views() as now:
        assert found(now, "a") == [people["carl"], people["anna"], people["dora"]]
        assert found(now, "a", limit=2) == [people["carl"], people["anna"]]


def test_what_is_shown_of_a_person(office: Office, people: dict[str, str]) -> None:
    with office.views() as now:
        assert persons.find(now.connection, now.tables(PERSONS), "berta", 20) == [
            {
                "person_id": people["berta"],
                "family_name": "Muster",
                "given_name": "Berta",
                "file_number": "GP-2015/0043",
                "born_on": BIRTHDAY,
            }
        ]


def corrected(person_id: str, like: RegisterPerson, **other: Any) -> CorrectMasterData:
    kept = {n: v for n, v in asdict(like).items() if n in CorrectMasterData.__dataclass_fields__}
    return CorrectMasterData(**{**kept, "person_id": person_id, "corrected_on": day("2018-02-01"), **other})


def test_a_corrected_name_is_found_and_the_wrong_one_no_longer(office: Office) -> None:
    person = office.record(register(family_name="Falsch", given_name="Anna"))
    with office.views() as now:
        assert found(now, "falsch") == [person]
    office.record(corrected(person, register(), family_name="Richtig"))
    with office.views() as now:
        assert found(now, "falsch") == []
        assert found(now, "richtig anna") == [person]
    with office.views("fresh") as fresh:
        assert found(fresh, "falsch") == []
        assert found(fresh, "richtig anna") == [person]


def test_a_child_born_here_is_found(office: Office) -> None:
    anchor = office.record(register())
    child = office.record(give_birth(anchor_id=anchor))
    with office.views() as now:
        assert found(now, "carla") == [child]
        assert persons.named(now.connection, now.tables(PERSONS), [child])[child]["born_on"] == day("2016-03-01")


# --- households -------------------------------------------------------------------------------


def members(now: Snapshot, household_id: str, on: str) -> list[tuple[str, str | None]]:
    rows = households.members(now.connection, now.tables(HOUSEHOLDS), household_id, day(on))
    return [(row["person_id"], row["relation"]) for row in rows]


def household_of(office: Office, person_id: str) -> str:
    with office.views("lookup") as now:
        held = now.tables(HOUSEHOLDS).memberships.c
        found = now.connection.scalars(select(held.household_id).where(held.person_id == person_id))
        return str(found.first())


def test_who_belongs_to_a_household_on_a_day(office: Office) -> None:
    anchor = office.record(register(given_name="Berta"))
    spouse = office.record(register(given_name="Bruno", anchor_id=anchor, relation="spouse"))
    child = office.record(give_birth(anchor_id=anchor))
    home = household_of(office, anchor)
    office.record(JoinHousehold(person_id=spouse, joined_on=day("2018-01-15")))
    own = "2018-01-14", "2018-01-15"
    with office.views() as now:
        before = [(anchor, None), (spouse, "spouse"), (child, "minor_child")]
        assert members(now, home, own[0]) == before
        assert members(now, home, own[1]) == [(anchor, None), (child, "minor_child")]
        assert households.exists_ever(now.connection, now.tables(HOUSEHOLDS), home)
        assert not households.exists_ever(now.connection, now.tables(HOUSEHOLDS), spouse)


def test_a_move_learnt_late_changes_only_the_days_until_the_next(office: Office) -> None:
    one = office.record(register(given_name="Eins"))
    two = office.record(register(given_name="Zwei"))
    person = office.record(register(given_name="Drei", anchor_id=one, relation="other"))
    home, other = household_of(office, one), household_of(office, two)
    office.record(JoinHousehold(person_id=person, joined_on=day("2018-01-15")))
    office.record(JoinHousehold(person_id=person, anchor_id=two, relation="other", joined_on=day("2017-01-15")))
    with office.views() as now:
        for on, where in (("2016-12-31", home), ("2017-01-15", other), ("2018-01-14", other)):
            assert (person, "other") in members(now, where, on)
        for home_id in (home, other):
            assert (person, "other") not in members(now, home_id, "2018-01-15")


# --- erasure ----------------------------------------------------------------------------------


def everything(now: Snapshot) -> list[list[tuple[Any, ...]]]:
    tables = [*vars(now.tables(PERSONS)).values(), *vars(now.tables(HOUSEHOLDS)).values()]
    return [sorted(map(tuple, now.connection.execute(select(table))), key=repr) for table in tables]


@pytest.mark.parametrize(
    "classes",
    [None, {PersonalClass.STATISTICS}, {PersonalClass.IDENTITY, PersonalClass.STATISTICS}],
    ids=["default", "statistics", "all"],
)
def test_after_an_erasure_the_views_equal_a_fresh_fold(office: Office, classes: set[PersonalClass] | None) -> None:
    anchor = office.record(register(family_name="Bleibt"))
    gone = office.record(register(family_name="Geloescht", given_name="Xaver", anchor_id=anchor, relation="spouse"))
    office.record(corrected(gone, register(), family_name="Geloescht", given_name="Xaver"))
    child = office.record(give_birth(anchor_id=anchor, given_name="Yara"))
    with office.views() as now:
        assert found(now, "geloescht") == [gone]
    for person in (gone, child):
        erase(office.keyring, office.store, person, "test", classes)
    with office.views() as now, office.views("fresh") as fresh:
        assert everything(now) == everything(fresh)
        still = classes == {PersonalClass.STATISTICS}
        assert (found(now, "xaver"), found(now, "yara")) == (([gone], [child]) if still else ([], []))
        assert found(now, "bleibt") == [anchor]


def test_no_name_is_left_in_the_files_after_an_erasure(office: Office) -> None:
    gone = office.record(register(family_name="Geloeschtername", given_name="Xaver"))
    with office.views() as now:
        assert found(now, "geloeschtername") == [gone]
    erase(office.keyring, office.store, gone, "test")
    with office.views():
        pass
    kept = b"".join(path.read_bytes() for path in office.directory.glob("*.db*"))
    assert b"eloeschtername" not in kept


def test_every_view_is_named_after_its_service() -> None:
    assert [view.name for view in VIEWS] == ["intake.persons", "intake.households"]
    assert all(name.startswith("intake.") for view in VIEWS for name in view.types)
