"""The history in words: no code name stands without them, and what changed is marked. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from services.portal.language import terms
from services.portal.language.terms.platform import SERVICES, STREAMS
from services.portal.language.words import words
from services.portal.pages.audit import types
from services.portal.records import recorded
from services.reporting.replay.folds import FOLDS
from shared.contracts.model import Event
from shared.contracts.registry import contracts
from tests.contracts.golden_files import example

GERMAN = words("de")
HOME = "7f8e1c8e-9a4b-5d0e-8a25-0a4f4e6d3a11"


def test_every_service_has_its_words_and_the_filter_offers_every_event() -> None:
    assert {type_.partition(".")[0] for type_ in contracts()} == set(SERVICES)
    assert [type_ for type_, _ in types(GERMAN)] == list(terms.EVENTS)


@pytest.mark.parametrize("event_class", FOLDS, ids=lambda event_class: event_class.__name__)
def test_every_field_of_a_replayed_state_has_its_words(event_class: type[Event]) -> None:
    event = example(event_class)
    for line in recorded.document(GERMAN, FOLDS[event_class]({}, event), None):
        is_an_id = line.name in vars(event).values()
        assert line.label != line.name or is_an_id, line


def test_every_kind_of_stream_has_its_words() -> None:
    kinds = {"person", "eligibility", "municipality", "team", "employee", "cover", "grant", "case", "consultation"}
    assert set(STREAMS) == kinds | {"report", "clock"}
    assert recorded.stream(GERMAN, f"person-{HOME}") == "Person"
    assert recorded.stream(GERMAN, "unheard-of-1") == "unheard"


def test_the_first_state_has_no_marks() -> None:
    lines = recorded.document(GERMAN, {"status": "open", "members": {HOME: {"since": "2018-02-01"}}}, None)
    assert [(line.depth, line.label, line.value) for line in lines] == [
        (0, "Stand", "offen"),
        (0, "Mitglieder", None),
        (1, "Eintrag 7f8e1c8e", None),
        (2, "Seit", "01.02.2018"),
    ]
    assert not any(line.is_changed for line in lines)
    assert recorded.how_many_changed(lines) == 0


def test_what_is_new_other_or_gone_is_marked() -> None:
    before = {"status": "open", "kind": "private", "members": {"P-1": {"since": "2018-02-01"}}}
    now = {"status": "closed", "kind": "private", "closed_on": "2018-05-02", "members": {"P-2": {}}}
    lines = {line.name: line for line in recorded.document(GERMAN, now, before)}
    assert (lines["status"].value, lines["status"].before) == ("geschlossen", "offen")
    assert lines["closed_on"].is_new and not lines["kind"].is_changed and not lines["members"].is_changed
    assert lines["P-2"].is_new and lines["P-1"].is_gone
    assert recorded.how_many_changed(list(lines.values())) == 3


def test_values_read_as_people_say_them() -> None:
    said: list[tuple[str, Any, str]] = [
        ("ags", "08117024", "Geislingen an der Steige"),
        ("municipalities", ["08117024", "08117026"], "Geislingen an der Steige, Göppingen"),
        ("steps", [{"action_field": "children", "step": "need"}], "Kinder: Bedarf"),
        ("rests_on", [HOME], HOME),
        ("interpreter", True, "ja"),
        ("minutes", 1045, "1.045"),
        ("today", "2018-06-01", "01.06.2018"),
        ("family_name", "sealed", "verschlossen: hier nicht lesbar"),
        ("note", "erased", "gelöscht: für niemanden lesbar"),
        ("note", None, "–"),
    ]
    for field, of, expected in said:
        assert recorded.value(GERMAN, field, of).lower() == expected.lower(), field
