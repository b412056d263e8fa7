"""How a case was met: what whoever sees it next wants to know. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from shared.contracts.model import ConsultationId, PersonId


@dataclass(frozen=True, slots=True)
class LastTalk:
    """Where it was and with whom: the next one is likely to be like it. ``setting`` None: it was erased."""

    consultation_id: ConsultationId
    setting: str | None
    took_part: tuple[PersonId, ...]
    concerns: tuple[PersonId, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """Valid talks only. ``last_attempt_on``: a visit that met nobody, after the case was last seen."""

    last_seen_on: date | None = None
    last_attempt_on: date | None = None
    consultations_this_year: int = 0
    last: LastTalk | None = None


NEVER_MET = Contact()
