"""Timers of a service's reacting side: a look, every so often, at what has fallen due."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from nameko.timer import Timer

from shared.eventstore.port import NotYet, StoreUnavailable
from shared.runtime.logs import get_logger
from shared.runtime.metrics import STORE_UNAVAILABLE
from shared.service.provided import platform_of

F = TypeVar("F", bound=Callable[..., Any])


class Beat(Timer):  # type: ignore[misc]
    """A timer that looks as often as the settings say."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(interval=None, **kwargs)

    def setup(self) -> None:
        self.interval = platform_of(self.container).settings.timers_every

    def handle_result(self, worker_ctx: Any, result: Any, exc_info: Any) -> Any:
        """A look that failed is logged (nameko's own line would hold the exception's text) and tried again."""
        if exc_info is not None:
            if isinstance(exc_info[1], StoreUnavailable) and not isinstance(exc_info[1], NotYet):
                STORE_UNAVAILABLE.inc()
            get_logger().error(
                "timer-failed", service=self.container.service_name, timer=self.method_name, exc_info=exc_info[1]
            )
        return super().handle_result(worker_ctx, result, exc_info)


def every_beat(method: F) -> F:
    """Make a method of a nameko class run at each look, as often as the setting ``timers_every`` says."""
    Beat.decorator(method)
    return method
