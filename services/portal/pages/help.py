"""Short help: how to get along with few keys."""

from __future__ import annotations

from services.portal import doors
from services.portal.web.visit import Visit
from shared.api.reply import Reply


def show(visit: Visit) -> Reply:
    """The page; what concerns talks only for who records them, and what concerns cases only for who assigns them."""
    return visit.page("help.html", may_advise=visit.has_role(*doors.ADVISE), may_assign=visit.has_role(*doors.LEAD))
