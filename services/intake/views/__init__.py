"""The read models of intake, each named by the question it answers."""

from __future__ import annotations

from typing import Any, Final

from services.intake.views.which_permits_expire import WhichPermitsExpire
from services.intake.views.who_belongs_together import WhoBelongsTogether
from services.intake.views.who_is_who import WhoIsWho
from services.intake.views.who_lives_where import WhoLivesWhere
from shared.projections.view import View

PERSONS: Final = WhoIsWho()
HOUSEHOLDS: Final = WhoBelongsTogether()
RESIDENCES: Final = WhoLivesWhere()
PERMITS: Final = WhichPermitsExpire()

VIEWS: tuple[View[Any], ...] = (PERSONS, HOUSEHOLDS, RESIDENCES, PERMITS)
