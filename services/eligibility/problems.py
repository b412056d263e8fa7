"""What eligibility says when it refuses, and what its reasons mean. The names are for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.api.problems import Problem
from shared.api.said import Said

PROBLEMS: Final[Mapping[str, Problem]] = {
    "unknown-person": Problem(
        404,
        "Über die Person {person} war zu dieser Zeit nichts bekannt.",
        "Nothing was known about the person {person} at that time.",
    ),
    "person-erased": Problem(
        404,
        "Die Daten der Person {person} wurden gelöscht.",
        "The data of the person {person} were erased.",
    ),
    "other-municipality": Problem(
        403,
        "Die Person wohnt nicht in Ihrer Gemeinde.",
        "The person does not live in your municipality.",
    ),
}

REASONS: Final[Mapping[str, Said]] = {
    "anchor-erased": Said(
        "Die Daten der Bezugsperson wurden gelöscht.", "The data of the household's anchor were erased."
    ),
    "anchor-unknown": Said("Die Bezugsperson ist nicht bekannt.", "The household's anchor is not known."),
    "anchors-circular": Said("Zwei Personen sind einander Bezugsperson.", "Two persons are each other's anchor."),
    "category-outdated": Said(
        "Als unbegleitet minderjährig geführt, aber volljährig: Wie ist der Aufenthalt jetzt begründet?",
        "Recorded as an unaccompanied minor, but of age: on what is the stay based now?",
    ),
    "district-intake-missing": Said(
        "Das Datum der Aufnahme durch den Landkreis fehlt.", "The day of the district's intake is missing."
    ),
    "final-before-decision": Said(
        "Eine Entscheidung soll unanfechtbar geworden sein, bevor sie getroffen oder beantragt war.",
        "A decision is said to be final before it was made or applied for.",
    ),
    "final-before-entry": Said(
        "Eine Entscheidung wurde vor der Einreise unanfechtbar: Gehört sie zu einem früheren Aufenthalt?",
        "A decision became final before the entry: does it belong to an earlier stay?",
    ),
    "household-bond-ended": Said(
        "Die vorläufige Unterbringung endete mit dem Haushalt; inzwischen steht die Person allein.",
        "Provisional housing ended with the household; meanwhile the person stands alone.",
    ),
    "intake-before-entry": Said(
        "Die Aufnahme durch den Landkreis liegt vor der Einreise.",
        "The district's intake is before the entry to Germany.",
    ),
    "relation-missing": Said(
        "Die Beziehung zur Bezugsperson fehlt.", "The relation to the household's anchor is missing."
    ),
    "returned-after-abroad": Said("Die Person ist aus dem Ausland zurückgekehrt.", "The person returned from abroad."),
    "returned-after-deceased": Said(
        "Für die Person ist ein Tod und danach ein Einzug erfasst.",
        "For the person a death is recorded, and a residence after it.",
    ),
    "returned-after-other_district": Said(
        "Die Person ist aus einem anderen Landkreis zurückgekehrt.",
        "The person returned from another district.",
    ),
    "returned-after-unknown": Said(
        "Die Person war unbekannt verzogen und ist wieder da.",
        "The person had left for an unknown place and is back.",
    ),
    "title-ran-out": Said(
        "Kein Aufenthaltstitel gilt mehr. Das ändert die Phase nicht; bitte prüfen.",
        "No residence title is valid any more. That does not change the phase; please check.",
    ),
}
"""Why a human should look, or what else is to be known about a result; ``reasons`` of determinations."""
