"""The answers about figures: their numbers, what they are the sum of, what has changed, and how they went over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import Any

from sqlalchemy import Row

from services.reporting import small_cells
from services.reporting.commands import AskContractsEnding, AskDifference, AskFigure, AskSeries
from services.reporting.difference import changes
from services.reporting.explanation import Narrator
from services.reporting.facts import Look, look
from services.reporting.figures import FIGURES
from services.reporting.figures.model import Figure, Quantity, Sums, Value, explain, measure, summed
from services.reporting.hundredths import amount
from services.reporting.periods import Period, months_later
from services.reporting.presentation import as_json, both, value_as_json
from services.reporting.series import sums_on
from shared.contracts.envelope import KnownAt
from shared.privacy.access_log import Access
from shared.privacy.keyring import Erasure
from shared.projections.read import Snapshot


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers from one state of the views. All methods raise ViewNotReady.

    ``recorded_at`` tells when the event at or before a position was recorded.
    """

    now: Snapshot
    today: date
    narrator: Callable[[], Narrator]
    recorded_at: Callable[[int], datetime | None]

    def figure(self, asked: AskFigure) -> dict[str, Any]:
        """What ``GET /reporting/v1/figures/<figure>`` says."""
        figure = FIGURES[asked.figure]
        valid_at = asked.valid_at or self.today
        at = look(self.now, figure.views, valid_at=valid_at, known_at=asked.known)
        sums = summed(self.now.connection, figure, at)
        shown = _shown(figure, sums, at, council=asked.audience == "council")
        answer = {"figure": figure.name, **self._about(figure, at, shown["value"])}
        answer |= {"valid_at": valid_at, **_known(asked.known), **self._seen(at), **shown}
        if asked.explain:
            entries = explain(self.now.connection, figure, at, line=asked.line, after=asked.after, limit=asked.limit)
            lines = sums.lines if asked.line is None else [asked.line]
            total = sum(sums.contributions(line) for line in lines)
            answer["explanation"] = {"total": total, **_page(asked, total), "entries": self.narrator().tell(entries)}
        return answer

    def difference(self, asked: AskDifference) -> dict[str, Any]:
        """What ``GET /reporting/v1/figures/<figure>/difference`` says."""
        figure, connection = FIGURES[asked.figure], self.now.connection
        valid_at = asked.valid_at or self.today
        other_valid_at = asked.other_valid_at or valid_at
        after = look(self.now, figure.views, valid_at=valid_at, known_at=asked.known)
        before = look(self.now, figure.views, valid_at=other_valid_at, known_at=asked.other_known)
        value, other = (measure(connection, figure, at) for at in (after, before))
        found = changes(*(explain(connection, figure, at) for at in (before, after)))
        what = Counter(change.what for change in found)
        page = found[asked.after : asked.after + asked.limit]
        return {
            "figure": figure.name,
            **self._about(figure, after, value.keys() | other.keys()),
            "valid_at": valid_at,
            **_known(asked.known),
            **self._seen(after),
            "value": value_as_json(figure, value),
            "other": {
                "valid_at": other_valid_at,
                **_known(asked.other_known),
                "position": before.as_of.position,
                "value": value_as_json(figure, other),
            },
            "difference": _difference(figure, value, other),
            "totals": {kind: what[kind] for kind in ("came", "went", "changed")},
            **_page(asked, len(found)),
            "entries": self.narrator().tell_changes(page),
        }

    def series(self, asked: AskSeries) -> dict[str, Any]:
        """What ``GET /reporting/v1/series/<figure>`` says. Raises Invalid."""
        figure, periods = FIGURES[asked.figure], asked.periods(self.today)
        at = look(self.now, figure.views, valid_at=periods[-1].last, known_at=asked.known)
        first, last = periods[0].first, periods[-1].last
        days = [first - timedelta(days=1), *(period.last for period in periods)]
        before, *sums = sums_on(self.now.connection, figure, at, days)
        points = _points(figure, at, periods, before, sums, council=asked.audience == "council")
        keys = dict.fromkeys(key for point in points for key in point["value"])
        return {
            "series": figure.name,
            **self._about(figure, at, keys),
            "since": first,
            "until": last,
            "every": asked.every,
            **_known(asked.known),
            **self._seen(at),
            "cumulative": figure.cumulative,
            "points": points,
        }

    def contracts_ending(self, asked: AskContractsEnding, *, one_by_one: bool) -> dict[str, Any]:
        """What ``GET /reporting/v1/contracts/ending`` says; ``one_by_one``: also who has each contract."""
        valid_at = asked.valid_at or self.today
        until = months_later(valid_at, asked.months)
        at = look(self.now, ("reporting.who_works_here",), valid_at=until, known_at=asked.known)
        ended = at.facts.ended_contracts()
        rows = self.now.connection.execute(
            ended.select().where(ended.c.last_day > valid_at).order_by(ended.c.last_day, ended.c.contract_id),
            at.as_of.parameters,
        ).all()
        months = []
        for month, ends in groupby(rows, key=lambda row: f"{row.last_day:%Y-%m}"):
            of_month = list(ends)
            each = [
                {
                    "ends_on": row.last_day,
                    "employee_id": row.employee_id,
                    "contract_id": row.contract_id,
                    "fte": float(amount(row.fte_hundredths)),
                }
                for row in of_month
            ]
            months.append({"month": month, **_together(of_month), **({"ends": each} if one_by_one else {})})
        return {
            "valid_at": valid_at,
            "until": until,
            **_known(asked.known),
            **self._seen(at),
            **_together(rows),
            "months": months,
        }

    # --- what all of them say ---------------------------------------------------------------------

    def _about(self, figure: Figure, at: Look, keys: Iterable[str]) -> dict[str, Any]:
        """What a figure is, in both languages, and what its numbers are."""
        return {
            "title": both(figure.title),
            "definition": {"version": figure.version, **both(figure.definition)},
            "date_type": {"name": figure.date_type.value, **both(figure.date_type.text)},
            "quantities": self._quantities(figure, at, keys),
        }

    def _quantities(self, figure: Figure, at: Look, keys: Iterable[str]) -> dict[str, Any]:
        """What each number is; in a figure by team also of which."""
        if not figure.by_team:
            return {key: _quantity(quantity) for key, quantity in figure.quantities.items()}
        names = self._team_names(at)
        of_team = {key: key.partition(".")[0] for key in keys}
        return {key: _quantity(figure.quantity(key), names.get(team, team)) for key, team in of_team.items()}

    def _team_names(self, at: Look) -> dict[str, str]:
        team = at.facts.teams()
        rows = self.now.connection.execute(team.select(), at.as_of.parameters)
        return {row.team_id: row.name for row in rows}

    def _seen(self, at: Look) -> dict[str, Any]:
        """Up to where the answer has read, and how old the newest event in it is."""
        position = at.as_of.position
        recorded_at = self.recorded_at(position)
        if recorded_at is None:
            return {"position": position, "newest": None}
        age = max(0.0, (datetime.now(UTC) - recorded_at).total_seconds())
        return {"position": position, "newest": {"recorded_at": recorded_at, "age_seconds": round(age, 1)}}


def _quantity(quantity: Quantity, team: str | None = None) -> dict[str, str]:
    said = {"unit": quantity.unit.value, **both(quantity.label)}
    if team is None:
        return said
    return said | {language: f"{team}: {said[language]}" for language in ("de", "en")} | {"team": team}


def _known(known: KnownAt) -> dict[str, Any]:
    """The state of knowledge, and what it is compared with."""
    by = "everything" if known is None else "position" if isinstance(known, int) else "learnt_on"
    return {"known_at": known, "known_by": by}


def _page(asked: AskFigure | AskDifference, total: int) -> dict[str, int | None]:
    """After how many the next page begins; None at the end."""
    end = asked.after + asked.limit
    return {"next": end if end < total else None}


def _shown(figure: Figure, sums: Sums, at: Look, *, council: bool) -> dict[str, Any]:
    """The value, for the council without small cells and with the word whether there were any."""
    if not council:
        return {"value": value_as_json(figure, figure.value(sums, at.as_of))}
    value, suppressed = small_cells.hide(figure, sums, at.as_of)
    return {"value": value_as_json(figure, value), "suppressed": suppressed}


def _points(
    figure: Figure, at: Look, periods: Iterable[Period], before: Sums, sums: Iterable[Sums], *, council: bool
) -> list[dict[str, Any]]:
    """The points of a series. ``before``: what it amounts to on the day before the first period.

    A running total that the council sees is hidden while what has come since the last one shown is a small cell.
    """
    points, last, last_shown = [], before, Sums()
    for period, so_far in zip(periods, sums, strict=True):
        of_day = replace(at, as_of=replace(at.as_of, valid_at=period.last))
        point = {"from": period.first, "valid_at": period.last, **_shown(figure, so_far, of_day, council=council)}
        if figure.cumulative:
            in_period = _shown(figure, so_far - last, of_day, council=council)
            point["in_period"] = in_period["value"]
        if figure.cumulative and council:
            _, small = small_cells.hide(figure, so_far - last_shown, of_day.as_of)
            if small:
                point["value"] = dict.fromkeys(point["value"])
            else:
                last_shown = so_far
            point["suppressed"] |= small or in_period["suppressed"]
        points.append(point)
        last = so_far
    return points


def _difference(figure: Figure, value: Value, other: Value) -> dict[str, Any]:
    """By how much each number differs; None where one of the two has no meaning."""
    found = {}
    for key in value.keys() | other.keys():
        now, then = value.get(key, 0), other.get(key, 0)
        difference = None if now is None or then is None else Fraction(now) - Fraction(then)
        found[key] = as_json(difference, figure.quantity(key).unit)
    return found


def _together(contracts: Sequence[Row[Any]]) -> dict[str, Any]:
    return {"contracts": len(contracts), "fte": float(amount(sum(row.fte_hundredths for row in contracts)))}


# --- data protection ------------------------------------------------------------------------------


def access_as_json(access: Access) -> dict[str, Any]:
    """One read of somebody's data."""
    return {
        "at": access.at,
        "account": access.actor,
        "subject": access.subject,
        "purpose": access.purpose,
        "reason": access.reason,
    }


def erasure_as_json(erasure: Erasure) -> dict[str, Any]:
    """One destroyed key."""
    return {
        "number": erasure.number,
        "subject": erasure.subject,
        "class": erasure.personal_class.value,
        "erased_at": erasure.erased_at,
        "reason": erasure.reason,
    }
