"""The read models of casework, each named by the question it answers."""

from __future__ import annotations

from typing import Any, Final

from services.casework.views.which_cases import WhichCases
from services.casework.views.which_consultations import WhichConsultations
from services.casework.views.which_contracts_end import WhichContractsEnd
from services.casework.views.who_may_act import WhoMayAct
from services.casework.views.who_works_where import WhoWorksWhere
from shared.projections.view import View

CASES: Final = WhichCases()
CONSULTATIONS: Final = WhichConsultations()
STAFF: Final = WhoWorksWhere()
ACCESS: Final = WhoMayAct()
CONTRACT_ENDS: Final = WhichContractsEnd()

VIEWS: tuple[View[Any], ...] = (CASES, CONSULTATIONS, STAFF, ACCESS, CONTRACT_ENDS)
