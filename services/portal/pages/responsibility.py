"""Which service is in charge: by municipality, status and date. Public, and without anything about a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.portal.answers import Answer, Unavailable
from services.portal.language.days import NoDay, read_day
from services.portal.language.terms import municipality_options
from services.portal.language.words import Words, mark
from services.portal.web.form import NO_DAY, Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply
from shared.contracts.municipalities import municipalities

STATUSES: Final[Mapping[str, str]] = {
    "follow_up": mark("Follow-up housing, or an own flat"),
    "overdue_occupant": mark("Still in shared accommodation, though entitled to move out"),
    "provisional": mark("Provisional housing (shared accommodation)"),
}
"""How people say what the service asks as ``phase``."""


def show(visit: Visit) -> Reply:
    """The three choices and, once they are made, one sentence."""
    given = {name: visit.parameters.get(name) for name in ("gemeinde", "status", "tag")}
    form = Form.new(**given)
    answer: Answer | Unavailable | None = None
    try:
        day = read_day(form["tag"], visit.today) if form["tag"] else None
        if form["gemeinde"] in municipalities() and form["status"] in STATUSES:
            answer = visit.backend.get(
                "/eligibility/v1/responsibility", ags=form["gemeinde"], phase=form["status"], on=day
            )
    except NoDay:
        form = form.wrong(tag=visit.words.say(NO_DAY))
    except Unavailable as unavailable:
        answer = unavailable
    return visit.page(
        "responsibility.html",
        form=form,
        municipalities=municipality_options(),
        statuses=[(status, visit.words.say(label)) for status, label in STATUSES.items()],
        answer=answer,
        contact=None if answer is None or isinstance(answer, Unavailable) else contact(answer, visit.words),
    )


def contact(answer: Answer, words: Words) -> str:
    """Whom to turn to, as half a sentence after "Please turn to"."""
    match answer["integration_management"]:
        case "none":
            return words.say("the refugee social service of the district of Göppingen, on site in the accommodation")
        case "district":
            return words.say(
                "the integration management of the district of Göppingen; ask for the office hours at the town hall of"
                " {municipality}",
                municipality=answer["municipality"],
            )
        case _:
            return words.say("the town hall of {municipality}", municipality=answer["municipality"])
