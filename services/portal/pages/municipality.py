"""For the staff of one municipality: who is in charge there, and the phase of a person who lives there.

They see nobody by name and look nobody up by file number: they know the persons they house, and the district tells
them a person's number. Whoever lives elsewhere is as unknown to them as a number that nobody has (DOMAIN §4).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from services.portal.answers import Answer, Refused, is_id
from services.portal.backend import segment, together
from services.portal.language import terms
from services.portal.pages.responsibility import STATUSES, contact
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply

HERE: Final = "/gemeinde"
PERSON: Final = "person"
EXAMPLE: Final = "7f8e1c8e-9a4b-5d0e-8a25-0a4f4e6d3a11"
NOBODY: Final[Answer] = {}
"""The answer for a number that nobody in the municipality has, whoever else may have it."""


def show(visit: Visit) -> Reply:
    """Who is in charge in the municipality, and the person who was asked for."""
    person_id = visit.parameters.get(PERSON, "")
    return _page(visit, Form.new(person=person_id or None), person_id if is_id(person_id) else None)


def find(visit: Visit) -> Reply:
    """Go to a person by number. Anything else that was typed never reaches an address."""
    form = visit.form
    number = form[PERSON].lower()
    if not is_id(number):
        problem = visit.words.say("This is no person's number. It has 36 characters, like {example}.", example=EXAMPLE)
        return _page(visit, form.wrong(person=problem), None, status=422)
    return visit.redirect(f"{HERE}?{PERSON}={number}")


def _page(visit: Visit, form: Form, person_id: str | None, *, status: int = 200) -> Reply:
    assert visit.account is not None
    ags = visit.account.ags or ""
    backend, words = visit.backend, visit.words
    responsibility = partial(backend.get, "/eligibility/v1/responsibility", ags=ags)
    *services, person = together(
        *(partial(responsibility, phase=each) for each in STATUSES), partial(_person, visit, person_id)
    )
    return visit.page(
        "municipality.html",
        status=404 if person == NOBODY else status,
        form=form,
        municipality=terms.municipality(ags),
        services=[
            (words.say(label), answer, contact(answer, words) if isinstance(answer, Mapping) else "")
            for label, answer in zip(STATUSES.values(), services, strict=True)
        ],
        person=person,
    )


def _person(visit: Visit, person_id: str | None) -> Answer | None:
    """What is determined about a person; ``NOBODY`` for all who are not theirs. Raises Unavailable, Refused."""
    if person_id is None:
        return None
    try:
        return visit.backend.get(f"/eligibility/v1/persons/{segment(person_id)}")
    except Refused as refused:
        if refused.status in (403, 404):
            return NOBODY
        raise
