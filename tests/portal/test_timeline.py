"""A person's history as lines: one per command, chains of corrections, what followed from what."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.portal.language.words import words
from services.portal.records import timeline
from services.portal.records.timeline import Changed, Moment, Told

GERMAN = words("de")
HOME = {"residence_id": "r1", "kind": "private", "ags": "08117024", "accommodation": None, "address": "Weg 1"}


def event(event_id: str, event_type: str, on: str = "2018-01-10", **more: Any) -> dict[str, Any]:
    links = {"corrects": None, "changed": [], "corrected_by": None, "withdrawn_by": None}
    linked = {name: more.pop(name) for name in links if name in more}
    return {"event_id": event_id, "type": event_type, "occurred_on": on, "fields": more, **links, **linked}


def entry(*events: dict[str, Any], learnt_on: str = "2018-02-01", own: bool = False) -> dict[str, Any]:
    recorded_at = f"{learnt_on}T09:00:00+00:00"
    of_command = {"command_id": "c", "occurred_on": events[0]["occurred_on"], "position": 1}
    return {**of_command, "recorded_at": recorded_at, "learnt_on": learnt_on, "own": own, "events": list(events)}


def determined(caused_by: str, as_of: str, *changed: str, **what: Any) -> dict[str, Any]:
    said = {"phase": "follow_up", "since": "2018-01-15", "rule": "R6", "legal_basis": "§ 9 (1) Nr. 4 FlüAG", **what}
    times = {"as_of": as_of, "learnt_on": as_of, "recorded_at": f"{as_of}T09:00:00+00:00"}
    return {"caused_by": caused_by, "position": 7, "determined": said, "changed": list(changed), **times}


def lines(*recorded: dict[str, Any], made: tuple[dict[str, Any], ...] = (), until: date | None = None) -> list[Moment]:
    return timeline.lines(recorded, made, GERMAN, until)


def test_one_command_is_one_line_in_plain_words() -> None:
    registered = event("e1", "PersonRegistered", category="asylum", nationality="SY", relation=None, phone="07161")
    (line,) = lines(entry(registered, event("e2", "MovedIn", **HOME)))
    assert (line.what, line.on, line.learnt_on) == ("Vom Landkreis aufgenommen", "2018-01-10", "2018-02-01")
    assert line.told == (Told("Asyl, Syrien"), Told("eigene Wohnung, Geislingen an der Steige, Weg 1"))
    assert [detail.what for detail in line.details] == ["Vom Landkreis aufgenommen", "Eingezogen"]
    assert dict(line.details[0].facts) == {
        "Aufenthaltsgrund": "Asyl",
        "Staatsangehörigkeit": "Syrien",
        "Telefon": "07161",
    }


def test_the_newest_comes_first_and_of_one_day_what_was_recorded_last() -> None:
    early = entry(event("e1", "MovedIn", "2017-01-01", **HOME))
    late = entry(event("e2", "TitleGranted", "2018-01-01", title_id="t", section="25(2)", valid_until="2020-01-01"))
    same_day = entry(event("e3", "NoticeGiven", "2018-01-01", language="ar"))
    told = lines(early, late, same_day)
    assert [line.id for line in told] == ["e3", "e2", "e1"]
    assert told[1].told == (Told("§ 25 Abs. 2 AufenthG, gültig bis 01.01.2020"),)


def test_up_to_a_day_only_what_had_happened_by_then() -> None:
    early, late = (entry(event(on, "MovedIn", on, **HOME)) for on in ("2017-01-01", "2018-01-01"))
    assert [line.id for line in lines(early, late, until=date(2017, 6, 1))] == ["2017-01-01"]


def test_a_correction_says_what_it_changed_and_the_corrected_line_what_replaced_it() -> None:
    wrong = event("e1", "MovedIn", **HOME, corrected_by="e2")
    right = event(
        "e2",
        "ResidenceCorrected",
        "2018-01-12",
        **{**HOME, "ags": "08117015"},
        corrects="e1",
        changed=["ags", "occurred_on"],
    )
    corrected, original = lines(entry(wrong), entry(right, learnt_on="2018-03-01"))
    assert (original.fate, original.by, original.by_on) == ("corrected", "e2", "2018-03-01")
    assert corrected.changes == (
        Changed("Gemeinde", "Geislingen an der Steige", "Donzdorf"),
        Changed("Eingezogen am", "10.01.2018", "12.01.2018"),
    )
    assert "Gemeinde" in original.details[0].wrong and "Anschrift" not in original.details[0].wrong
    assert (original.residence_id, corrected.residence_id) == (None, "r1"), "only the newest telling is corrected"


def test_of_a_command_only_what_was_wrong_is_struck_through() -> None:
    registered = event("e1", "PersonRegistered", category="asylum", nationality="SY", relation=None, phone="07161")
    moved = event("e2", "MovedIn", **HOME, corrected_by="e3")
    right = event("e3", "ResidenceCorrected", **{**HOME, "kind": "follow_up_housing"}, corrects="e2", changed=["kind"])
    _, line = lines(entry(registered, moved), entry(right))
    assert (line.fate, line.by) == ("corrected", "e3")
    assert [each.wrong for each in line.told] == [False, True]


def test_master_data_that_were_corrected_twice_form_a_chain() -> None:
    names = ("Muster", "Müster", "Mustermann")
    told = dict.fromkeys(("relation", "category", "nationality"))
    chain = [
        event("e1", "PersonRegistered", family_name=names[0], corrected_by="e2", **told),
        event(
            "e2", "MasterDataCorrected", family_name=names[1], corrects="e1", changed=["family_name"], corrected_by="e3"
        ),
        event("e3", "MasterDataCorrected", family_name=names[2], corrects="e2", changed=["family_name"]),
    ]
    third, second, first = lines(*(entry(each) for each in chain))
    assert [line.by for line in (first, second, third)] == ["e2", "e3", None]
    assert [line.fate for line in (first, second, third)] == ["corrected", "corrected", ""]
    assert third.changes == (Changed("Nachname", "Müster", "Mustermann"),)
    assert first.details[0].wrong == {"Nachname"}


def test_a_withdrawn_entry_stays_and_the_withdrawal_names_it() -> None:
    title = event("e1", "TitleGranted", title_id="t", section="25(2)", valid_until=None, withdrawn_by="e2")
    withdrawal = event("e2", "EntryWithdrawn", "2018-03-01", entry_id="t", reason="not_true")
    after, before = lines(entry(title), entry(withdrawal, learnt_on="2018-03-01"))
    assert (before.fate, before.by, before.by_on, before.entry_id) == ("withdrawn", "e2", "2018-03-01", None)
    assert before.told == (Told("§ 25 Abs. 2 AufenthG", wrong=True),)
    assert (after.what, after.of) == ("Eintrag zurückgenommen", "Aufenthaltstitel erteilt: § 25 Abs. 2 AufenthG")
    assert dict(after.details[0].facts) == {"Grund": "trifft nicht zu"}


def test_what_holds_can_be_withdrawn() -> None:
    for event_type, name in (
        ("MovedIn", "residence_id"),
        ("ProcedureOpened", "procedure_id"),
        ("TitleGranted", "title_id"),
    ):
        told = {"kind": "first"} if event_type == "ProcedureOpened" else dict.fromkeys(timeline.TOLD[event_type])
        (line,) = lines(entry(event("e1", event_type, **told, **{name: "x"})))
        assert line.entry_id == "x"
    (decision,) = lines(entry(event("e1", "ProcedureDecided", procedure_id="x", outcome="negative")))
    assert decision.entry_id is None, "it goes with its procedure"


def test_what_was_determined_because_of_a_command_stands_in_its_line() -> None:
    title = entry(event("e1", "TitleGranted", title_id="t", section="25(2)", valid_until=None))
    (line,) = lines(title, made=(determined("e1", "2018-02-01", "phase", "rule"),))
    assert line.leads_to == (
        "Anschlussunterbringung seit 15.01.2018, weil 24 Monate seit Aufnahme durch den Landkreis vergangen sind"
        " (§ 9 Abs. 1 Nr. 4 FlüAG).",
    )


def test_what_time_alone_brought_has_a_line_of_its_own_and_a_moved_look_none() -> None:
    of_time = determined("elsewhere", "2018-01-15", "phase")
    (line,) = lines(made=(of_time, determined("elsewhere", "2018-01-16", "next_look_on")))
    assert line.is_derived and line.what == "Unterbringungsphase festgestellt"
    assert line.told[0].text.startswith("Anschlussunterbringung seit 15.01.2018")


def test_what_somebody_decided_by_hand_is_told_so() -> None:
    by_hand = {"phase": "follow_up", "since": "2018-02-01", "rule": "R13", "legal_basis": "§ 9 (2) FlüAG"}
    said = timeline.sentence(by_hand, GERMAN)
    assert said == "Anschlussunterbringung seit 01.02.2018, weil jemand so entschieden hat (§ 9 Abs. 2 FlüAG)."
    open_doubt = {**by_hand, "phase": "manual_review", "since": None, "legal_basis": "§ 24 LVwVfG"}
    assert "weil etwas fehlt oder sich widerspricht (§ 24 LVwVfG)." in timeline.sentence(open_doubt, GERMAN)


def test_a_line_whose_data_were_erased_says_only_that_something_was() -> None:
    (line,) = lines(entry(event("e1", "MovedIn", **dict.fromkeys(HOME) | {"residence_id": "r1"})))
    assert (line.what, line.told, line.details[0].facts) == ("Eingezogen", (), ())


def test_since_when_a_fact_is_known_as_it_reads_now() -> None:
    moved = entry(event("e1", "MovedIn", **HOME, corrected_by="e2"))
    corrected = entry(event("e2", "ResidenceCorrected", **HOME, corrects="e1"), learnt_on="2018-03-01")
    asked = entry(event("e3", "ConsentGiven", "2018-02-02", scope="disclosure"), learnt_on="2018-02-03")
    known = timeline.known_since([moved, corrected, asked])
    assert known == {"r1": "2018-03-01", "disclosure 2018-02-02": "2018-02-03"}
