"""What eligibility's workers share, as attributes of its nameko classes."""

from __future__ import annotations

from typing import Any, cast

from nameko.extensions import DependencyProvider

from services.eligibility.assessing import Assessor
from services.eligibility.looking_again import LookingAgain
from services.eligibility.reacting import Reactions
from services.eligibility.streams import Streams
from services.eligibility.views import VIEWS
from shared.projections.read import ViewReader
from shared.service.provided import platform_of


class _OverViews(DependencyProvider):  # type: ignore[misc]
    """Something that assesses and reads the views; opened once for all workers."""

    def setup(self) -> None:
        self.platform = platform_of(self.container)
        self.reader = ViewReader(self.platform.settings.views_url(self.platform.service), VIEWS)
        self.assessor = Assessor.of(self.platform)

    def stop(self) -> None:
        self.reader.close()


class ReactionsProvider(_OverViews):
    def setup(self) -> None:
        super().setup()
        self._reactions = Reactions(self.assessor, self.reader)

    def get_dependency(self, worker_ctx: Any) -> Reactions:
        return self._reactions


class LookingAgainProvider(_OverViews):
    def setup(self) -> None:
        super().setup()
        self._looking_again = LookingAgain(self.assessor, self.reader, self.platform.settings.retry_delays)

    def get_dependency(self, worker_ctx: Any) -> LookingAgain:
        return self._looking_again


class StreamsProvider(DependencyProvider):  # type: ignore[misc]
    def setup(self) -> None:
        platform = platform_of(self.container)
        self._streams = Streams(platform.store, platform.sealer, platform.keyring)

    def get_dependency(self, worker_ctx: Any) -> Streams:
        return self._streams


def streams() -> Streams:
    """What is known just now, as an attribute of a nameko class."""
    return cast(Streams, StreamsProvider())


def reactions() -> Reactions:
    """The reactions as an attribute of a nameko class."""
    return cast(Reactions, ReactionsProvider())


def looking_again() -> LookingAgain:
    """The looks that fall due as an attribute of a nameko class."""
    return cast(LookingAgain, LookingAgainProvider())
