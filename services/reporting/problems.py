"""What reporting says when it refuses. The names are for ever: callers and tests know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.api.problems import Problem

PROBLEMS: Final[Mapping[str, Problem]] = {
    "unknown-report": Problem(404, "Diesen Bericht gibt es nicht.", "There is no such report."),
    "unknown-correlation": Problem(
        404, "Zu dieser Kennung ist nichts aufgezeichnet.", "Nothing is recorded under this correlation id."
    ),
    "unknown-stream": Problem(404, "Den Strom {stream} gibt es nicht.", "There is no stream {stream}."),
    "report-already-sealed": Problem(
        409, "Der Bericht {report} ist schon versiegelt.", "The report {report} is sealed already."
    ),
}
