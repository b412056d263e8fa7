"""What a service's projector runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from shared.projections.engine import open_engine
from shared.projections.runner import Runner, Stop
from shared.projections.source import Source, StoreSource
from shared.projections.view import View
from shared.service.platform import Platform


@dataclass(frozen=True, slots=True)
class Projection:
    """One runner of views, and what runs on threads beside it until it is told to stop (a ledger's tail)."""

    runner: Runner
    beside: Sequence[Callable[[Stop], None]] = ()


def projection(platform: Platform, views: Sequence[View[Any]], source: Source | None = None) -> Projection:
    """The usual one: the service's database of views, fed by the event store unless by another source."""
    engine = open_engine(platform.settings.views_url(platform.service), writing=True)
    fed_by = source or StoreSource(platform.store, platform.sealer)
    return Projection(Runner(engine, views, fed_by, erasures=platform.keyring.erasures))
