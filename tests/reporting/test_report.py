"""The whole report: its shape, its words, its seal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from click.testing import CliRunner
from rich.console import Console

from services.reporting import cli, sealed
from services.reporting.figures import FIGURES
from services.reporting.figures.topics import LABELS
from services.reporting.report import GOEPPINGEN_2018, REPORTS, SHAPES, Report, evaluate, on_one_day
from services.reporting.sealed import Seal, digest
from services.reporting.table import table
from services.reporting.views import VIEWS
from shared.api.said import Language
from shared.contracts.casework import Topic
from shared.contracts.reporting import ReportSealed
from shared.projections import registry
from shared.projections.engine import open_engine
from shared.projections.runner import Runner
from tests.given import given
from tests.reporting.histories import (
    ADELBERG,
    SALACH,
    History,
    awarded,
    case_opened,
    contract,
    employee,
    moved_in,
    phase,
    registered,
    serves,
    snapshot,
    talk,
    team,
)

SPRING, NOVEMBER = date(2017, 3, 1), date(2018, 11, 1)
FIGURES_SHOWN = {
    "persons_in_care": {"2017-09-15": 1, "2018-05-31": 2, "2018-07-31": 2},
    "persons_contacted": {"2018-07-31": {"total": 2, "single": 1, "family": 1}},
    "outreach_share": 0.3333,
    "consultations_per_case": {"family": 2.0, "single": 1.0, "ratio": 2.0},
    "topics": [["children", 2], ["work", 2], ["social_participation", 1]],
    "staff": {"2018-08-01": {"persons": 1, "fte": 0.64}, "2018-11-01": {"persons": 2, "fte": 1.64}},
    "grant": {"total": "815185.00", "fte_graduate": 0.64, "fte_intermediate": 1.0, "committed": "91960.00"},
    "caseload_per_fte": {"2018-08-01": 3.1, "2018-11-01": {"housed": 1.2, "with_overdue_occupants": 1.8}},
    "overdue_occupants": {"2018-11-01": 1},
    "teams": 1,
    "municipalities": {"district": 1, "own": 1},
}


@pytest.fixture(scope="module")
def history() -> History:
    history = History().day(NOVEMBER)
    history.record(serves(ADELBERG), serves(SALACH, "own"), team("north"))
    for person, household, since in (("ada", "one", SPRING), ("ben", "two", date(2018, 5, 31))):
        history.record(registered(person, household), phase(person, since), moved_in(person, since))
    history.record(registered("cem", "two"), phase("cem", SPRING))
    history.record(moved_in("cem", SPRING, "shared_accommodation", SALACH), case_opened("one"), case_opened("two"))
    day, topics = date(2018, 4, 1), ("labour_market", "children")
    history.record(talk("1", "one", day, "ada", setting="outreach", topics=topics))
    history.record(
        talk("2", "two", day, "ben", topics=topics), talk("3", "two", day, "ben", topics=("social_participation",))
    )
    history.record(employee("eva"), contract("eva", "0.64", date(2018, 8, 1)))
    history.record(employee("eli", "intermediate"), contract("eli", "1.00", NOVEMBER))
    history.record(awarded("grant", "815185.00", date(2018, 2, 1), date(2019, 1, 31)))
    return history


@pytest.fixture(scope="module")
def report(history: History) -> Report:
    with history.folded() as engine, snapshot(engine) as now:
        return evaluate(now, GOEPPINGEN_2018)


def document(report: Report) -> Any:
    """As it comes out of the API."""
    return orjson.loads(orjson.dumps(report.document))


def test_the_figures_have_the_shape_and_the_words_of_the_demonstration(history: History, report: Report) -> None:
    assert report.figures == FIGURES_SHOWN
    assert list(report.figures) == list(FIGURES_SHOWN)
    assert report.position == len(history.stored)


def test_the_document_has_every_number_line_by_line(report: Report) -> None:
    lines = {(line["figure"], line["valid_at"]): line["value"] for line in document(report)["lines"]}
    assert lines["caseload-per-fte", "2018-11-01"]["with_overdue_occupants_outside_towns"] == 1.2
    assert lines["grant", "2018-11-01"]["free"] == "723225.00"


def test_an_empty_log_has_a_report_too() -> None:
    with History().folded() as engine, snapshot(engine) as now:
        figures = evaluate(now, GOEPPINGEN_2018).figures
    assert figures["outreach_share"] is None
    assert figures["caseload_per_fte"]["2018-11-01"] == {"housed": None, "with_overdue_occupants": None}


def test_a_report_of_the_past_is_the_one_that_was_given_then(history: History, report: Report) -> None:
    """Positions are exact: later events do not change what was known."""
    longer = History()
    longer.stored, longer.sealer = [*history.stored], history.sealer
    longer.record(registered("dia", "three"), phase("dia", SPRING), moved_in("dia", SPRING))
    with longer.folded() as engine, snapshot(engine) as now:
        assert evaluate(now, GOEPPINGEN_2018).canonical != report.canonical
        again = evaluate(now, GOEPPINGEN_2018, known_at=report.position)
    assert (again.canonical, again.position) == (report.canonical, report.position)


def test_views_at_different_positions_know_what_all_of_them_have_read(history: History) -> None:
    with history.folded() as engine:
        with engine.begin() as connection:
            behind = registry.live_generation(connection, VIEWS[0])
            registry.change(connection, behind, position=7)
        with snapshot(engine) as now:
            found, expected = evaluate(now, GOEPPINGEN_2018), evaluate(now, GOEPPINGEN_2018, known_at=7)
    assert (found.position, found.canonical) == (7, expected.canonical)


def test_on_another_day_every_figure_appears_once(history: History) -> None:
    with history.folded() as engine, snapshot(engine) as now:
        found = evaluate(now, on_one_day(GOEPPINGEN_2018, NOVEMBER))
    reported = {line.figure for line in GOEPPINGEN_2018.lines}
    assert [line.line.figure for line in found.lines] == [name for name in FIGURES if name in reported]
    assert len(found.lines) == 11
    assert found.figures["persons_in_care"] == {"2018-11-01": 2}


def test_tables_of_names_are_complete() -> None:
    assert set(SHAPES) == {line.figure for report in REPORTS.values() for line in report.lines}
    assert set(LABELS) == set(get_args(Topic))


# --- the table ------------------------------------------------------------------------------------


def printed(report: Report, language: Language) -> str:
    console = Console(width=140)
    with console.capture() as capture:
        console.print(table(document(report), language))
    return re.sub(r"[ \xa0]+", " ", capture.get())


def test_the_table_speaks_german_and_english(report: Report) -> None:
    german, english = printed(report, "de"), printed(report, "en")
    for line in (
        "Zu betreuende Personen 15.09.2017 1 Personen",
        "33,3 % Anteil",
        "815.185,00 € bewilligt",
        "1,64 Vollzeitäquivalente",
        "1,8 mit allen Fehlbelegern",
        "2 Arbeit",
    ):
        assert line in german
    for line in ("Persons to be looked after 2017-09-15 1 persons", "33.3% share", "€815,185.00 awarded", "2 work"):
        assert line in english


# --- the command line -----------------------------------------------------------------------------


@pytest.fixture
def data(history: History, tmp_path: Path) -> Path:
    engine = open_engine(f"sqlite:///{tmp_path}/reporting.db", writing=True)
    Runner(engine, VIEWS, history).catch_up()
    engine.dispose()
    return tmp_path


def run(data: Path, *arguments: str) -> Any:
    return CliRunner().invoke(cli.report, arguments, env={"WEGMARKEN_DATA": str(data), "COLUMNS": "140"})


def test_wegmarken_report_prints_the_table_or_the_same_as_json(data: Path, report: Report) -> None:
    assert "Betreuungsschlüssel" in run(data).output
    assert orjson.loads(run(data, "--json").output) == document(report)


def test_wegmarken_report_asks_other_dates(data: Path) -> None:
    found = orjson.loads(run(data, "--json", "--valid-at", "2018-11-01", "--known-at", "2018-10-31").output)
    assert found["figures"]["persons_in_care"] == {"2018-11-01": 0}
    assert orjson.loads(run(data, "--json", "--known-at", "3").output)["position"] == 3


@pytest.mark.parametrize("known_at", ["yesterday", "2018-02-30", "-1"])
def test_wegmarken_report_refuses_what_is_no_date(data: Path, known_at: str) -> None:
    refused = run(data, "--known-at", known_at)
    assert refused.exit_code == 2
    assert "neither a date" in refused.output


def test_wegmarken_report_says_when_there_is_nothing_yet(tmp_path: Path) -> None:
    missing = run(tmp_path)
    assert missing.exit_code == 1
    assert "is not there yet" in missing.output


# --- the seal -------------------------------------------------------------------------------------

SEAL = Seal(
    report_id="8b6c1f3e-0000-4000-8000-000000000000",
    definition="probe/1",
    position=7,
    chain="ab" * 32,
    figures='{"teams":5}',
    sealed_on=NOVEMBER,
)
SEALED = ReportSealed(
    report_id=SEAL.report_id,
    definition=SEAL.definition,
    position=SEAL.position,
    chain=SEAL.chain,
    figures=SEAL.figures,
    digest=digest(SEAL.definition, SEAL.position, SEAL.chain, SEAL.figures),
    occurred_on=NOVEMBER,
)


def test_sealing_a_report_keeps_figures_position_chain_and_digest() -> None:
    given(sealed.decider).when(SEAL).then(SEALED)


def test_a_report_is_sealed_once() -> None:
    given(sealed.decider, SEALED).when(SEAL).then_refused("report-already-sealed", report=SEAL.report_id)


def test_a_check_names_the_part_of_the_seal_that_does_not_hold() -> None:
    fine = sealed.checks(SEALED, definition=SEAL.definition, figures=SEAL.figures, chain=SEAL.chain)
    assert all(fine.values())
    gone = sealed.checks(SEALED, definition=None, figures=None, chain="cd" * 32)
    assert gone == {"digest": True, "chain": False, "definition": False, "figures": False}
    forged = sealed.checks(
        replace(SEALED, figures="{}"), definition=SEAL.definition, figures=SEAL.figures, chain=SEAL.chain
    )
    assert forged == {"digest": False, "chain": True, "definition": True, "figures": False}


def test_the_digest_notices_every_change() -> None:
    parts: tuple[Any, ...] = (SEAL.definition, SEAL.position, SEAL.chain, SEAL.figures)
    others: tuple[Any, ...] = ("probe/2", 8, "cd" * 32, '{"teams":6}')
    changed = {digest(*(*parts[:n], other, *parts[n + 1 :])) for n, other in enumerate(others)}
    assert SEALED.digest not in changed and len(changed) == 4
