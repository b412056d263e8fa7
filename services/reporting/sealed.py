"""A sealed report: figures that were published, bound to the history they were computed from. Pure.

Its stream holds one event, for ever. ``digest`` covers everything else in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import orjson

from shared.contracts.reporting import ReportSealed
from shared.execute import Decider, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Seal these figures: ``figures`` is their canonical JSON, ``chain`` the ledger's hash at ``position``."""

    report_id: str
    definition: str
    position: int
    chain: str
    figures: str
    sealed_on: date


def evolve(sealed: ReportSealed | None, event: ReportSealed) -> ReportSealed:
    return event


def decide(sealed: ReportSealed | None, command: Seal) -> Sequence[ReportSealed]:
    if sealed is not None:
        raise Refused("report-already-sealed", report=command.report_id)
    return [
        ReportSealed(
            report_id=command.report_id,
            definition=command.definition,
            position=command.position,
            chain=command.chain,
            figures=command.figures,
            digest=digest(command.definition, command.position, command.chain, command.figures),
            occurred_on=command.sealed_on,
        )
    ]


def digest(definition: str, position: int, chain: str, figures: str) -> str:
    """SHA-256 (hex) over a JSON array of the four: the same as long as nothing was touched."""
    return sha256(orjson.dumps([definition, position, chain, figures])).hexdigest()


decider: Decider[ReportSealed | None, Seal, ReportSealed] = Decider(None, evolve, decide)


def listed(sealed_on: date, data: Mapping[str, Any]) -> dict[str, Any]:
    """A sealed report in a list, from what its event says: nothing in it is sealed to anybody."""
    return {"sealed_on": sealed_on, **{name: data[name] for name in ("report_id", "definition", "position", "digest")}}


def checks(sealed: ReportSealed, *, definition: str | None, figures: str | None, chain: str) -> dict[str, bool]:
    """Whether each part of a seal is what it says, given what is found now; None where it cannot be found."""
    return {
        "digest": digest(sealed.definition, sealed.position, sealed.chain, sealed.figures) == sealed.digest,
        "chain": chain == sealed.chain,
        "definition": definition == sealed.definition,
        "figures": figures == sealed.figures,
    }
