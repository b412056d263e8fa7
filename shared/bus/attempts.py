"""What becomes of a message whose handler failed. Pure: headers in, headers and a place out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.bus import topology
from shared.contracts.registry import NewerThanThisCode
from shared.eventstore.port import StoreUnavailable

ATTEMPT: Final = "x-attempt"
"""How often the handler failed at this message, by the message's own fault as far as anybody knows."""
OUTAGE: Final = "x-outage"
"""How often nothing was wrong with it, but with where it came: the store was away, or the code too old for it."""
REPLAYED: Final = "x-replayed"
"""Set when the delivery limit was exceeded once: the next time is the last."""
ERROR: Final = "x-error"
"""The class of the last failure. Never its text, which may hold personal data."""
PARKED_AT: Final = "x-parked-at"
"""When it was parked, ISO 8601 in UTC."""
DELIVERY_LIMIT: Final = "delivery-limit"

OUTAGES: Final = (StoreUnavailable, NewerThanThisCode)
OURS: Final = (ATTEMPT, OUTAGE, REPLAYED, ERROR, PARKED_AT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes on, under which headers. ``parked``: it waits for people there."""

    queue: str
    headers: Mapping[str, Any]
    parked: bool = False


def after_failure(
    service: str, headers: Mapping[str, Any], error: type[BaseException], delays: Sequence[float], now: str
) -> Place:
    """Later attempts at growing delays, then parked. A store that is away is no message's fault, nor is code that is
    older than the event: those wait as long as it takes, at growing delays too, and keep their attempts."""
    counter = OUTAGE if issubclass(error, OUTAGES) else ATTEMPT
    failed = count(headers, counter)
    counted = own(headers) | {counter: failed + 1, ERROR: error.__name__}
    if counter == OUTAGE:
        failed = min(failed, len(delays) - 1)
    if failed < len(delays):
        return Place(topology.retry_queue(service, delays[failed]), counted)
    return parked(service, counted, error.__name__, now)


def after_delivery_limit(service: str, headers: Mapping[str, Any], now: str) -> Place:
    """Delivered too often without an answer: processes died with it in hand, perhaps for another
    message's sake. So it gets one more chance by itself, then people look at it."""
    if REPLAYED in headers:
        return parked(service, headers, DELIVERY_LIMIT, now)
    return Place(service, own(headers) | {REPLAYED: 1})


def parked(service: str, headers: Mapping[str, Any], error: str, now: str) -> Place:
    """Put aside at once."""
    return Place(topology.parked_queue(service), own(headers) | {ERROR: error, PARKED_AT: now}, parked=True)


def replayed(service: str, headers: Mapping[str, Any]) -> Place:
    """As if it came for the first time."""
    return Place(service, {name: value for name, value in own(headers).items() if name not in OURS})


def count(headers: Mapping[str, Any], counter: str) -> int:
    """A counter among the headers; 0 if it is not there, or not a number."""
    value = headers.get(counter)
    return value if isinstance(value, int) else 0


def own(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Without the broker's own marks, which it would take for the history of the new message."""
    return {name: value for name, value in headers.items() if name in OURS or not name.startswith("x-")}
