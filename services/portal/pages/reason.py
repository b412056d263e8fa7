"""Why somebody looks: asked in the place of the page that they wanted, kept until they log out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.portal.web import asked
from services.portal.web.form import PAGE, Form
from services.portal.web.visit import Visit, own_page
from shared.api.reply import Reply

LONGEST: Final = 200
"""Characters of a reason, as the services take it."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Where and how a reason is asked. ``path`` takes it; ``onward`` comes then if nothing else was wanted."""

    path: str
    onward: str
    title: str
    question: str
    why: str
    hint: str


def ask(visit: Visit, asking: Asking, form: Form | None = None, *, status: int = 200) -> Reply:
    """The page that asks why, in the place of one that shows what is protected."""
    shown = Form.new(reason=asked.reason(visit)) if form is None else form
    return visit.page("reason.html", status=status, asking=asking, form=shown, longest=LONGEST)


def give(visit: Visit, asking: Asking) -> Reply:
    """Remember why somebody looks, and go on to where they wanted to."""
    form = visit.form
    if not form["reason"] or len(form["reason"]) > LONGEST:
        problem = visit.words.say("Please say why you look, in at most {most} characters.", most=LONGEST)
        return ask(visit, asking, form.wrong(reason=problem), status=422)
    asked.remember_reason(visit, form["reason"])
    page = own_page(form[PAGE])
    return visit.redirect(asking.onward if page is None or page == asking.path else page)
