"""A talk in one line, on My day: what is understood of it so far, and recording it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from services.portal.language.days import written
from services.portal.language.words import mark
from services.portal.pages import consultation
from services.portal.records import own_cases
from services.portal.records.households import Household
from services.portal.talks import telling
from services.portal.talks.line import Line, read
from services.portal.web import asked
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

ASKED_AS: Final[Mapping[str, str]] = {
    "took_part": mark("Who"),
    "setting": mark("Where"),
    "minutes": mark("Minutes"),
    "topics": mark("Topics"),
}
"""What a line may miss, as the form asks for it."""


def understood(visit: Visit) -> Reply:
    """What the line says so far, for the script that asks at each pause."""
    line = said(visit, visit.form["line"])
    return visit.fragment("my_day.html", "understood", understood=line, asked_as=asked_as(visit))


def record(visit: Visit, line: Line, household: Household) -> Reply:
    """Record what a line says of a household; where something is missing, open the form with the rest."""
    told = _told_by(line, telling.proposal(household, visit.today))
    if line.is_complete:
        return consultation.record_line(visit, household.case_id, line.what, told, visit.form.key)
    one_text = Form.new(**{name: " ".join(told.all(name)) for name in telling.TOLD})
    return visit.redirect(asked.keep(visit, consultation.address(household.case_id), one_text, *telling.TOLD))


def said(visit: Visit, text: str) -> Line:
    """What a line says to somebody with these cases. Raises Unavailable."""
    return read(text, own_cases.households(visit), visit.today)


def asked_as(visit: Visit) -> dict[str, str]:
    """What a line may miss, in words."""
    return {name: visit.words.say(words) for name, words in ASKED_AS.items()}


def _told_by(said: Line, proposed: Form) -> Form:
    """The form of a talk as a line fills it in."""
    given = {
        "took_part": list(said.took_part),
        "topics": list(said.topics),
        "setting": [said.setting] if said.setting else [],
        "minutes": [str(said.minutes)] if said.minutes else [],
        "interpreter": [telling.YES] if said.interpreter else [],
        "held_on": [written(said.held_on)] if said.held_on else [],
    }
    return replace(proposed, values={**proposed.values, **{name: value for name, value in given.items() if value}})
