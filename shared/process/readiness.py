"""When a process is ready, and what it shows of itself: of each kind that serves no API of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shared.api.health import Ready, Status
from shared.eventstore.lag import NO_LAG, Lag, lags
from shared.eventstore.port import EventStore, StoreUnavailable

if TYPE_CHECKING:  # each kind of process imports what it runs, and no other's
    from shared.bus.relay import Relay
    from shared.projections.runner import Runner
    from shared.service.platform import Platform
    from shared.service.reactions import ServiceReact


def reacting(services: Sequence[type[ServiceReact]], platforms: Mapping[str, Platform]) -> Ready:
    """Ready while every service's queue is subscribed; shows what is in hand, waiting and overdue."""
    from shared.bus.consumer import status
    from shared.projections.read import ViewReader

    readers = {s.name: ViewReader(platforms[s.name].settings.views_url(s.name), s.views) for s in services}

    def ready() -> tuple[bool, Status]:
        found = [status(service.name) for service in services]
        waiting = [one.waiting for one in found if one.waiting is not None]
        in_hand = sum(one.in_hand for one in found)
        is_waiting = sum(waiting) if len(waiting) == len(found) else None
        # How old a message is, the broker does not tell.
        lag = None if is_waiting is None else {"events": in_hand + is_waiting, "seconds": None}
        details = {
            "in_hand": in_hand,
            "waiting": is_waiting,
            "lag": lag,
            "due": sum(service.due(platforms[service.name], readers[service.name]) for service in services),
        }
        return all(one.connected for one in found), details

    return ready


def projecting(runners: Sequence[Runner], store: EventStore) -> Ready:
    """Ready while every runner follows its source, or stands by, and no view was stopped by an event.

    Of the event that stopped a view it shows position and id, null where the view's tables are to blame. How far a
    view is behind is said against the store, also where the runner's source follows that itself.
    """

    def ready() -> tuple[bool, Status]:
        found = [runner.status() for runner in runners]
        views = {name: position for status in found for name, position in status.views.items()}
        of = _lags(store, views)
        details = {
            "head": max((status.head for status in found if status.head is not None), default=None),
            "views": views,
            "lag": None if of is None else max(of.values(), default=NO_LAG).as_json,
            "lags": None if of is None else {name: behind.as_json for name, behind in of.items()},
            "stopped": {
                name: {"event_id": at.event_id, "position": at.position}
                for status in found
                for name, at in status.stopped.items()
            },
            "standing_by": [name for status in found if status.standing_by for name in status.views],
        }
        return all(status.ready for status in found), details

    return ready


def relaying(relay: Relay) -> Ready:
    """Ready while it leads, or stands by for the one that does."""

    def ready() -> tuple[bool, Status]:
        status = relay.status()
        behind = None if status.lag is None else status.lag.as_json
        details = {"position": status.position, "head": status.head, "lag": behind, "leader": status.leader}
        return status.connected and status.head is not None, details

    return ready


def _lags(store: EventStore, views: Mapping[str, int]) -> dict[str, Lag] | None:
    """How far each view is behind the store; None while that is away."""
    try:
        of = lags(store, views.values())
    except StoreUnavailable:
        return None
    return {name: of[position] for name, position in views.items()}
