"""Intake's read models: who is who, and who belongs to a household."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from sqlalchemy import select

from services.intake import answers
from services.intake.commands import (
    CorrectMasterData,
    CorrectResidence,
    GrantTitle,
    IssueToleration,
    JoinHousehold,
    MoveIn,
    MoveOut,
    RegisterPerson,
    WithdrawEntry,
)
from services.intake.person import as_known
from services.intake.views import (
    HOUSEHOLDS,
    PERMITS,
    PERSONS,
    RESIDENCES,
    VIEWS,
    which_permits_expire,
    who_belongs_together,
    who_is_who,
    who_lives_where,
)
from shared.contracts.model import PersonalClass
from shared.privacy.erasure import erase
from shared.projections.read import Snapshot
from tests.intake.examples import ADELBERG, AICHELBERG, BIRTHDAY, day, first_residence, give_birth, register
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
    return [row["person_id"] for row in who_is_who.find(now.connection, now.tables(PERSONS), q, limit)]


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
        ("Mueller", ["anna"]),
        ("ANNA MUELLER", ["anna"]),
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


def test_a_birthday_narrows_what_is_found(office: Office) -> None:
    twins = [office.record(register(given_name=name, born_on=day("2014-03-01"))) for name in ("Ada", "Bo")]
    office.record(register(given_name="Ada"))
    with office.views() as now:
        found = who_is_who.find(now.connection, now.tables(PERSONS), "muster", 20, day("2014-03-01"))
        assert [row["person_id"] for row in found] == twins
        assert who_is_who.find(now.connection, now.tables(PERSONS), "muster", 20, day("2014-03-02")) == []


# --- names alike --------------------------------------------------------------------------------


def alike(now: Snapshot, q: str, born_on: str | None = None) -> list[tuple[str, bool, bool]]:
    """Given names, and whether the name and the birthday are the same."""
    birthday = None if born_on is None else day(born_on)
    found = who_is_who.alike(now.connection, now.tables(PERSONS), q, 20, birthday)
    return [(row["given_name"], row["same_name"], row["same_birthday"]) for row in found]


def test_names_that_sound_alike_or_differ_by_a_slip(office: Office) -> None:
    for family, given in (("Muster", "Mohammed"), ("Mutser", "Muhamad"), ("Probe", "Mohamed"), ("Muster", "Ali")):
        office.record(register(family_name=family, given_name=given))
    with office.views() as now:
        assert alike(now, "muster mohammed") == [("Mohammed", True, False), ("Muhamad", False, False)]
        assert alike(now, "Mohamad Musster") == [("Mohammed", False, False), ("Muhamad", False, False)]
        assert alike(now, "Muhammad Prob") == [("Mohamed", False, False)]
        assert alike(now, "Bruno Muster") == alike(now, "%") == []


def test_who_was_born_that_day_with_one_name_alike_is_among_the_likely(office: Office) -> None:
    for given, born_on in (("Layla", "2015-01-01"), ("Leyla", "2014-12-31"), ("Omar", "2015-01-01")):
        office.record(register(given_name=given, born_on=day(born_on)))
    with office.views() as now:
        assert alike(now, "Laila Beispiel", "2015-01-01") == [("Layla", False, True)]
        assert alike(now, "Laila Muster", "2015-01-01") == [
            ("Layla", False, True),
            ("Leyla", False, False),
            ("Omar", False, True),
        ]
        assert alike(now, "Uster", "2015-01-01") == [("Layla", False, True), ("Omar", False, True)]
        assert alike(now, "Uster") == [], "nobody says where to look"


def test_the_likeliest_come_first(office: Office) -> None:
    for given, born_on in (
        ("Sarah", "1990-05-17"),
        ("Sara", "1990-05-17"),
        ("Zara", "1990-05-17"),
        ("Sara", "1999-01-01"),
    ):
        office.record(register(given_name=given, born_on=day(born_on)))
    with office.views() as now:
        assert alike(now, "Sara Muster", "1990-05-17") == [
            ("Sara", True, True),
            ("Sarah", True, True),
            ("Zara", False, True),
            ("Sara", True, False),
        ]


# --- what is shown --------------------------------------------------------------------------------


def test_what_is_shown_of_a_person(office: Office, people: dict[str, str]) -> None:
    with office.views() as now:
        assert who_is_who.find(now.connection, now.tables(PERSONS), "berta", 20) == [
            {
                "person_id": people["berta"],
                "family_name": "Muster",
                "given_name": "Berta",
                "file_number": "GP-2015/0043",
                "phone": None,
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
        assert who_is_who.named(now.connection, now.tables(PERSONS), [child])[child]["born_on"] == day("2016-03-01")


# --- households -------------------------------------------------------------------------------


def members(now: Snapshot, household_id: str, on: str) -> list[tuple[str, str | None]]:
    found = who_belongs_together.members(now.connection, now.tables(HOUSEHOLDS), [household_id], day(on))
    return [(row["person_id"], row["relation"]) for row in found[household_id]]


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
        assert spouse in who_belongs_together.ever(now.connection, now.tables(HOUSEHOLDS), home)
        assert who_belongs_together.ever(now.connection, now.tables(HOUSEHOLDS), spouse) == []


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


# --- where they live, what expires ----------------------------------------------------------------


def withdrawn(person_id: Any, entry_id: str) -> WithdrawEntry:
    return WithdrawEntry(person_id=person_id, entry_id=entry_id, reason="not_true", withdrawn_on=day("2018-07-01"))


def home_of(now: Snapshot, person_id: str, on: str) -> Any:
    return who_lives_where.homes(now.connection, now.tables(RESIDENCES), [person_id], day(on)).get(person_id)


def test_the_view_of_where_somebody_lives_says_what_their_record_says(office: Office) -> None:
    person = office.record(register(residence=first_residence("2015-09-10")))
    office.record(
        MoveIn(person_id=person, kind="private", ags=ADELBERG, address="Neu 2", moved_in_on=day("2016-11-01"))
    )
    office.record(MoveOut(person_id=person, destination="abroad", moved_out_on=day("2018-01-01")))
    days = ("2015-09-09", "2015-09-10", "2016-10-31", "2016-11-01", "2016-12-01", "2017-12-31", "2018-01-01")

    def says_the_same() -> None:
        record = as_known(office.history(person))
        assert record is not None
        with office.views() as now:
            for on in days:
                assert home_of(now, person, on) == answers.person(record, day(on))["residence"], on

    says_the_same()
    record = as_known(office.history(person))
    assert record is not None
    first, second, away = (entry.entry_id for entry in record.whereabouts)
    moved = CorrectResidence(
        person_id=person, residence_id=second, kind="follow_up_housing", ags=AICHELBERG, moved_in_on=day("2016-12-01")
    )
    office.record(moved)
    says_the_same()
    for entry in (away, second, first):
        office.record(
            WithdrawEntry(person_id=person, entry_id=entry, reason="not_true", withdrawn_on=day("2018-02-01"))
        )
        says_the_same()


def test_a_permit_expires_unless_another_goes_on(office: Office) -> None:
    person, other = office.record(register()), office.record(register())

    def toleration(until: str | None, whose: Any = person, issued_on: str = "2017-01-01") -> None:
        valid_until = None if until is None else day(until)
        office.record(
            IssueToleration(person_id=whose, section="60a", valid_until=valid_until, issued_on=day(issued_on))
        )

    def expires(until: str, *persons: Any) -> list[tuple[str, str, Any]]:
        with office.views() as now:
            found = which_permits_expire.expiring(now.connection, now.tables(PERMITS), persons, day(until))
        return [(row["person_id"], row["kind"], row["valid_until"]) for row in found]

    toleration("2018-11-10")
    toleration("2018-11-05", other)
    assert expires("2018-11-09", person) == []
    assert expires("2018-11-10", person) == [(person, "toleration", day("2018-11-10"))]
    assert [row[0] for row in expires("2019-01-01", person, other)] == [other, person]
    assert expires("2019-01-01") == []
    toleration("2018-12-31")
    assert expires("2018-12-30", person) == []
    granted = GrantTitle(person_id=person, section="25(2)", valid_until=day("2019-12-31"), granted_on=day("2018-06-01"))
    office.record(granted)
    assert expires("2019-12-30", person) == []
    assert expires("2019-12-31", person) == [(person, "title", day("2019-12-31"))]
    office.record(replace(granted, section="26(3)", valid_until=None))
    assert expires("2199-12-31", person) == []
    record = as_known(office.history(person))
    assert record is not None
    unlimited = record.permits[-1].entry_id
    office.record(
        WithdrawEntry(person_id=person, entry_id=unlimited, reason="not_true", withdrawn_on=day("2018-07-01"))
    )
    assert expires("2199-12-31", person) == [(person, "title", day("2019-12-31"))]


# --- erasure ----------------------------------------------------------------------------------


def everything(now: Snapshot) -> list[list[tuple[Any, ...]]]:
    tables = [getattr(held, field.name) for held in map(now.tables, VIEWS) for field in fields(held)]
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
    office.record(MoveIn(person_id=gone, kind="private", ags=ADELBERG, address="Weg 1", moved_in_on=day("2016-01-01")))
    office.record(MoveOut(person_id=gone, destination="abroad", moved_out_on=day("2017-01-01")))
    office.record(GrantTitle(person_id=gone, section="25(2)", valid_until=None, granted_on=day("2016-01-01")))
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
    home = replace(first_residence("2015-09-10"), address="Geloeschtername 7")
    gone = office.record(
        register(family_name="Geloeschtername", given_name="Xaver", phone="geloeschtername", residence=home)
    )
    with office.views() as now:
        assert found(now, "geloeschtername") == [gone]
    erase(office.keyring, office.store, gone, "test")
    with office.views():
        pass
    kept = b"".join(path.read_bytes() for path in office.directory.glob("*.db*"))
    assert b"eloeschtername" not in kept


def test_every_view_is_named_after_its_service() -> None:
    assert [view.name for view in VIEWS] == [
        "intake.persons",
        "intake.households",
        "intake.residences",
        "intake.permits",
    ]
    assert all(name.startswith("intake.") for view in VIEWS for name in view.types)
