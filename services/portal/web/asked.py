"""Questions that must not stand in an address, as names, accounts and reasons must not: they are posted, kept in the
session, and the page's address names them by a number. So the back button, a reload and a second tab work as ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from secrets import randbelow
from typing import Any, Final

from services.portal.web.form import Form
from services.portal.web.visit import Visit

NUMBER: Final = "frage"
"""The parameter that names a question."""
KEPT: Final = 20
"""Questions of a session that are remembered; the oldest goes first."""
_QUESTIONS, _REASON = "asked", "reason"
"""In the pocket: for each question its number, its page and what was asked; and why somebody looks."""


def keep(visit: Visit, page: str, form: Form, *names: str) -> str:
    """Keep what was asked on a page, of these fields what is filled in; the page's address for it."""
    values = {name: form[name] for name in names if form[name]}
    if not values:
        return page
    number = str(randbelow(10**9))
    visit.pocket.add(_QUESTIONS, [number, page, values], most=KEPT)
    return f"{page}?{NUMBER}={number}"


def recall(visit: Visit, page: str) -> Mapping[str, str]:
    """What the address asks; nothing if it names no question, or one that is no longer known."""
    wanted = [visit.parameters.get(NUMBER), page]
    kept: Iterable[list[Any]] = visit.pocket.get(_QUESTIONS, ())
    return next((values for *of, values in kept if of == wanted), {})


def reason(visit: Visit) -> str | None:
    """Why somebody looks, as they said once in this session; None: they have not said it yet."""
    given: str | None = visit.pocket.get(_REASON)
    return given


def remember_reason(visit: Visit, given: str) -> None:
    visit.pocket.leave(_REASON, given)
