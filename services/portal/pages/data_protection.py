"""For the data protection officer: who read whose record, when, what for and why; and which keys were destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

from services.portal.answers import Answer, Refused, Unavailable
from services.portal.language.terms.platform import CLASSES, PURPOSES
from services.portal.language.words import Words
from services.portal.pages.reason import LONGEST
from services.portal.records import fields
from services.portal.web import asked
from services.portal.web.form import Form
from services.portal.web.visit import Visit
from shared.api.reply import Reply
from shared.contracts.runtime import OFFICE

HERE: Final = "/datenschutz"
ERASURES: Final = f"{HERE}/loeschungen"
FIELDS: Final = ("subject", "account", "since", "until", "reason")
NAMES: Final = {name: name for name in FIELDS}
"""The form's names by the service's paths."""
ON_A_PAGE: Final = 100
AFTER: Final = "ab"
"""The parameter of what comes after a page."""


@dataclass(frozen=True, slots=True)
class Access:
    """One read of a record."""

    at: str
    account: str
    subject: str
    purpose: str
    code: str
    reason: str | None


def show(visit: Visit) -> Reply:
    """The question, and its answer once it was asked."""
    typed = asked.recall(visit, HERE)
    return _answered(visit, Form.new(**typed)) if typed else _page(visit, Form.new(reason=asked.reason(visit)))


def search(visit: Visit) -> Reply:
    """Keep what was asked, and go to its answer."""
    form = visit.form
    if not form["reason"]:
        form = form.wrong(reason=visit.words.say("Please say why you look."))
    if not form["subject"] and not form["account"]:
        form = form.wrong(subject=visit.words.say("Name a person or an account."))
    _, form = form.days(_today(), visit.words, "since", "until")
    if form.is_wrong:
        return _page(visit, form, status=422)
    asked.remember_reason(visit, form["reason"])
    return visit.redirect(asked.keep(visit, HERE, form, *FIELDS))


def erasures(visit: Visit) -> Reply:
    """Whose keys were destroyed, when and why."""
    answer: Answer | Unavailable
    try:
        answer = visit.backend.get("/reporting/v1/erasures", after=visit.number(AFTER), limit=ON_A_PAGE)
    except Unavailable as unavailable:
        answer = unavailable
    found = [] if isinstance(answer, Unavailable) else answer["erasures"]
    more = None if isinstance(answer, Unavailable) else answer["next"]
    return visit.page(
        "erasures.html",
        answer=answer,
        erasures=[{**each, "what": _said(visit.words, CLASSES, each["class"])} for each in found],
        more=None if more is None else f"{ERASURES}?{AFTER}={more}",
    )


def _answered(visit: Visit, form: Form) -> Reply:
    try:
        answer = _accesses(visit, form)
    except Refused as refused:
        return _page(visit, fields.with_refusal(form, refused, visit.words, NAMES), status=refused.status)
    except Unavailable as unavailable:
        return _page(visit, form, answer=unavailable)
    more = answer["next"]
    number = visit.parameters.get(asked.NUMBER, "")
    return _page(
        visit,
        form,
        answer=answer,
        accesses=[access(visit.words, each) for each in answer["accesses"]],
        more=None if more is None else f"{HERE}?{urlencode({asked.NUMBER: number, AFTER: more})}",
    )


def _accesses(visit: Visit, form: Form) -> Answer:
    """Ask the services. Raises Refused, Unavailable."""
    today = _today()
    days, _ = form.days(today, visit.words, "since", "until")
    return visit.backend.question(
        "/reporting/v1/accesses/search",
        subject=form.get("subject"),
        account=form.get("account"),
        reason=form["reason"],
        since=days["since"] or today.replace(day=1),
        until=days["until"] or today,
        after=visit.parameters.get(AFTER),
        limit=ON_A_PAGE,
    )


def _page(visit: Visit, form: Form, *, status: int = 200, **shown: Any) -> Reply:
    return visit.page(
        "data_protection.html",
        status=status,
        form=form,
        today=_today(),
        longest=LONGEST,
        kept_months=visit.portal.settings.access_log_months,
        **{"answer": None, "accesses": [], "more": None} | shown,
    )


def _today() -> date:
    """The machine's day: looks are noted by its clock, also where the office's is set by hand."""
    return datetime.now(OFFICE).date()


def access(words: Words, found: Answer) -> Access:
    """A recorded read in words."""
    return Access(
        at=found["at"],
        account=found["account"],
        subject=found["subject"],
        purpose=_said(words, PURPOSES, found["purpose"]),
        code=found["purpose"],
        reason=found["reason"],
    )


def _said(words: Words, table: Mapping[str, str], code: str) -> str:
    return words.say(table[code]) if code in table else code
