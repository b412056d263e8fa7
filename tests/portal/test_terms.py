"""No code name is ever shown: every published event, field value and rule has its words, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from services.eligibility.rules import rule_set_on
from services.intake import commands
from services.portal.language import terms
from services.portal.language.catalogue import german
from services.portal.language.terms.platform import ROLES
from services.portal.language.words import Words, words
from services.portal.records import actions, timeline
from services.portal.talks.indicators import ACTION_FIELDS, STEPS
from shared.api.roles import ROLES as shared_roles
from shared.contracts.casework import FieldStep
from shared.contracts.registry import contracts

BOTH = pytest.mark.parametrize("language", ["de", "en"])


def literals(hint: object) -> Iterator[str]:
    """All values of the literals in an annotation."""
    if get_origin(hint) is Literal:
        yield from (value for value in get_args(hint) if isinstance(value, str))
    else:
        for inner in get_args(hint):
            yield from literals(inner)


def published() -> Iterator[tuple[str, str, str]]:
    """Every value that a field of an event, or of what stands in one, may have: event, field, value."""
    for contract in contracts().values():
        for of in (contract.event_class, *([FieldStep] if "steps" in contract.names else [])):
            for name, hint in get_type_hints(of).items():
                yield from ((contract.type, name, value) for value in literals(hint))


def test_every_event_has_its_words() -> None:
    assert set(terms.EVENTS) == set(contracts())


def test_every_value_of_every_event_has_its_words() -> None:
    found = list(published())
    assert len({value for _, _, value in found}) > 60
    assert [each for each in found if each[2] not in terms.TERMS.get(each[1], {})] == []


def test_every_value_of_every_command_of_intake_has_its_words() -> None:
    asked = [
        (form.__name__, name, value)
        for form in vars(commands).values()
        if isinstance(form, type) and form.__module__ == commands.__name__
        for name, hint in get_type_hints(form).items()
        for value in literals(hint)
    ]
    assert asked
    assert [each for each in asked if each[1] != "section" and each[2] not in terms.TERMS.get(each[1], {})] == []


def test_every_field_that_an_action_asks_for_has_a_label() -> None:
    assert {field.name for action in actions.ACTIONS for field in action.fields} <= set(terms.LABELS)


def test_every_field_that_a_timeline_opens_has_a_label() -> None:
    fields = {
        name
        for contract in contracts().values()
        if contract.service == "intake"
        for name in contract.names
        if not name.endswith("_id")
    }
    assert fields <= set(terms.LABELS)


@BOTH
def test_nothing_is_said_in_code(language: Any) -> None:
    of: Words = words(language)
    said = [terms.value(of, field, value) for _, field, value in published()]
    said += [terms.event(of, event_type) for event_type in contracts()]
    assert [each for each in said if "_" in each or "." in each.removesuffix(".")] == []


def test_every_term_is_translated() -> None:
    known = {message.id for message in german() if message.string}
    everything = {*terms.EVENTS.values(), *terms.LABELS.values(), *terms.SHORT_PHASES.values()}
    everything |= {sentence for values in terms.TERMS.values() for sentence in values.values()}
    assert everything <= known


def test_the_indicators_stand_in_the_order_of_their_list() -> None:
    assert tuple(terms.TERMS["action_field"]) == ACTION_FIELDS
    assert tuple(terms.TERMS["step"]) == STEPS


def test_every_role_has_its_words() -> None:
    assert set(ROLES) == set(shared_roles)


def test_a_term_is_found_by_its_field() -> None:
    german_words, english = words("de"), words("en")
    assert terms.value(german_words, "kind", "private") == "eigene Wohnung"
    assert terms.value(english, "kind", "follow_up") == "follow-up application (§ 71 AsylG)"
    assert terms.value(german_words, "integration_management", "08117015") == "Donzdorf"
    assert terms.value(german_words, "interpreter_needed", False) == "nein"
    assert terms.value(german_words, "interpreter_needed", None) == "–"
    assert terms.value(german_words, "district_intake_on", "2018-11-05") == "05.11.2018"


def test_countries_and_languages_are_found_by_code_and_left_as_they_were_written() -> None:
    german_words = words("de")
    assert terms.value(german_words, "nationality", "SY") == "Syrien"
    assert terms.value(german_words, "nationality", "Kurdistan") == "Kurdistan"
    assert terms.value(german_words, "language", "ti") == "Tigrinya"
    codes = dict(terms.countries(german_words))
    assert {"SY", "ER", "XK", "GM"} <= set(codes) and not {"EU", "ZZ", "UN"} & set(codes)
    names = list(codes.values())
    assert names.index("Ägypten") < names.index("Albanien")
    assert {"ar", "ckb", "fa", "ti"} <= set(dict(terms.languages(german_words)))


def test_paragraphs_are_cited_as_the_language_does() -> None:
    german_words, english = words("de"), words("en")
    assert terms.section(german_words, "25(2)") == "§ 25 Abs. 2 AufenthG"
    assert terms.section(german_words, "60a") == "§ 60a AufenthG"
    assert terms.cited(german_words, "§ 9 (1) Nr. 4 FlüAG") == "§ 9 Abs. 1 Nr. 4 FlüAG"
    assert terms.cited(english, "§ 9 (1) Nr. 4 FlüAG") == "§ 9 (1) Nr. 4 FlüAG"
    of_member = "§ 3, § 9 (1) FlüAG; R6: § 9 (1) Nr. 4 FlüAG"
    assert terms.cited(german_words, of_member) == "§ 3, § 9 Abs. 1 FlüAG; § 9 Abs. 1 Nr. 4 FlüAG"
    assert terms.because(german_words, "R10", of_member, "follow_up") == (
        "als Mitglied des Haushalts; für die Bezugsperson gilt es, weil 24 Monate seit Aufnahme durch den"
        " Landkreis vergangen sind"
    )


def test_the_reason_of_a_phase_is_one_sentence() -> None:
    determined = {"phase": "follow_up", "since": "2018-01-15", "rule": "R6", "legal_basis": "§ 9 (1) Nr. 4 FlüAG"}
    assert timeline.sentence(determined, words("de")) == (
        "Anschlussunterbringung seit 15.01.2018, weil 24 Monate seit Aufnahme durch den Landkreis vergangen sind"
        " (§ 9 Abs. 1 Nr. 4 FlüAG)."
    )
    rules = rule_set_on(date(2018, 6, 1))
    for rule in rules.basis:
        said = timeline.sentence({**determined, "rule": rule, "legal_basis": rules.says(rule)}, words("de"))
        assert said.endswith(").") and "_" not in said and rule not in said


def test_a_phone_number_is_dialled_without_what_people_write_between() -> None:
    assert terms.dialled("07161 / 55-5") == "07161555"
    assert terms.dialled("+49 (7161) 555") == "+497161555"


def test_the_timeline_knows_no_event_and_no_field_that_is_not_published() -> None:
    for name, told in timeline.TOLD.items():
        assert set(told) <= set(contracts()[f"intake.{name}"].names)
    assert {f"intake.{name}" for name in timeline.BEGINS_AN_ENTRY} <= set(contracts())
