"""The four kinds of processes: how each starts, says how it is, and stops.

http and react run on eventlet, projector and relay on plain threads. SIGTERM or SIGINT: finish what is under
way, close everything, exit 0. What cannot start says one line on standard error and exits 2; what fails later
exits 1, and whoever supervises starts it again.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NoReturn, Protocol

from shared.runtime.collector import undisturbed
from shared.runtime.config import ConfigurationError, Settings

if TYPE_CHECKING:
    from shared.api.service import ServiceHttp
    from shared.service.reactions import ServiceReact

# For whoever imports eventlet later, and all do. The system's own resolver knows the names we use.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

Kind = Literal["http", "react", "projector", "relay"]


class Opened(Protocol):
    """What a service works with; closed when its process ends."""

    @property
    def close(self) -> Callable[[], None]: ...


class HttpService(Protocol):
    """A nameko class that an http process serves, with its own composition root."""

    name: ClassVar[str]

    @classmethod
    def open(cls, settings: Settings) -> Opened:
        """Raises ConfigurationError, StoreUnavailable."""
        ...


WORKERS: Final = 64
"""Requests that are worked on at the same time in an http process."""
CANNOT_START: Final = 2
FAILED: Final = 1


def main(package: str) -> NoReturn:
    """The whole of a service's ``__main__``: ``python -m services.<name> http|react|projector``."""
    kinds: dict[str, Kind] = {"http": "http", "react": "react", "projector": "projector"}
    if len(sys.argv) != 2 or sys.argv[1] not in kinds:
        print(f"usage: python -m {package} {'|'.join(kinds)}", file=sys.stderr)
        sys.exit(CANNOT_START)
    run(kinds[sys.argv[1]], [package])


def run(kind: Kind, packages: Sequence[str] = ()) -> NoReturn:
    """Run one process over the services in ``packages`` (http: one of them; relay: none) until it is stopped.

    To be called before anything else is imported: http and react patch the standard library first. A
    service's ``service`` module holds its classes ``HTTP`` and ``REACT`` (None where nothing reacts).
    """
    if kind in ("http", "react"):
        make_green()
    with one_line():
        settings = Settings.from_environment()
        with undisturbed():  # what is imported stays: to look through it while it grows is a tenth of a start
            services = [import_module(f"{package}.service") for package in packages]
        match kind:
            case "http":
                if len(services) != 1:
                    raise ConfigurationError("an http process serves exactly one service")
                worked = run_http(services[0].HTTP, settings)
            case "react":
                reacting = [service.REACT for service in services if service.REACT is not None]
                if not reacting:
                    raise ConfigurationError(f"nothing reacts in {', '.join(packages) or 'no service'}")
                worked = run_react(reacting, settings)
            case "projector":
                worked = run_projector([service.HTTP for service in services], settings)
            case "relay":
                worked = run_relay(settings)
    sys.exit(0 if worked else FAILED)


def make_green() -> None:
    """Turn this process over to eventlet. Before anything else is imported."""
    import eventlet

    eventlet.monkey_patch()


def run_http(service: type[HttpService], settings: Settings) -> bool:
    """Serve one service's commands and queries until a signal comes; False when it failed before.

    Raises ConfigurationError, as the others do.
    """
    from shared.api.server import LISTENER, MAX_BODY
    from shared.process import green
    from shared.runtime import logs
    from shared.service.provided import PLATFORMS

    logs.configure(f"{service.name}.http", level=settings.log_level, format=settings.log_format)
    with ExitStack() as opened:
        listener = opened.enter_context(listening(settings, shared=settings.share_port))
        works_with = service.open(settings)
        opened.callback(works_with.close)
        configuration = {
            PLATFORMS: {service.name: works_with},
            LISTENER: listener,
            MAX_BODY: settings.max_body,
            "max_workers": WORKERS,
        }
        return green.run_until_stopped([service], configuration, listener)


def run_react(services: Sequence[type[ServiceReact]], settings: Settings) -> bool:
    """Run reactions and timers of services until a signal comes.

    Health is served before the broker answers, so that it can say so.
    """
    from shared.api import parked
    from shared.bus.consumer import nameko_config
    from shared.eventstore.opening import open_store
    from shared.process import green, readiness
    from shared.runtime import logs
    from shared.service.platform import Platform
    from shared.service.provided import PLATFORMS

    logs.configure("react", level=settings.log_level, format=settings.log_format)
    with ExitStack() as opened:
        broker_url = settings.broker_url
        listener = opened.enter_context(listening(settings))
        store = open_store(settings.eventstore)
        opened.callback(store.close)
        configuration = nameko_config(broker_url, store, settings.retry_delays)
        platforms = {s.name: Platform.open(settings, s.name, s.classes, store=store) for s in services}
        for platform in platforms.values():
            opened.callback(platform.close)
        tokens = next(iter(platforms.values())).tokens
        pages = {parked.PATH: parked.parked_page([service.name for service in services], broker_url, tokens)}
        green.serve_health(listener, readiness.reacting(services, platforms), pages)
        return green.run_until_stopped(services, configuration | {PLATFORMS: platforms}, listener)


def run_projector(services: Sequence[type[ServiceHttp]], settings: Settings) -> bool:
    """Keep the views of services up to date until a signal comes."""
    from shared.eventstore.opening import open_store
    from shared.process import plain, readiness
    from shared.runtime import logs
    from shared.service.platform import Platform

    logs.configure("projector", level=settings.log_level, format=settings.log_format)
    with ExitStack() as opened:
        listener = opened.enter_context(listening(settings))
        store = open_store(settings.eventstore)
        opened.callback(store.close)
        projections = []
        for service in services:
            platform = Platform.open(settings, service.name, service.classes, store=store)
            opened.callback(platform.close)
            projections.append(service.projection(platform))
            opened.callback(projections[-1].lease.close)
        work = [work for one in projections for work in (one.runner.run, *one.beside)]
        return plain.run_until_stopped(work, listener, readiness.projecting([one.runner for one in projections], store))


def run_relay(settings: Settings) -> bool:
    """Publish the store's events to the broker until a signal comes."""
    from shared.bus.checkpoint import Checkpoint
    from shared.bus.relay import Relay
    from shared.eventstore.opening import open_store
    from shared.process import plain, readiness
    from shared.runtime import logs

    logs.configure("relay", level=settings.log_level, format=settings.log_format)
    with ExitStack() as opened:
        broker_url = settings.broker_url
        listener = opened.enter_context(listening(settings))
        store = open_store(settings.eventstore)
        opened.callback(store.close)
        checkpoint = settings.data / Checkpoint.FILE
        relay = Relay(store, broker_url, checkpoint, retry_delays=settings.retry_delays)
        return plain.run_until_stopped([relay.run], listener, readiness.relaying(relay))


@contextmanager
def listening(settings: Settings, *, shared: bool = False) -> Iterator[socket.socket]:
    """The process's listening socket. Raises ConfigurationError when its address cannot be had.

    Opened before anything else, so that a taken port is noticed before anything was done. On a port that several
    share it does not listen yet: who is not ready takes no connection from those that are.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            listener.bind((settings.host, settings.port))
            if not shared:
                listener.listen()
        except OSError as error:
            reason = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
            raise ConfigurationError(f"the address {settings.host}:{settings.port} {reason}") from None
        yield listener
    finally:
        listener.close()


@contextmanager
def one_line() -> Iterator[None]:
    """What keeps a process from starting is one line for whoever starts it, not a trace."""
    from shared.eventstore.port import StoreUnavailable

    try:
        yield
    except (ConfigurationError, StoreUnavailable) as error:
        print(f"wegmarken: {error}", file=sys.stderr)
        sys.exit(CANNOT_START)
