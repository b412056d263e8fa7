"""What casework says when a rule does not allow something, in German and English.

The key is the rule's name for ever. 404: what was named does not exist; 403: it is somebody else's;
409: the rule itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.api.problems import Problem

PROBLEMS: Final[Mapping[str, Problem]] = {
    # --- the office ---------------------------------------------------------------------------
    "unknown-municipality": Problem(
        404,
        "Eine Gemeinde mit dem Schlüssel {ags} gibt es im Landkreis nicht.",
        "The district has no municipality with the key {ags}.",
    ),
    "municipality-in-team-area": Problem(
        409,
        "Die Gemeinde {ags} gehört noch zum Gebiet eines Teams.",
        "The municipality {ags} still belongs to a team's area.",
    ),
    "municipality-has-own-service": Problem(
        409,
        "Die Gemeinde {ags} hat einen eigenen Dienst und kann nicht zum Gebiet eines Teams gehören.",
        "The municipality {ags} has a service of its own and cannot be in a team's area.",
    ),
    "municipality-served-by-another-team": Problem(
        409,
        "Die Gemeinde {ags} gehört in dieser Zeit schon zum Gebiet eines anderen Teams.",
        "The municipality {ags} belongs to another team's area at that time.",
    ),
    "unknown-team": Problem(404, "Dieses Team gibt es nicht.", "There is no such team."),
    "unknown-employee": Problem(
        404, "Diese Mitarbeiterin oder diesen Mitarbeiter gibt es nicht.", "There is no such employee."
    ),
    "account-taken": Problem(
        409, "Unter diesem Konto arbeitet schon jemand.", "Somebody works under this account already."
    ),
    "fte-out-of-range": Problem(
        409, "Der Stellenanteil muss über 0 und höchstens 1 sein.", "The FTE must be above 0 and at most 1."
    ),
    "contract-ends-before-start": Problem(
        409, "Der Vertrag endet vor seinem Beginn.", "The contract ends before it starts."
    ),
    "more-than-full-time": Problem(
        409,
        "Zusammen mit den Verträgen, die gleichzeitig laufen, wäre das mehr als eine volle Stelle.",
        "Together with the contracts that run at the same time this would be more than a full post.",
    ),
    "unknown-contract": Problem(404, "Diesen Vertrag gibt es nicht.", "There is no such contract."),
    "contract-already-ended": Problem(
        409, "Der Vertrag ist schon vorzeitig beendet.", "The contract has been ended early already."
    ),
    "ended-outside-running-time": Problem(
        409,
        "Der letzte Tag liegt nicht in der Laufzeit.",
        "The last day does not lie within the running time.",
    ),
    "cover-of-oneself": Problem(409, "Niemand kann sich selbst vertreten.", "Nobody can cover for themselves."),
    "cover-ends-before-start": Problem(
        409, "Die Vertretung endet vor ihrem Beginn.", "The cover ends before it starts."
    ),
    "cover-overlaps": Problem(
        409,
        "Diese Vertretung ist für einen Teil der Zeit schon eingetragen.",
        "This cover is recorded already for a part of the time.",
    ),
    "cover-outside-team": Problem(409, "Vertreten wird innerhalb eines Teams.", "Cover is mutual inside one team."),
    "not-your-cover": Problem(
        403,
        "Eintragen können Sie nur eine Vertretung, an der Sie beteiligt sind.",
        "You can record only a cover of which you are a part.",
    ),
    "unknown-cover": Problem(404, "Diese Vertretung gibt es nicht.", "There is no such cover."),
    "cover-already-ended": Problem(409, "Die Vertretung ist schon beendet.", "The cover has been ended already."),
    "unknown-grant": Problem(404, "Diese Zuwendung gibt es nicht.", "There is no such grant."),
    "grant-ends-before-start": Problem(
        409, "Die Zuwendung endet vor ihrem Beginn.", "The grant ends before it starts."
    ),
    "amount-not-positive": Problem(
        409, "Beträge und Sätze müssen über 0 liegen.", "Amounts and rates must be above 0."
    ),
    "grant-exceeded": Problem(
        409,
        "Die Zuwendung beträgt {amount} €; mit dieser Stelle wären {committed} € gebunden.",
        "The grant is {amount} €; with this post {committed} € would be committed.",
    ),
    "post-outside-grant": Problem(
        409,
        "An diesem Tag gilt die Zuwendung nicht.",
        "The grant does not run on that day.",
    ),
    "unknown-post": Problem(404, "Diese Stelle gibt es nicht.", "There is no such post."),
    "post-already-filled": Problem(409, "Die Stelle ist schon besetzt.", "The post is filled already."),
    "post-already-vacant": Problem(409, "Die Stelle ist schon frei.", "The post is vacant already."),
    "filled-too-early": Problem(409, "Die Stelle ist erst ab {since} frei.", "The post is vacant only from {since}."),
    "vacated-too-early": Problem(
        409, "Die Stelle ist erst seit {since} besetzt.", "The post has been filled only since {since}."
    ),
    # --- cases --------------------------------------------------------------------------------
    "unknown-case": Problem(404, "Diesen Fall gibt es nicht.", "There is no such case."),
    "case-not-open": Problem(409, "Der Fall ist zu dieser Zeit nicht offen.", "The case is not open at that time."),
    "case-not-assigned": Problem(
        409, "Der Fall ist noch niemandem zugeteilt.", "The case has not been assigned to anybody yet."
    ),
    "assigned-before-opened": Problem(
        409, "Der Fall ist erst seit {opened_on} offen.", "The case has been open only since {opened_on}."
    ),
    "closed-before-opened": Problem(
        409, "Der Fall ist erst seit {opened_on} offen.", "The case has been open only since {opened_on}."
    ),
    "manager-of-another-team": Problem(
        409,
        "Die Integrationsmanagerin oder der Integrationsmanager gehört an diesem Tag nicht zu dem Team.",
        "The integration manager does not belong to the team on that day.",
    ),
    "not-your-team": Problem(403, "Dieser Fall gehört nicht zu Ihrem Team.", "This case does not belong to your team."),
    "not-your-case": Problem(
        403,
        "Das ist nicht Ihr Fall, und heute läuft keine Vertretung, die Sie dazu berechtigt.",
        "This is not your case, and no cover that entitles you to it runs today.",
    ),
    "reason-required": Problem(
        403,
        "Wer ein Team leitet, gibt an, wozu er die Beratungen eines Falls liest.",
        "A team's lead states what the consultations of a case are read for.",
    ),
    # --- consultations ------------------------------------------------------------------------
    "unknown-consultation": Problem(404, "Diese Beratung gibt es nicht.", "There is no such consultation."),
    "not-your-consultation": Problem(
        403,
        "Ändern kann eine Beratung nur, wer sie geführt hat, die Vertretung oder die Teamleitung.",
        "Only who held a consultation, their cover or the team's lead can change it.",
    ),
    "held-in-the-future": Problem(
        409, "Der Tag {held_on} liegt in der Zukunft.", "The day {held_on} lies in the future."
    ),
    "held-before-case-opened": Problem(
        409, "Der Fall ist erst seit {opened_on} offen.", "The case has been open only since {opened_on}."
    ),
    "minutes-out-of-range": Problem(
        409,
        "Die Dauer muss zwischen 1 und {longest} Minuten liegen.",
        "The duration must be between 1 and {longest} minutes.",
    ),
    "no-topic": Problem(409, "Es fehlt ein Thema.", "A topic is missing."),
    "topic-named-twice": Problem(409, "Ein Thema ist doppelt genannt.", "A topic is named twice."),
    "step-named-twice": Problem(
        409, "Ein Schritt in einem Handlungsfeld ist doppelt genannt.", "A step in an action field is named twice."
    ),
    "nobody-took-part": Problem(
        409, "An einer Beratung nimmt mindestens eine Person teil.", "At least one person takes part in a consultation."
    ),
    "person-named-twice": Problem(409, "Eine Person ist doppelt genannt.", "A person is named twice."),
    "not-a-member": Problem(
        409,
        "Eine genannte Person gehörte bis zu diesem Tag nicht zum Fall.",
        "A person named here had not been a member of the case by that day.",
    ),
    "not-a-consultation": Problem(
        409,
        "Bei einem vergeblichen Besuch gibt es nichts zu berichtigen; er kann zurückgenommen werden.",
        "An attempted visit has nothing to correct; it can be withdrawn.",
    ),
    "consultation-of-another-case": Problem(
        409,
        "Die Beratung gehört zu einem anderen Fall; nehmen Sie sie zurück und tragen Sie sie dort ein.",
        "The consultation belongs to another case; withdraw it and record it there.",
    ),
    "consultation-withdrawn": Problem(409, "Die Beratung ist zurückgenommen.", "The consultation has been withdrawn."),
    "withdrawn-before-held": Problem(
        409, "Die Beratung war erst am {held_on}.", "The consultation was held only on {held_on}."
    ),
}
