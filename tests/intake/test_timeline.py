"""What was recorded about a person, one entry per command, and what became of it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from services.intake.history import entries
from shared.contracts.intake import EntryWithdrawn, MasterDataCorrected, ResidenceCorrected
from shared.contracts.model import Hidden
from tests.intake.examples import (
    AICHELBERG,
    DEPARTURE,
    PERSON,
    PROCEDURE,
    RESIDENCE,
    born,
    day,
    decided,
    id_of,
    moved_in,
    moved_out,
    opened,
    recorded,
    registered,
)

spelt = MasterDataCorrected(
    **{f.name: getattr(registered, f.name) for f in fields(MasterDataCorrected)} | {"given_name": "Hanna"}
)
moved = ResidenceCorrected(
    person_id=PERSON,
    residence_id=RESIDENCE,
    kind="shared_accommodation",
    ags=AICHELBERG,
    accommodation="Probehaus",
    address="Beispielweg 1",
    occurred_on=day("2015-09-12"),
)


def withdrawn(entry_id: str) -> EntryWithdrawn:
    return EntryWithdrawn(person_id=PERSON, entry_id=entry_id, reason="not_true", occurred_on=day("2018-04-01"))


def told(*events: Any, known: Any = None) -> list[dict[str, Any]]:
    """The events' entries, each event a command of its own and learnt a day after the one before."""
    history = [recorded(event, n, f"2018-11-{n:02}", str(n)) for n, event in enumerate(events, 1)]
    return [event for entry in entries(history, known, "probe") for event in entry["events"]]


def test_one_entry_per_command() -> None:
    together = [
        recorded(registered, 1, "2015-09-10", "one"),
        recorded(moved_in("2015-09-10"), 2, "2015-09-10", "one"),
        recorded(opened("2015-10-01"), 3, "2015-10-02", "two"),
    ]
    first, second = entries(together, None, "probe")
    assert {name: value for name, value in first.items() if name != "events"} == {
        "command_id": "one",
        "recorded_at": together[0].envelope.recorded_at,
        "learnt_on": day("2015-09-10"),
        "occurred_on": registered.occurred_on,
        "own": True,
        "position": 1,
    }
    assert [event["type"] for event in first["events"]] == ["PersonRegistered", "MovedIn"]
    assert second["events"] == [
        {
            "event_id": id_of("3"),
            "type": "ProcedureOpened",
            "occurred_on": day("2015-10-01"),
            "fields": {"procedure_id": PROCEDURE, "kind": "first"},
            "corrects": None,
            "changed": [],
            "corrected_by": None,
            "withdrawn_by": None,
        }
    ]
    assert [entry["own"] for entry in entries(together, None, "somebody else")] == [False, False]


def test_a_chain_of_corrections() -> None:
    phone = replace(spelt, phone="07161 000")
    first, second, third = told(registered, spelt, phone)
    assert [each["corrects"] for each in (first, second, third)] == [None, first["event_id"], second["event_id"]]
    assert [each["corrected_by"] for each in (first, second, third)] == [second["event_id"], third["event_id"], None]
    assert [each["changed"] for each in (first, second, third)] == [[], ["given_name"], ["phone"]]
    _, child = told(born, replace(spelt, given_name="Carla", category=None, born_on=born.occurred_on))
    assert "given_name" not in child["changed"] and "born_on" not in child["changed"] and "language" in child["changed"]


def test_a_corrected_and_withdrawn_residence() -> None:
    later = moved_in("2016-11-01", residence_id=id_of("other"))
    _, first, other, corrected, away = told(registered, moved_in("2015-09-10"), later, moved, withdrawn(RESIDENCE))
    assert (corrected["corrects"], sorted(corrected["changed"])) == (first["event_id"], ["ags", "occurred_on"])
    assert first["corrected_by"] == corrected["event_id"]
    assert first["withdrawn_by"] == corrected["withdrawn_by"] == away["event_id"]
    assert (other["corrected_by"], other["withdrawn_by"], away["corrects"]) == (None, None, None)
    assert away["fields"] == {"entry_id": RESIDENCE, "reason": "not_true"}


def test_all_of_a_procedure_is_withdrawn_with_it() -> None:
    _, first, second, departure, away = told(
        registered, opened("2015-10-01"), decided("2016-09-01"), moved_out("2017-06-01"), withdrawn(PROCEDURE)
    )
    assert first["withdrawn_by"] == second["withdrawn_by"] == away["event_id"]
    assert departure["fields"] == {"residence_id": DEPARTURE, "destination": "other_district"}
    assert departure["withdrawn_by"] is None


def test_only_what_was_known() -> None:
    assert [each["corrected_by"] for each in told(registered, spelt, known=day("2018-11-01"))] == [None]
    assert [each["type"] for each in told(registered, spelt, known=2)] == ["PersonRegistered", "MasterDataCorrected"]
    (late,) = told(registered, spelt, known=day("2018-10-31")) or [None]
    assert late is None


def test_what_was_erased_is_nothing() -> None:
    hidden = replace(registered, family_name=Hidden.ERASED, born_on=Hidden.ERASED)
    (only,) = told(hidden)
    assert (only["fields"]["family_name"], only["fields"]["born_on"], only["fields"]["sex"]) == (None, None, "female")
