"""Short help: how to get along with few keys."""

from __future__ import annotations

from services.portal import doors
from services.portal.web.visit import Visit
from shared.api.reply import Reply


def show(visit: Visit) -> Reply:
    return visit.page("help.html", may_advise=visit.has_role(*doors.ADVISE))
