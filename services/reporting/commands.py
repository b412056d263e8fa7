"""What may be asked of reporting: figures, the report, sealed reports, and the history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.reporting.facts import KnownAt
from services.reporting.history import MOST, Question
from shared.api.as_of import date_or_position, known_at
from shared.api.fields import Invalid, any_date, flag, matching, one_of, text, uuid, whole

FigureName = Literal[
    "persons-in-care",
    "persons-contacted",
    "outreach-share",
    "consultations-per-case",
    "topics",
    "staff",
    "grant",
    "caseload-per-fte",
    "overdue-occupants",
    "teams",
    "municipalities",
]
ReportName = Literal["goeppingen-2018"]


@dataclass(frozen=True, kw_only=True)
class AskFigure:
    """A figure as valid on a day and as known then; ``explain`` lists what it is the sum of.

    With ``versus_valid_at`` or ``versus_known_at`` also what was gained and lost since that other pair.
    """

    figure: FigureName = one_of(FigureName)
    valid_at: date | None = any_date(default=None)
    known_at: str | None = date_or_position()
    explain: bool = flag(default=False)
    versus_valid_at: date | None = any_date(default=None)
    versus_known_at: str | None = date_or_position()

    def __post_init__(self) -> None:
        known_at(self.known_at)
        known_at(self.versus_known_at, field="versus_known_at")

    @property
    def compares(self) -> bool:
        return self.versus_valid_at is not None or self.versus_known_at is not None


@dataclass(frozen=True, kw_only=True)
class AskReport:
    """The whole table at its reference dates, or all its figures on one other day."""

    report: ReportName = one_of(ReportName, default="goeppingen-2018")
    valid_at: date | None = any_date(default=None)
    known_at: str | None = date_or_position()

    def __post_init__(self) -> None:
        known_at(self.known_at)

    @property
    def knowledge(self) -> KnownAt:
        return known_at(self.known_at)


@dataclass(frozen=True, kw_only=True)
class SealReport:
    """Seal the report as it stands now."""

    report_id: str = uuid()
    report: ReportName = one_of(ReportName, default="goeppingen-2018")


@dataclass(frozen=True, kw_only=True)
class GetSealedReport:
    """A sealed report; ``verify`` computes it anew from the history and compares bit for bit."""

    report_id: str = uuid()
    verify: bool = flag(default=False)


# --- the history ------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class AskEvents:
    """Recorded events, oldest first; ``since`` and ``until`` are days of recording, both included.

    The next page begins ``after`` the last entry's ``seq``. Who asks what one actor did must say why.
    """

    stream: str | None = text(100, default=None)
    type: str | None = text(100, default=None)
    actor: str | None = text(100, default=None)
    correlation_id: str | None = uuid(default=None)
    since: date | None = any_date(default=None)
    until: date | None = any_date(default=None)
    after: int = whole(0, default=0)
    limit: int = whole(1, MOST, default=100)
    reason: str | None = text(200, default=None)

    def __post_init__(self) -> None:
        if self.actor is not None:
            _needs_reason(self.reason)

    @property
    def question(self) -> Question:
        return Question(
            stream=self.stream,
            type=self.type,
            actor=self.actor,
            correlation_id=self.correlation_id,
            since=None if self.since is None else _begin_of(self.since),
            until=None if self.until is None else _begin_of(self.until + timedelta(days=1)),
            after=self.after,
            limit=self.limit,
        )


@dataclass(frozen=True, kw_only=True)
class AskAct:
    """Everything that one act set in motion."""

    correlation_id: str = uuid()


@dataclass(frozen=True, kw_only=True)
class ReplayStream:
    """The state of a stream after each event, up to revision ``to``. An employee's needs a reason."""

    stream: str = matching(
        r"[a-z]{1,20}(-[0-9A-Za-z-]{1,60})?", de="ist kein Name eines Stroms", en="is not the name of a stream"
    )
    to: int | None = whole(0, default=None)
    reason: str | None = text(200, default=None)

    def __post_init__(self) -> None:
        if self.stream.startswith("employee-"):
            _needs_reason(self.reason)


@dataclass(frozen=True, kw_only=True)
class AskLedger:
    """The ledger's head; ``verify`` computes the whole chain anew."""

    verify: bool = flag(default=False)


def _begin_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Berlin"))


def _needs_reason(reason: str | None) -> None:
    if reason is None:
        raise Invalid("reason", de="muss gesagt werden", en="must be given")
