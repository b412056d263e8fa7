"""What a service's projector runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.database.lease import Lease, open_lease
from shared.projections.engine import open_engine
from shared.projections.runner import Runner
from shared.projections.source import Source, StoreSource
from shared.projections.view import View
from shared.runtime.native import Stop
from shared.service.platform import Platform


@dataclass(frozen=True, slots=True)
class Projection:
    """One runner of views, and what runs on threads beside it until it is told to stop (a ledger's tail).

    Of several processes with the same projection the one that has the lease does all of this.
    """

    runner: Runner
    lease: Lease
    beside: Sequence[Callable[[Stop], None]] = ()


def projection(platform: Platform, views: Sequence[View[Any]], source: Source | None = None) -> Projection:
    """The usual one: the service's database of views, fed by the event store unless by another source."""
    url = platform.settings.views_url(platform.service)
    engine, lease = open_engine(url, writing=True), open_lease(url)
    fed_by = source or StoreSource(platform.store, platform.sealer)
    return Projection(Runner(engine, views, fed_by, erasures=platform.keyring.erasures, leads=lease.held), lease)
