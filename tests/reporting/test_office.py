"""Staff, grant, caseload, teams and municipalities."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from services.reporting.as_of import AsOf
from services.reporting.figures import caseload_per_fte
from services.reporting.figures.model import Sums
from services.reporting.presentation import rounded, value_as_json
from tests.reporting.histories import (
    ADELBERG,
    AICHELBERG,
    SALACH,
    History,
    awarded,
    contract,
    contract_ended,
    employee,
    moved_in,
    phase,
    registered,
    serves,
    team,
)

DAY = timedelta(days=1)
START, END, AUGUST, NOVEMBER = date(2018, 2, 1), date(2018, 5, 31), date(2018, 8, 1), date(2018, 11, 1)
RULE = date(2018, 10, 1)

TEN_OF_AUGUST = {
    "graduate": ["1.00", ".90", ".80", ".77", ".64", ".64", ".54"],
    "intermediate": ["1.00", "1.00", ".76"],
}
NEW_BY_NOVEMBER = {"graduate": ["1.00", ".80", "1.00", "1.00", ".85"], "intermediate": [".75"]}


@pytest.fixture(scope="module")
def office() -> History:
    """The staff of 2018: ten on 1 August, one of whom starts that day, sixteen on 1 November."""
    history = History().day(START)
    history.record(awarded("grant", "815185.00", START, date(2019, 1, 31)))
    first_days = {"a graduate 0": AUGUST}
    for when, start, people in (("a", START, TEN_OF_AUGUST), ("n", date(2018, 10, 15), NEW_BY_NOVEMBER)):
        for qualification, shares in people.items():
            for n, fte in enumerate(shares):
                name = f"{when} {qualification} {n}"
                history.record(employee(name, qualification), contract(name, fte, first_days.get(name, start)))  # type: ignore[arg-type]
    for name, fte in (("left in May", "1.00"), ("left in July", ".80")):
        history.record(employee(name), contract(name, fte, START))
        history.record(contract_ended(name, START, END if "May" in name else date(2018, 7, 15)))
    return history


def test_ten_persons_on_the_first_of_august_and_sixteen_in_november(office: History) -> None:
    assert office.figure("staff", AUGUST) == {"persons": 10, "fte": Decimal("8.05")}
    assert office.figure("staff", NOVEMBER) == {"persons": 16, "fte": Decimal("13.45")}


def test_the_staff_of_november_commit_all_but_fifteen_euros(office: History) -> None:
    assert office.figure("grant", NOVEMBER) == {
        "total": Decimal("815185.00"),
        "fte_graduate": Decimal("9.94"),
        "fte_intermediate": Decimal("3.51"),
        "committed": Decimal("815170.00"),
        "free": Decimal("15.00"),
    }


@pytest.mark.parametrize(("day", "persons"), [(START - DAY, 0), (START, 1), (END, 1), (END + DAY, 0)])
def test_first_and_last_day_of_a_contract_are_included(day: date, persons: int) -> None:
    history = History()
    history.record(employee("eva"), contract("eva", "0.64", START, END))
    assert history.figure("staff", day)["persons"] == persons


def test_the_last_day_of_a_contract_that_ended_early_is_included() -> None:
    history = History().day(START)
    history.record(employee("eva"), contract("eva", "0.64", START, NOVEMBER))
    ended = history.day(AUGUST).record(contract_ended("eva", START, END))

    def persons(on: date, known_at: date | int | None = None) -> object:
        return history.figure("staff", on, known_at)["persons"]

    assert (persons(END), persons(END + DAY)) == (1, 0)
    assert persons(END + DAY, known_at=ended - 1) == 1
    assert persons(END + DAY, known_at=AUGUST - DAY) == 1
    assert persons(END + DAY, known_at=AUGUST) == 0


def test_two_contracts_of_one_person_are_one_person() -> None:
    history = History()
    history.record(employee("eva"), contract("eva", "0.50", START), contract("eva", "0.25", START + DAY))
    assert history.figure("staff", AUGUST) == {"persons": 1, "fte": Decimal("0.75")}


def test_there_is_no_grant_outside_its_time(office: History) -> None:
    assert office.figure("grant", START - DAY)["total"] == 0
    assert office.figure("grant", date(2019, 2, 1))["total"] == 0


def test_two_grants_that_run_at_once_add_up_at_the_rates_of_the_last() -> None:
    history = History()
    history.record(awarded("first", "100000", START, NOVEMBER), awarded("more", "50000", AUGUST, NOVEMBER, "70000"))
    history.record(employee("eva"), contract("eva", "0.50", START))
    found = history.figure("grant", AUGUST)
    assert (found["total"], found["committed"]) == (150000, 35000)
    assert history.figure("grant", START)["committed"] == 32000


# --- caseload -------------------------------------------------------------------------------------


def of(in_care: int, fte: str, outside: int = 0, inside: int = 0, on: date = NOVEMBER) -> dict[str, object]:
    """The caseload's numbers as shown, from given sums."""
    sums = Sums()
    for line, amount in (
        ("in_care", in_care),
        ("fte", fte),
        ("district_municipalities", outside),
        ("own_service_towns", inside),
    ):
        sums.add(line, Decimal(amount))
    value = caseload_per_fte.value(sums, AsOf(valid_at=on, position=1))
    return value_as_json(caseload_per_fte.FIGURE, value)


def test_the_ratios_of_2018() -> None:
    assert of(1402, "8.05", 900, 900, on=AUGUST) == {"housed": 174.2}
    assert of(1404, "13.45", 314, 300) == {
        "housed": 104.4,
        "with_overdue_occupants": 150.0,
        "with_overdue_occupants_outside_towns": 127.7,
    }


def test_without_staff_there_is_no_ratio() -> None:
    assert set(of(1402, "0").values()) == {None}


def test_overdue_occupants_are_counted_from_the_first_of_october() -> None:
    history = History()
    history.record(serves(ADELBERG, "district"), serves(SALACH, "own"), employee("eva"), contract("eva", "0.50", START))
    for person, kind, ags in (
        ("ada", "follow_up_housing", ADELBERG),
        ("ben", "shared_accommodation", ADELBERG),
        ("cem", "shared_accommodation", SALACH),
    ):
        history.record(registered(person, person), phase(person, START), moved_in(person, START, kind, ags))  # type: ignore[arg-type]
    assert history.figure("caseload-per-fte", RULE - DAY) == {"housed": 2}
    assert history.figure("caseload-per-fte", RULE) == {
        "housed": 2,
        "with_overdue_occupants": 6,
        "with_overdue_occupants_outside_towns": 4,
    }


@pytest.mark.parametrize(
    ("number", "places", "shown"),
    [
        (Fraction(1, 3), 4, "0.3333"),
        (Fraction(1, 2), 0, "1"),
        (Decimal("0.005"), 2, "0.01"),
        (Fraction(2005, 1000), 2, "2.01"),
        (Decimal("-0.005"), 2, "0.00"),
        (7, 1, "7.0"),
    ],
)
def test_rounding_is_half_up_and_exact(number: Fraction | Decimal | int, places: int, shown: str) -> None:
    assert str(rounded(number, places)) == shown


# --- teams and municipalities ---------------------------------------------------------------------


def test_teams_formed_by_the_day() -> None:
    history = History()
    history.record(team("north"), team("south", AUGUST))
    assert [history.figure("teams", day)["teams"] for day in (START, AUGUST)] == [1, 2]


def test_the_service_of_the_day_counts_and_of_one_day_the_last_said() -> None:
    history = History()
    history.record(serves(ADELBERG), serves(AICHELBERG), serves(SALACH), serves(SALACH, "own"))
    changed = history.record(serves(AICHELBERG, "own", AUGUST))
    assert history.figure("municipalities", START) == {"district": 2, "own": 1}
    assert history.figure("municipalities", AUGUST) == {"district": 1, "own": 2}
    assert history.figure("municipalities", AUGUST, known_at=changed - 1) == {"district": 2, "own": 1}
