"""What may be asked of reporting: figures, the report, sealed reports, and the history."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Literal

from services.reporting.figures import FIGURES, OVER_TIME
from services.reporting.history import MOST, Question
from services.reporting.periods import Every, Period, periods
from services.reporting.report import REPORTS
from shared.api.as_of import AsOf, date_or_position, known_at
from shared.api.field_types import UUID_SHAPE
from shared.api.fields import Invalid, among, any_date, flag, matching, one_of, text, uuid, whole
from shared.contracts.envelope import KnownAt
from shared.contracts.runtime import OFFICE
from shared.privacy.access_log import MARK

Audience = Literal["office", "council"]
"""For whom an answer is: the council, and whoever else is to read it, sees no small counts of people."""
MOST_CONTRIBUTIONS = 1000
"""Contributions, or changes, in one answer."""
OTHER_LINES = ("elsewhere", "awarded", "rate_graduate", "rate_intermediate")
"""Lines that contributions count in, and that are no number of a figure by themselves."""
LINES = sorted({key for figure in FIGURES.values() for key in figure.quantities}.union(OTHER_LINES))
LINE = rf"({UUID_SHAPE}\.)?({'|'.join(map(re.escape, LINES))})"
"""A line of a figure; of one that goes by teams, with the team's id before it."""
MOST_POINTS = 600
"""Points of one series."""


@dataclass(frozen=True, kw_only=True)
class AskFigure(AsOf):
    """A figure as valid on a day and as known then.

    ``explain`` lists what it is the sum of, or only what adds to one ``line``: at most ``limit``, ``after`` so many.
    """

    figure: str = among(FIGURES)
    audience: Audience = one_of(Audience, default="office")
    explain: bool = flag(default=False)
    line: str | None = matching(LINE, de="ist keine Zeile einer Kennzahl", en="is no line of a figure", default=None)
    after: int = whole(0, default=0)
    limit: int = whole(1, MOST_CONTRIBUTIONS, default=100)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.explain and self.audience != "office":
            raise Invalid("explain", de="zeigt, was nicht für alle ist", en="would show what is not for everybody")


@dataclass(frozen=True, kw_only=True)
class AskDifference(AsOf):
    """What makes the difference between a figure at two pairs of dates; the other pair is the one before.

    What is not said of the other pair is as in the first. At most ``limit`` changes, ``after`` so many.
    """

    figure: str = among(FIGURES)
    other_valid_at: date | None = any_date(default=None)
    other_known_at: str | None = date_or_position()
    after: int = whole(0, default=0)
    limit: int = whole(1, MOST_CONTRIBUTIONS, default=100)

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.other_known

    @property
    def other_known(self) -> KnownAt:
        """``other_known_at`` as what it means."""
        if self.other_known_at is None:
            return self.known
        return known_at(self.other_known_at, field="other_known_at")


@dataclass(frozen=True, kw_only=True)
class AskSeries:
    """A figure at the end of every period from ``since`` to ``until``.

    If not said otherwise these are the months from three years ago until today.
    """

    figure: str = among(OVER_TIME)
    since: date | None = any_date(default=None)
    until: date | None = any_date(default=None)
    every: Every = one_of(Every, default="month")
    known_at: str | None = date_or_position()
    audience: Audience = one_of(Audience, default="office")

    def __post_init__(self) -> None:
        _ = self.known

    @property
    def known(self) -> KnownAt:
        return known_at(self.known_at)

    def periods(self, today: date) -> list[Period]:
        """The periods that are asked for. Raises Invalid."""
        until = self.until or today
        since = self.since or date(until.year - 3, until.month, 1)
        if since > until:
            raise Invalid("since", de="liegt nach dem Ende", en="lies after the end")
        found = list(islice(periods(since, until, self.every), MOST_POINTS + 1))
        if len(found) > MOST_POINTS:
            raise Invalid(
                "since", de=f"ergibt mehr als {MOST_POINTS} Punkte", en=f"makes more than {MOST_POINTS} points"
            )
        return found


@dataclass(frozen=True, kw_only=True)
class AskContractsEnding(AsOf):
    """The contracts that end within so many ``months`` after a day."""

    months: int = whole(1, 60, default=12)


@dataclass(frozen=True, kw_only=True)
class AskReport(AsOf):
    """The whole table at its reference dates, or (``valid_at``) all its figures on one other day."""

    report: str = among(REPORTS, default="goeppingen-2018")


@dataclass(frozen=True, kw_only=True)
class SealReport:
    """Seal the report as it stands now."""

    report_id: str = uuid()
    report: str = among(REPORTS, default="goeppingen-2018")


@dataclass(frozen=True, kw_only=True)
class ListSealedReports:
    """The sealed reports."""


@dataclass(frozen=True, kw_only=True)
class GetSealedReport:
    """A sealed report; ``verify`` computes it anew from the history and compares bit for bit."""

    report_id: str = uuid()
    verify: bool = flag(default=False)


# --- the history ------------------------------------------------------------------------------
# It tells which events stand behind a pseudonym, and what each account did: who looks into it says why.

REASON = 200
"""Characters of a reason."""
ACCOUNT = 128
"""Characters of an account's name."""


def stream_name(**options: Any) -> Any:
    """The name of a stream."""
    return matching(
        r"[a-z]{1,20}(-[0-9A-Za-z-]{1,60})?",
        de="ist kein Name eines Stroms",
        en="is not the name of a stream",
        **options,
    )


@dataclass(frozen=True, kw_only=True)
class AskEvents:
    """Recorded events, oldest first; ``since`` and ``until`` are days of recording, both included.

    A page begins ``after`` an entry, or ends ``before`` one, or is the ``last``; if nothing is said it is the first.
    """

    reason: str = text(REASON)
    stream: str | None = stream_name(default=None)
    type: str | None = text(100, default=None)
    actor: str | None = text(ACCOUNT, default=None)
    correlation_id: str | None = uuid(default=None)
    since: date | None = any_date(default=None)
    until: date | None = any_date(default=None)
    after: int | None = whole(0, default=None)
    before: int | None = whole(0, default=None)
    last: bool = flag(default=False)
    limit: int = whole(1, MOST, default=100)

    def __post_init__(self) -> None:
        if sum((self.after is not None, self.before is not None, self.last)) > 1:
            raise Invalid("before", de="und „after“ und „last“ schließen sich aus", en="excludes `after` and `last`")

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
            before=self.before,
            last=self.last,
            limit=self.limit,
        )


@dataclass(frozen=True, kw_only=True)
class AskCorrelation:
    """Everything that one act set in motion: neither by whom nor what it says, so no reason is asked."""

    correlation_id: str = uuid()


@dataclass(frozen=True, kw_only=True)
class ReplayStream:
    """The state of a stream after each event: those after the revision ``after``, up to revision ``to``.

    ``to_position``: up to a position of the whole log, so that several streams are seen as they were together.
    """

    stream: str = stream_name()
    reason: str = text(REASON)
    after: int | None = whole(0, default=None)
    to: int | None = whole(0, default=None)
    to_position: int | None = whole(0, default=None)


@dataclass(frozen=True, kw_only=True)
class AskAccesses:
    """Who read personal data: whose, and by which account; ``since`` and ``until`` are days, both included.

    The next page begins ``after`` what the last one calls ``next``.
    """

    reason: str = text(REASON)
    subject: str | None = text(100, default=None)
    account: str | None = text(ACCOUNT, default=None)
    since: date = any_date()
    until: date = any_date()
    after: str | None = matching(MARK, de="ist keine Stelle im Protokoll", en="is no place in the log", default=None)
    limit: int = whole(1, MOST, default=100)

    @property
    def begin(self) -> datetime:
        return _begin_of(self.since)

    @property
    def end(self) -> datetime:
        return _begin_of(self.until + timedelta(days=1))


@dataclass(frozen=True, kw_only=True)
class AskErasures:
    """Which keys were destroyed, when and why, oldest first: those with a number above ``after``."""

    after: int = whole(0, default=0)
    limit: int = whole(1, MOST, default=100)


@dataclass(frozen=True, kw_only=True)
class AskLedger:
    """The ledger's head; ``verify`` computes the whole chain anew."""

    verify: bool = flag(default=False)


def _begin_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=OFFICE)
