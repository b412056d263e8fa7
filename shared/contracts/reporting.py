"""What reporting publishes: sealed reports, each in a stream of its own."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.model import Event
from shared.contracts.registry import published


def report_stream(report_id: str) -> str:
    return f"report-{report_id}"


@published(version=1)
@dataclass(frozen=True, kw_only=True)
class ReportSealed(Event):
    """A published report: its figures (canonical JSON), up to where it had read, and their digest.

    ``chain`` is the ledger's hash at ``position``, so the sealed numbers are bound to the history.
    """

    report_id: str
    definition: str
    position: int
    chain: str
    figures: str
    digest: str
