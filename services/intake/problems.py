"""What intake says when a rule refuses. The names are for ever: callers and tests know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.api.problems import Problem

PROBLEMS: Final[Mapping[str, Problem]] = {
    # who
    "unknown-person": Problem(404, "Die Person {person} ist nicht bekannt.", "There is no person {person}."),
    "unknown-household": Problem(404, "Den Haushalt {household} gibt es nicht.", "There is no household {household}."),
    "person-already-registered": Problem(
        409, "Die Person {person} ist schon aufgenommen.", "The person {person} is registered already."
    ),
    "person-erased": Problem(
        409,
        "Die Daten der Person {person} wurden gelöscht; zu ihr wird nichts mehr erfasst.",
        "The data of the person {person} were erased; nothing more is recorded about them.",
    ),
    "born-after-registration": Problem(
        409, "Das Geburtsdatum liegt nach der Aufnahme.", "The date of birth is after the registration."
    ),
    "before-birth": Problem(
        409,
        "Das Datum liegt vor der Geburt der Person ({entry}).",
        "The date is before the person was born ({entry}).",
    ),
    # households
    "relation-required": Problem(
        409,
        "Wer zu einer Bezugsperson gehört, braucht eine Beziehung zu ihr (relation).",
        "Whoever belongs to an anchor needs a relation to them.",
    ),
    "relation-without-anchor": Problem(
        409,
        "Eine Beziehung (relation) braucht eine Bezugsperson (anchor_id).",
        "A relation needs an anchor (anchor_id).",
    ),
    "anchor-is-the-person": Problem(
        409, "Niemand ist die eigene Bezugsperson.", "Nobody is their own anchor's relative."
    ),
    "not-an-anchor": Problem(
        409,
        "Die Person {person} gehört selbst zum Haushalt einer anderen und kann keine Bezugsperson sein.",
        "The person {person} belongs to another's household and cannot be an anchor.",
    ),
    "household-contradicts-anchor": Problem(
        409,
        "Die Bezugsperson {anchor} gehört nicht zum Haushalt {household}.",
        "The anchor {anchor} does not belong to the household {household}.",
    ),
    "already-in-household": Problem(
        409,
        "Die Person gehört an diesem Tag schon so zum Haushalt {household}.",
        "On that day the person belongs to the household {household} already, in the same way.",
    ),
    "joined-before-registration": Problem(
        409,
        "Der Haushaltswechsel liegt vor der Aufnahme der Person.",
        "The change of household is before the person's registration.",
    ),
    # residences
    "moved-in-before-registration": Problem(
        409, "Der Einzug liegt vor der Aufnahme der Person.", "Moving in is before the person's registration."
    ),
    "already-lives-there": Problem(
        409, "Die Person wohnt an diesem Tag schon dort.", "The person already lives there on that day."
    ),
    "departure-without-residence": Problem(
        409,
        "Ein Wegzug braucht einen Wohnsitz, der an diesem Tag besteht.",
        "A departure needs a residence that holds on that day.",
    ),
    "moved-out-before-moved-in": Problem(409, "Der Wegzug liegt vor dem Einzug.", "Moving out is before moving in."),
    "moved-in-after-death": Problem(
        409, "Die Person ist an diesem Tag verstorben.", "The person has died by that day."
    ),
    # procedures, titles, tolerations
    "unknown-procedure": Problem(404, "Das Verfahren {entry} ist nicht bekannt.", "There is no procedure {entry}."),
    "procedure-final": Problem(
        409,
        "Das Verfahren {entry} ist schon unanfechtbar abgeschlossen.",
        "The procedure {entry} is final already.",
    ),
    "decision-before-opening": Problem(
        409, "Die Entscheidung liegt vor dem Antrag.", "The decision is before the application."
    ),
    "already-decided": Problem(
        409,
        "Für diesen Tag ist schon eine Entscheidung erfasst.",
        "A decision of that day is recorded already.",
    ),
    "not-decided": Problem(
        409,
        "Unanfechtbar wird nur, was entschieden ist: Bitte zuerst die Entscheidung erfassen.",
        "Only a decision becomes final: please record the decision first.",
    ),
    "finality-before-decision": Problem(
        409, "Die Unanfechtbarkeit liegt vor der Entscheidung.", "The finality is before the decision."
    ),
    "outcome-contradicts": Problem(
        409,
        "Unanfechtbar ist ein anderes Ergebnis als das der letzten Entscheidung.",
        "The final outcome is not that of the last decision.",
    ),
    "validity-ends-before-it-begins": Problem(
        409, "Die Gültigkeit endet, bevor sie beginnt.", "The validity ends before it begins."
    ),
    "section-not-in-force": Problem(
        409,
        "Diesen Paragrafen des AufenthG gab es an diesem Tag noch nicht.",
        "This section of the AufenthG was not in force on that day.",
    ),
    # entries
    "unknown-entry": Problem(
        404,
        "Einen solchen Eintrag gibt es bei dieser Person nicht ({entry}).",
        "This person has no such entry ({entry}).",
    ),
    "entry-already-withdrawn": Problem(
        409,
        "Der Eintrag {entry} wurde schon zurückgenommen.",
        "The entry {entry} was withdrawn already.",
    ),
    # consent
    "no-consent-to-withdraw": Problem(
        409,
        "An diesem Tag besteht keine Einwilligung, die widerrufen werden könnte ({entry}).",
        "On that day there is no consent that could be withdrawn ({entry}).",
    ),
}
