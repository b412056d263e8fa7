"""``wegmarken views``: the runners of all services' views, for the commands that look at them or rebuild them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module

from deploy.processes import SERVICES
from shared.eventstore.opening import open_store
from shared.projections.cli import views_group
from shared.projections.runner import Runner
from shared.runtime.config import ConfigurationError, Settings
from shared.service.platform import Platform


@contextmanager
def open_runners() -> Iterator[list[Runner]]:
    """Opened by the settings of the environment. Raises ConfigurationError, StoreUnavailable."""
    settings = Settings.from_environment()
    if not settings.secrets.exists():  # before a store is made where nobody looks for one
        raise ConfigurationError(f"{settings.secrets} is not there: is WEGMARKEN_DATA the right directory?")
    with ExitStack() as opened:
        store = open_store(settings.eventstore)
        opened.callback(store.close)
        runners = []
        for name in SERVICES:
            service = import_module(f"services.{name}.service").HTTP
            platform = Platform.open(settings, name, service.classes, store=store)
            opened.callback(platform.close)
            runners.append(service.projection(platform).runner)
        yield runners


views = views_group(open_runners)
