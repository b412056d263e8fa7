"""A fixed-term contract that runs out soon is announced by itself, once per threshold. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from services.casework.commands import AnnounceContractExpiry
from services.casework.employee import Announcement


def react(due: Iterable[Announcement], today: date) -> list[AnnounceContractExpiry]:
    """What follows from the announcements that have fallen due by today."""
    return [
        AnnounceContractExpiry(
            employee_id=announcement.employee_id,
            contract_id=announcement.contract_id,
            days_ahead=announcement.days_ahead,
            today=today,
        )
        for announcement in due
    ]
