"""Figures in words: how numbers are written, what a chart draws and says, and what the addresses of the pages keep."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.portal.figures import charts, explained, in_words, sparks
from services.portal.figures.looking import Looking, months_before
from services.portal.language.words import words
from services.portal.web.as_of import AsOf
from services.portal.web.sheet import as_cell

DE, EN = words("de"), words("en")
TODAY = date(2018, 11, 5)


@pytest.mark.parametrize(
    ("value", "unit", "german", "english"),
    [
        (1024, "count", "1.024", "1,024"),
        (8.05, "fte", "8,05", "8.05"),
        (10.0, "fte", "10,00", "10.00"),
        (174.2, "per_fte", "174,2", "174.2"),
        (0.3333, "share", "33,3 %", "33.3 %"),
        ("815185.00", "euro", "815.185,00 €", "€815,185.00"),
        (4.0, "times", "4,00", "4.00"),
        (None, "per_fte", "–", "–"),
    ],
)
def test_a_number_is_written_as_people_write_it(value: in_words.Value, unit: str, german: str, english: str) -> None:
    said = [in_words.written(value, unit, each).replace("\N{NO-BREAK SPACE}", " ") for each in (DE, EN)]
    assert said == [german, english]


def test_a_difference_has_a_sign() -> None:
    said = [in_words.signed(value, "count", DE) for value in (1007, -13, 0, None)]
    assert said == ["+1.007", "−13", "±0", "–"]


def test_in_a_spreadsheet_a_number_is_one() -> None:
    assert [as_cell(in_words.cell(value), ",") for value in (1024, 8.05, "-815185.00", None)] == [
        "1024",
        "8,05",
        "-815185,00",
        None,
    ]
    assert as_cell(Decimal("8.05"), ".") == "8.05"
    assert as_cell("=1+1", ",") == "'=1+1"


def test_what_is_hidden_is_a_dot_and_what_has_no_meaning_a_dash() -> None:
    answer = {"quantities": {"total": {"unit": "count", "de": "Personen", "en": "persons"}}}
    assert in_words.number(answer, "total", None, DE, hidden=True).text == "·"
    assert in_words.number(answer, "total", None, DE).text == "–"
    assert in_words.number(answer, "total", 0, DE, hidden=True).text == "0"


# --- charts -------------------------------------------------------------------------------------


def series(name: str, *points: tuple[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A series as reporting answers it, with a label for each key."""
    keys = dict.fromkeys(key for _, value in points for key in value)
    told = [
        {
            "from": f"{day[:7]}-01",
            "valid_at": day,
            "value": value,
            "in_period": value,
            "suppressed": None in value.values(),
        }
        for day, value in points
    ]
    return {
        "series": name,
        "title": {"de": "Titel", "en": "Title"},
        "quantities": {key: {"unit": "count", "de": f"{key} de", "en": f"{key} en"} for key in keys},
        "points": told,
    } | more


def months(year: int, first: int, *values: int | None, key: str = "total") -> list[tuple[str, dict[str, Any]]]:
    """The ends of months from one on."""
    ends = (months_before(date(year, first, 1), -n - 1).toordinal() - 1 for n in range(len(values)))
    return [(date.fromordinal(end).isoformat(), {key: value}) for end, value in zip(ends, values, strict=True)]


def test_a_chart_begins_where_something_was_counted() -> None:
    chart = charts.over_time(series("persons-contacted", *months(2017, 1, *[0] * 12, *range(1, 13))), DE)
    assert (chart.labels[0], chart.labels[-1], len(chart.labels)) == ("Januar 2018", "Dezember 2018", 12)
    assert len(charts.over_time(series("persons-contacted", *months(2017, 1, *[0] * 24)), DE).labels) == 24


def test_the_axis_names_few_months_and_a_year() -> None:
    def ticks(first: int, many: int) -> list[str]:
        chart = charts.over_time(series("persons-contacted", *months(2018, first, *[1] * many)), DE)
        return [tick for tick in chart.ticks if tick]

    assert ticks(2, 6) == ["Feb 2018", "Mär", "Apr", "Mai", "Jun", "Jul"]
    assert ticks(1, 36) == ["2018", "Jul", "2019", "Jul", "2020", "Jul"]
    assert all(len(ticks(first, many)) <= charts.MOST_TICKS for first in range(1, 13) for many in (3, 9, 20, 36))


def test_a_month_that_is_not_over_is_told_from_the_others() -> None:
    whole = charts.over_time(series("persons-contacted", *months(2018, 1, 1, 2, 3)), DE)
    begun = charts.over_time(series("persons-contacted", *months(2018, 1, 1, 2), ("2018-03-05", {"total": 3})), DE)
    assert (whole.partial, begun.partial) == (False, True)
    assert begun.labels[-1] == "05.03.2018"


def test_the_table_behind_a_chart_and_its_sentence_say_the_same_numbers() -> None:
    chart = charts.over_time(series("persons-contacted", *months(2018, 1, 1000, 3, 7)), DE)
    assert chart.rows == [("Januar 2018", ["1.000"]), ("Februar 2018", ["3"]), ("März 2018", ["7"])]
    assert json.loads(chart.data)["strands"] == [{"name": "total de", "values": [1000.0, 3.0, 7.0]}]
    assert chart.sentence == "total de: 1.000 (Januar 2018), höchstens 1.000 (Januar 2018), 7 (März 2018)."


def test_what_is_hidden_is_marked_in_the_chart_and_in_the_table() -> None:
    chart = charts.over_time(series("persons-contacted", *months(2018, 1, 9, None, 7)), DE)
    assert json.loads(chart.data)["hidden"] == [1]
    assert chart.rows[1] == ("Februar 2018", ["·"])
    assert "höchstens 9" in chart.sentence


def test_thin_bands_are_drawn_as_one_and_keep_their_columns() -> None:
    value = {"total": 1003, "a.x": 500, "b.x": 300, "c.x": 100, "d.x": 90, "e.x": 10, "f.x": 2, "g.x": 1}
    chart = charts.over_time(series("population", ("2018-01-31", value), ("2018-02-28", value)), EN)
    assert [strand.name for strand in chart.strands] == [f"{key} en" for key in list(value)[1:]]
    assert [name for name, _ in chart.drawn] == ["a.x en", "b.x en", "c.x en", "d.x en", "all others"]
    assert chart.drawn[-1][1] == [13, 13]


def test_teams_stand_in_order_of_their_names_topics_in_that_of_their_size() -> None:
    def quantity(team: str, label: str) -> dict[str, str]:
        return {"unit": "per_fte", "de": f"{team}: {label}", "en": f"{team}: {label}", "team": team}

    teams = {
        "figure": "caseload-by-team",
        "title": {"de": "Schlüssel", "en": "Ratio"},
        "value": {"2.housed": 9.0, "2.with_overdue_occupants": 12.0, "1.housed": 5.0, "1.fte": 2.0},
        "quantities": {
            "2.housed": quantity("Ufer", "je VZÄ"),
            "2.with_overdue_occupants": quantity("Ufer", "mit allen"),
            "1.housed": quantity("Ähre", "je VZÄ"),
            "1.fte": quantity("Ähre", "VZÄ"),
        },
    }
    chart = charts.side_by_side(teams, DE)
    assert chart.rows == [("Ähre", ["5,0", ""]), ("Ufer", ["9,0", "12,0"])]
    assert [name for name, _ in chart.drawn] == ["ohne Fehlbeleger", "mit Fehlbelegern"]
    counted = {"figure": "topics", "title": {"de": "Themen"}, "value": {"health": 3, "housing": 1553}}
    said = {"health": {"unit": "count", "de": "Gesundheit"}, "housing": {"unit": "count", "de": "Wohnen"}}
    ranked = charts.side_by_side({**counted, "quantities": said}, DE)
    assert ranked.rows == [("Wohnen", ["1.553"]), ("Gesundheit", ["3"])]
    assert ranked.sentence == "Themen: Wohnen 1.553, Gesundheit 3."


def test_a_spark_stands_on_zero_and_leaves_gaps() -> None:
    course = series("persons-contacted", *months(2018, 1, 5, None, 10, 10))
    drawn = sparks.spark(course, "total", DE)
    assert drawn is not None
    assert drawn.line == "M0.0 15.0 M66.67 1.0L100.0 1.0"
    assert (drawn.end, drawn.since, drawn.until) == ("M100.0 1.0h0", "Januar 2018", "April 2018")
    assert sparks.spark(series("persons-contacted", *months(2018, 1, 0, 0)), "total", DE) is None


# --- explanations ----------------------------------------------------------------------------------


def test_every_rule_and_line_of_an_explanation_has_words() -> None:
    said = {rule: explained.because(rule, "total", DE) for rule in ("R6", "R12", "outreach", "a-rule-of-tomorrow")}
    assert said == {
        "R6": "weil 24 Monate seit Aufnahme durch den Landkreis vergangen sind",
        "R12": "wohnt noch in einer Gemeinschaftsunterkunft, obwohl der Auszug möglich ist",
        "outreach": "aufsuchend, zu Hause",
        "a-rule-of-tomorrow": "a-rule-of-tomorrow",
    }


def test_what_was_decided_by_hand_is_not_said_to_be_in_doubt() -> None:
    in_doubt, by_hand = "weil etwas fehlt oder sich widerspricht", "weil jemand so entschieden hat"
    lines = {"manual_review.private": in_doubt, "follow_up.private": by_hand, "total": by_hand}
    assert {line: explained.because("R13", line, DE) for line in lines} == lines


def test_a_page_says_which_rows_it_shows() -> None:
    rows = [{"line": "total", "amount": 1, "person": "P-1", "erased": False, "since": None, "events": [], "rule": "R6"}]
    answer = series("x") | {"explanation": {"entries": rows, "total": 51, "next": None}}
    page = explained.entries(answer, 50, DE)
    assert (page.first, page.last, page.total, page.before, page.next) == (51, 51, 51, 25, None)


# --- addresses ---------------------------------------------------------------------------------------


def test_links_keep_the_dates_and_for_whom() -> None:
    at = Looking(AsOf(date(2018, 7, 31), 37005), TODAY, for_council=True)
    assert at.link(ab=25, zeile=None) == "?stichtag=2018-07-31&wissensstand=37005&fuer=rat&ab=25"
    assert Looking(AsOf(), TODAY).query == ""
    assert at.asked == {"valid_at": date(2018, 7, 31), "known_at": 37005, "audience": "council"}


def test_a_slider_stops_at_the_ends_of_months_and_today() -> None:
    stops = Looking(AsOf(), TODAY).stops
    assert (stops[0], stops[-2], stops[-1], len(stops)) == (date(2014, 11, 30), date(2018, 10, 31), TODAY, 49)
