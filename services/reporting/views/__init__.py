"""The read models of reporting, each named by the question it answers."""

from __future__ import annotations

from typing import Any

from services.reporting.views.what_is_granted import WhatIsGranted
from services.reporting.views.who_belongs_together import WhoBelongsTogether
from services.reporting.views.who_is_entitled import WhoIsEntitled
from services.reporting.views.who_lives_where import WhoLivesWhere
from services.reporting.views.who_serves_where import WhoServesWhere
from services.reporting.views.who_was_advised import WhoWasAdvised
from services.reporting.views.who_works_here import WhoWorksHere
from shared.projections.view import View

VIEWS: tuple[View[Any], ...] = (
    WhoLivesWhere(),
    WhoBelongsTogether(),
    WhoIsEntitled(),
    WhoWasAdvised(),
    WhoWorksHere(),
    WhatIsGranted(),
    WhoServesWhere(),
)
