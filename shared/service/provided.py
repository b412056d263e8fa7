"""What nameko gives each worker of a service: its platform, and the reader of its views."""

from __future__ import annotations

from typing import Any, Final, cast

from nameko.extensions import DependencyProvider

from shared.projections.read import ViewReader
from shared.service.platform import Platform

PLATFORMS: Final = "platforms"
"""Key of nameko's configuration: each service's platform by the service's name."""


def platform_of(container: Any) -> Platform:
    """The platform of a nameko container's service."""
    found: Platform = container.config[PLATFORMS][container.service_name]
    return found


class PlatformProvider(DependencyProvider):  # type: ignore[misc]
    def get_dependency(self, worker_ctx: Any) -> Platform:
        return platform_of(self.container)


class ReaderProvider(DependencyProvider):  # type: ignore[misc]
    """Opens the service's database of views; the class names them in ``views``."""

    def setup(self) -> None:
        platform = platform_of(self.container)
        views = self.container.service_cls.views
        self._reader = ViewReader(platform.settings.views_url(platform.service), views)

    def get_dependency(self, worker_ctx: Any) -> ViewReader:
        return self._reader

    def stop(self) -> None:
        self._reader.close()


def platform() -> Platform:
    """The platform as an attribute of a nameko class; each worker finds the opened one there."""
    return cast(Platform, PlatformProvider())


def reader() -> ViewReader:
    """The reader of the class's ``views`` as an attribute of a nameko class."""
    return cast(ViewReader, ReaderProvider())
