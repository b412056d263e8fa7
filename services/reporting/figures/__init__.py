"""The figures by name, in the order in which the report shows them."""

from __future__ import annotations

from collections.abc import Mapping

from services.reporting.figures import (
    caseload_by_team,
    caseload_per_fte,
    consultations,
    consultations_by_team,
    consultations_per_case,
    contracts_ending,
    grant,
    municipalities,
    outreach_share,
    overdue_occupants,
    persons_contacted,
    persons_in_care,
    population,
    staff,
    teams,
    topics,
)
from services.reporting.figures.model import Figure

FIGURES: Mapping[str, Figure] = {
    module.FIGURE.name: module.FIGURE
    for module in (
        persons_in_care,
        population,
        persons_contacted,
        outreach_share,
        consultations,
        consultations_by_team,
        consultations_per_case,
        topics,
        staff,
        grant,
        caseload_per_fte,
        caseload_by_team,
        contracts_ending,
        overdue_occupants,
        teams,
        municipalities,
    )
}
OVER_TIME: Mapping[str, Figure] = {name: figure for name, figure in FIGURES.items() if figure.over_time}
"""Those of which there is a series."""
