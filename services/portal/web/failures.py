"""What a page says when something went wrong: what happened, what was kept, what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.portal.answers import Refused, Unavailable
from services.portal.language.words import mark
from services.portal.web.form import PAGE, NoForm
from services.portal.web.visit import Forged, Visit, own_page
from shared.api.reply import Reply
from shared.database.plain import DatabaseUnavailable
from shared.runtime.logs import get_logger


class NotHere(LookupError):
    """There is no such page."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A page's title, what happened, and what to do next."""

    status: int
    title: str
    happened: str
    next: str


NOT_FOUND: Final = Failure(
    404,
    mark("There is no such page"),
    mark("The address leads nowhere. Perhaps it was mistyped, or what it named is no longer there."),
    mark("Go on from the start page, or by the entries above."),
)
FORBIDDEN: Final = Failure(
    403,
    mark("This page is not for your account"),
    mark("It opens to other roles only. Nothing was changed."),
    mark("If you need it for your work, ask whoever administers the accounts."),
)
FORGED: Final = Failure(
    403,
    mark("This form has expired"),
    mark("You logged in anew after it was opened, or it came from elsewhere. Nothing was recorded."),
    mark("Open it again: what you typed is still there as a draft."),
)
UNREADABLE: Final = Failure(
    400,
    mark("This could not be read"),
    mark("What the browser sent is no form of ours. Nothing was recorded."),
    mark("Open the page again and send it once more."),
)
AWAY: Final = Failure(
    503,
    mark("Part of the platform does not answer right now"),
    mark("This page needs it and cannot be shown. Nothing was recorded; what you typed is kept as a draft."),
    mark("Try again in a moment. Pages that do not need it go on working."),
)
UNKNOWN_OUTCOME: Final = Failure(
    503,
    mark("It is not certain whether this was recorded"),
    mark("The answer did not arrive in time. What you sent is still here."),
    mark("Send it once more: what has already arrived is not recorded twice."),
)
BROKEN: Final = Failure(
    500,
    mark("Something went wrong on our side"),
    mark("The page could not be made. The error is noted; what you typed is kept as a draft."),
    mark("Try again. If it stays like this, name the number below to whoever looks after the platform."),
)


def failure(visit: Visit, error: Exception) -> Reply:
    """The answer for whatever went wrong; the unexpected is logged, but not its text."""
    happened = ""
    match error:
        case Refused(status=400 | 422) if visit.request.method == "GET":
            said = NOT_FOUND  # what stands in the address is nothing that there could be
        case Refused():
            said = FORBIDDEN if error.status == 403 else NOT_FOUND if error.status == 404 else BROKEN
            happened = error.title
            if said is BROKEN:
                get_logger().error("refused-unexpectedly", problem=error.slug)
        case PermissionError():
            said = FORBIDDEN
        case NotHere():
            said = NOT_FOUND
        case Forged():
            said = FORGED
        case NoForm():
            said = UNREADABLE
        case Unavailable():
            said = UNKNOWN_OUTCOME if error.outcome_unknown else AWAY
        case DatabaseUnavailable():
            said = AWAY
        case _:
            said = BROKEN
    if said is BROKEN:
        get_logger().error("page-failed", exc_info=error)
    return _page(visit, said, happened)


def _page(visit: Visit, said: Failure, happened: str) -> Reply:
    shown = {
        "title": visit.words.say(said.title),
        "happened": happened or visit.words.say(said.happened),
        "next": visit.words.say(said.next),
        "is_ours": said.status >= 500,
        "back_to": _back_to(visit),
        "again": visit.form if said is UNKNOWN_OUTCOME else None,
    }
    if visit.wants_fragment:
        return visit.fragment("failure.html", "failure", status=said.status, **shown)
    return visit.page("failure.html", status=said.status, **shown)


def _back_to(visit: Visit) -> str | None:
    """The page where the form stands that was sent, to open it again."""
    if visit.request.method != "POST":
        return None
    try:
        return own_page(visit.form[PAGE])
    except NoForm:
        return None
