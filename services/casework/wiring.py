"""What nameko gives casework's workers: the desk they share; and what observes the reacting process."""

from __future__ import annotations

from typing import Any, cast

from nameko.extensions import DependencyProvider

from services.casework.colleagues import Colleagues
from services.casework.desk import Desk
from services.casework.metrics import observe_contracts
from services.casework.streams import Streams
from services.casework.views import VIEWS
from shared.projections.read import ViewReader
from shared.service.provided import platform_of


class DeskProvider(DependencyProvider):  # type: ignore[misc]
    def setup(self) -> None:
        platform = platform_of(self.container)
        self._reader = ViewReader(platform.settings.views_url(platform.service), VIEWS)
        streams = Streams(platform.store, platform.sealer)
        self._desk = Desk(streams, Colleagues(self._reader, platform.store), platform.digest_key)

    def get_dependency(self, worker_ctx: Any) -> Desk:
        return self._desk

    def stop(self) -> None:
        self._reader.close()


class ContractsObserved(DependencyProvider):  # type: ignore[misc]
    """Lets the reacting process tell how many contracts end soon."""

    def setup(self) -> None:
        platform = platform_of(self.container)
        self._reader = ViewReader(platform.settings.views_url(platform.service), VIEWS)
        observe_contracts(self._reader, platform.clock.today)

    def stop(self) -> None:
        self._reader.close()


def desk() -> Desk:
    """The desk as an attribute of a nameko class; each worker finds the process's one there."""
    return cast(Desk, DeskProvider())


def contracts_observed() -> ContractsObserved:
    """As an attribute of the reacting class."""
    return ContractsObserved()
