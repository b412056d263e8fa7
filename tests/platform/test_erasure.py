"""Erasing a person on the running platform: gone from every file and every answer; log and figures stay as they were.

``wegmarken erase`` runs as an operator runs it, beside the platform. What was erased is then looked for, byte by
byte, in everything under the data directory: databases and their write-ahead logs, the broker's files, all logs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.supervisor import inherited
from scenarios.small_office import CLERK, HEAD, MANAGER
from services.reporting.figures import FIGURES
from shared.privacy.keyring import open_keyring
from shared.privacy.pseudonyms import pseudonym
from shared.privacy.secrets import PSEUDONYM_KEY, load_secret
from tests.platform import invariants
from tests.platform.office import DAY, HOME, NOBODY, PERSON, PERSONS, SEARCH, TALKS, RunningOffice, problem, talk
from tests.waiting import until

pytestmark = pytest.mark.platform

NAMES = {
    "family_name": "Ächzenbarth-Wolkenstieg",
    "given_name": "Theophrastina",
    "file_number": "ZZ-2016/141421356237309",
    "phone": "+49 7161 271828182845",
}
ADDRESS = "Lindwurmzeile 7, Haus Pfauenauge"
NOTE = "Frau Ächzenbarth sprach\nvon ihrer Schmetterlingszucht."
IN_PLAIN = (
    "chzenbarth",
    "wolkenstieg",
    "theophrastina",
    "141421356237309",
    "271828182845",
    "lindwurmzeile",
    "pfauenauge",
)
IN_THE_NOTE = ("schmetterlingszucht",)
STATISTICS = {"nationality": "Utopistan", "language": "Volapükisch", "accommodation": "Karawanserei Zwirbelturm"}
BORN_ON = "1931-03-17"
COUNTED = ("utopistan", "volap", "zwirbelturm", BORN_ON)
LISTED = COUNTED[1:]
"""Of the statistics what intake's lists show beside names, phones and addresses."""


@dataclass(frozen=True)
class Told:
    """What the platform tells of somebody, asked in every way; the answers' bodies."""

    digest: str
    ledger: Any
    figures: Mapping[str, Any]
    record: Any
    found: list[str]
    talks: Any
    explained: list[Any]
    sealed: Any


@dataclass(frozen=True)
class Erased:
    """Somebody who was erased: what was told of them before and after, and what the command line said."""

    person: Mapping[str, Any]
    case_id: str
    before: Told
    after: Told
    held: Mapping[str, set[str]]
    """Which plain words which file held before."""
    said: str


# --- asking -----------------------------------------------------------------------------------------


def found_by(office: RunningOffice, name: str) -> set[str]:
    """The ids of whoever is found by a name."""
    return {one["person_id"] for one in office.found(SEARCH, {"q": name}, CLERK)["persons"]}


def tell(office: RunningOffice, person: Mapping[str, Any], case_id: str, report_id: str) -> Told:
    """Everything that is asked of somebody, once all is at rest."""
    office.rest()
    figures = {name: office.shown(f"/reporting/v1/figures/{name}?valid_at={DAY}") for name in FIGURES}
    asked = f"/reporting/v1/figures/persons-in-care?valid_at={DAY}&explain=true&limit=1000"
    hers = pseudonym(load_secret(office.data / "secrets", PSEUDONYM_KEY), person["id"])
    return Told(
        digest=office.digest(),
        ledger=office.shown("/reporting/v1/ledger?verify=true", "auditor"),
        figures={name: answer["value"] for name, answer in figures.items()},
        record=office.shown(f"{PERSONS}/{person['id']}", CLERK),
        found=[
            name
            for name in ("Ächzenbarth", "wolkenstieg", "Theophrastina", "ZZ-2016/141421356237309")
            if person["id"] in found_by(office, name)
        ],
        talks=office.found(f"{TALKS}/search", {"case_id": case_id}, MANAGER)["consultations"],
        explained=[line for line in office.shown(asked)["explanation"]["entries"] if line["person"] == hers],
        sealed=office.shown(f"/reporting/v1/reports/{report_id}?verify=true"),
    )


def erase(office: RunningOffice, *arguments: str, **run: Any) -> subprocess.CompletedProcess[str]:
    """``wegmarken erase`` with these arguments, as an operator calls it."""
    return subprocess.run(
        [sys.executable, "-m", "wegmarken", "erase", *arguments],
        env=inherited(WEGMARKEN_DATA=str(office.data)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def plain_in(data: Path, words: tuple[str, ...]) -> dict[str, set[str]]:
    """Which of the words stand in plain text in which file, in any case and in either common coding."""
    wanted = {coded: word for word in words for coded in (word.encode(), word.encode("utf-16-le"))}
    found: dict[str, set[str]] = {}
    for file in data.rglob("*"):
        try:
            content = file.read_bytes().lower() if file.is_file() else b""
        except FileNotFoundError:  # the broker takes files away while we look
            continue
        if here := {word for coded, word in wanted.items() if coded in content}:
            found[str(file.relative_to(data))] = here
    return found


def recorded(office: RunningOffice) -> tuple[dict[str, Any], str, str]:
    """A person alone, unmistakable in every field, advised with a note; then a sealed report."""
    home = {**HOME, "address": ADDRESS, "accommodation": STATISTICS["accommodation"]}
    spoken = {name: STATISTICS[name] for name in ("nationality", "language")}
    person = office.done(PERSONS, {**PERSON, **NAMES, **spoken, "born_on": BORN_ON, "residence": home}, CLERK)
    case_id = office.advise(person, note=NOTE, health=["need"])
    office.rest()
    return person, case_id, office.done("/reporting/v1/reports", {})["id"]


def erased(office: RunningOffice, words: tuple[str, ...], *arguments: str) -> Erased:
    """Record somebody, erase them, and wait until the words are nowhere any more."""
    person, case_id, report_id = recorded(office)
    before = tell(office, person, case_id, report_id)
    held = plain_in(office.data, words)
    done = erase(office, person["id"], "--reason", "request of 01.06.2018", "--yes", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    until(lambda: not plain_in(office.data, words), f"no plain trace, but {plain_in(office.data, words)}", 60)
    return Erased(person, case_id, before, tell(office, person, case_id, report_id), held, done.stdout)


@pytest.fixture(scope="module")
def her(office: RunningOffice) -> Erased:
    """Erased as a request for erasure is met: identity and health; statistics stay."""
    return erased(office, IN_PLAIN + IN_THE_NOTE)


@pytest.fixture(scope="module")
def uncounted(office: RunningOffice, her: Erased) -> Erased:
    """Another of the same names, erased when the retention of statistics is over, too."""
    classes = [part for name in ("identity", "health", "statistics") for part in ("--class", name)]
    return erased(office, IN_PLAIN + IN_THE_NOTE + COUNTED, *classes)


# --- identity and health ----------------------------------------------------------------------------


def test_before_the_erasure_names_stand_in_plain_only_where_persons_are_looked_for(her: Erased) -> None:
    assert set(her.held) <= {"intake.db", "intake.db-wal"}
    assert set().union(*her.held.values()) == set(IN_PLAIN)
    assert len(her.before.found) == 4
    assert her.before.record["phone"] == NAMES["phone"]
    assert [told["note"] for told in her.before.talks] == [NOTE]


def test_no_plain_trace_is_left_in_any_file(office: RunningOffice, her: Erased) -> None:
    assert plain_in(office.data, IN_PLAIN + IN_THE_NOTE) == {}
    for line in her.said.splitlines():
        assert line.split()[0] == "erased", "and the command line names nobody"
    assert NAMES["given_name"] not in her.said


def test_the_log_and_the_ledger_s_chain_stay_as_they_were(her: Erased) -> None:
    assert her.after.digest == her.before.digest
    assert her.after.ledger == her.before.ledger
    assert her.after.ledger["verified"]["broken"] is None


def test_the_record_shows_nulls_and_nobody_finds_her(her: Erased) -> None:
    record, before = her.after.record, her.before.record
    assert record["erased"] is True and before["erased"] is False
    assert {name: record[name] for name in NAMES} == dict.fromkeys(NAMES)
    assert record["residence"]["address"] is None
    kept = ("born_on", "nationality", "category", "household_id", "registered_on", "titles")
    assert [record[name] for name in kept] == [before[name] for name in kept]
    assert her.after.found == []


def test_her_note_and_her_health_are_gone_the_talk_still_counts(her: Erased) -> None:
    (before,), (after,) = her.before.talks, her.after.talks
    gone = {"note": None, "health": None}
    assert after == {**before, **gone, "entries": [{**entry, **gone} for entry in before["entries"]]}


def test_every_figure_stays_while_statistics_may_be_kept(her: Erased) -> None:
    assert her.before.explained, "she counts"
    assert her.after.figures == her.before.figures
    assert her.after.sealed == her.before.sealed
    assert her.after.sealed["verification"]["holds"] is True


def test_explanations_show_an_erased_person(her: Erased) -> None:
    (before,), (after,) = her.before.explained, her.after.explained
    assert (before["erased"], after["erased"]) == (False, True)
    assert after == {**before, "erased": True}


def test_her_household_and_her_phase_can_still_be_asked(office: RunningOffice, her: Erased) -> None:
    (member,) = office.shown(f"/intake/v1/households/{her.person['household_id']}", CLERK)["members"]
    assert (member["family_name"], member["given_name"], member["born_on"]) == (None, None, None)
    phase = office.shown(f"/eligibility/v1/persons/{her.person['id']}", CLERK)
    assert phase["person_id"] == her.person["id"]
    replay = f"/reporting/v1/streams/person-{her.person['id']}/replay"
    stream = office.found(replay, {"reason": "erasure"}, "auditor")
    assert len(stream["steps"]) == her.after.record["revision"] + 1


def test_nothing_more_is_recorded_about_her(office: RunningOffice, her: Erased) -> None:
    path = f"{PERSONS}/{her.person['id']}"
    with office.nothing_stored():
        answer = office.post(f"{path}/notices", {"language": "ar", "given_on": DAY}, CLERK)
        assert problem(answer, 409) == "person-erased"
        noted = talk(case_id=her.case_id, took_part=[her.person["id"]], note="Noch ein Gespräch.")
        assert problem(office.post(TALKS, noted, MANAGER), 409) == "subject-erased"


def test_erasing_again_changes_nothing(office: RunningOffice, her: Erased) -> None:
    before = tombstones(office)
    again = erase(office, her.person["id"], "--reason", "once more", "--yes")
    assert (again.returncode, again.stdout, again.stderr) == (0, "Everything had been erased before.\n", "")
    assert tombstones(office) == before
    assert office.digest() == her.after.digest or office.head() > her.after.ledger["position"]


# --- statistics, too --------------------------------------------------------------------------------


def test_of_statistics_only_what_lists_show_stood_in_plain_beside_the_names(uncounted: Erased) -> None:
    assert set().union(*uncounted.held.values()) == {*IN_PLAIN, *LISTED}
    assert set(uncounted.held) <= {"intake.db", "intake.db-wal"}


def test_who_is_erased_in_statistics_is_no_longer_counted(uncounted: Erased) -> None:
    before, after = uncounted.before.figures, uncounted.after.figures
    assert after["persons-in-care"]["persons"] == before["persons-in-care"]["persons"] - 1
    assert after["persons-contacted"]["total"] == before["persons-contacted"]["total"] - 1
    unconcerned = ("staff", "grant", "teams", "municipalities", "overdue-occupants")
    assert {name: after[name] for name in unconcerned} == {name: before[name] for name in unconcerned}
    assert (len(uncounted.before.explained), uncounted.after.explained) == (1, [])


def test_a_sealed_report_keeps_its_totals_and_says_why_they_cannot_be_counted_again(uncounted: Erased) -> None:
    before, after = uncounted.before.sealed, uncounted.after.sealed
    for name in ("figures", "digest", "chain", "position", "definition"):
        assert after[name] == before[name]
    verified = after["verification"]
    assert before["verification"]["holds"] and not verified["holds"]
    assert verified["digest"] and verified["chain"] and verified["definition"] and not verified["figures"]
    assert verified["erasures_since"] == before["verification"]["erasures_since"] + 2, "she and her case"


def test_the_log_stays_even_so(uncounted: Erased) -> None:
    assert uncounted.after.digest == uncounted.before.digest
    assert uncounted.after.ledger == uncounted.before.ledger


def test_her_record_is_empty_but_no_failure(office: RunningOffice, uncounted: Erased) -> None:
    record = uncounted.after.record
    for name in (*NAMES, "born_on", "nationality", "language", "category", "sex"):
        assert record[name] is None
    assert record["residence"] == {
        **dict.fromkeys(("kind", "ags", "accommodation", "address")),
        "residence_id": record["residence"]["residence_id"],
        "moved_in_on": HOME["moved_in_on"],
    }
    (told,) = uncounted.after.talks
    assert (told["minutes"], told["topics"], told["note"]) == (None, None, None)
    person = f"/eligibility/v1/persons/{uncounted.person['id']}"
    assert problem(office.get(person, CLERK), 404) == "person-erased"


# --- others -----------------------------------------------------------------------------------------


def test_an_erased_employee_s_name_is_nowhere(office: RunningOffice) -> None:
    name, words = "Ottokarine Flunkerbein", ("ottokarine", "flunkerbein")
    hired = {"account": "probe.erased", "name": name, "qualification": "graduate", "joined_on": DAY}
    employee_id = office.done("/casework/v1/employees", hired)["id"]
    office.rest()
    assert set(plain_in(office.data, words)) <= {"casework.db", "casework.db-wal"}
    assert name in {one["name"] for one in office.shown("/casework/v1/employees", HEAD)["employees"]}
    before = office.digest()
    assert erase(office, employee_id, "--reason", "retention", "--yes").returncode == 0
    until(lambda: not plain_in(office.data, words), "no plain trace", 60)
    assert office.digest() == before
    joining = office.filled({"team_id": "{team}", "since": DAY})
    refused = office.post(f"/casework/v1/employees/{employee_id}/team", joining)
    assert problem(refused, 404) == "unknown-employee"
    assert problem(office.post("/casework/v1/employees", hired), 409) == "account-taken"
    assert employee_id not in {one["employee_id"] for one in office.shown("/casework/v1/employees")["employees"]}


def test_a_projector_that_was_away_follows_the_erasure_when_it_is_back(office: RunningOffice) -> None:
    words = ("quendolin",)
    person = office.register(given_name="Quendolin")
    office.rest()
    assert set(plain_in(office.data, words)) <= {"intake.db", "intake.db-wal"} != set()
    supervisor = office.machine.supervisor
    supervisor.kill("projector", hold=True)
    assert erase(office, person["id"], "--reason", "probe", "--yes").returncode == 0
    record = office.get(f"{PERSONS}/{person['id']}", CLERK).json()
    assert (record["given_name"], record["erased"]) == (None, True), "the keys are gone at once"
    assert plain_in(office.data, words), "but intake's own table waits for the projector"
    supervisor.release("projector")
    supervisor.wait_ready("projector")
    until(lambda: not plain_in(office.data, words), "no plain trace", 60)


def test_others_stay_as_they_were(office: RunningOffice, her: Erased, uncounted: Erased) -> None:
    family = office.filled(f"{PERSONS}/{{person}}")
    assert office.shown(family, CLERK)["family_name"] == "Messlatte"
    assert office.ids["person"] in found_by(office, "messlatte")


def test_after_erasures_every_view_equals_a_fresh_fold(office: RunningOffice, her: Erased, uncounted: Erased) -> None:
    office.rest()
    invariants.assert_every_view_equals_a_fresh_fold(office.data)


def test_an_unknown_person_is_one_clear_line(office: RunningOffice) -> None:
    before = tombstones(office)
    done = erase(office, NOBODY, "--reason", "probe", "--yes")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Error: there is no person and no employee {NOBODY}\n"
    assert tombstones(office) == before


@pytest.mark.parametrize("arguments", [(), ("--yes",), ("--reason", "probe"), ("--reason", "x", "--class", "all")])
def test_without_a_reason_and_a_yes_nothing_is_erased(office: RunningOffice, arguments: tuple[str, ...]) -> None:
    before = tombstones(office)
    done = erase(office, office.ids["person"], *arguments)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert tombstones(office) == before


def tombstones(office: RunningOffice) -> list[Any]:
    """Every erasure that the key ring knows."""
    keyring = open_keyring(f"sqlite:///{office.data / 'keys.db'}", {})
    try:
        return list(keyring.erasures())
    finally:
        keyring.close()
