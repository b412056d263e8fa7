"""The whole platform on one machine: a private broker and all processes, on one data directory."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from deploy.broker import PrivateBroker
from deploy.ports import free_ports, is_free
from deploy.processes import HTTP, PORTAL, PROCESSES, PROJECTOR, REACT, RELAY, Process, addresses
from deploy.supervisor import Child, Supervisor, inherited
from shared.bus.connection import LOST
from shared.bus.leading import somebody_leads
from shared.privacy.secrets import ISSUER_PRIVATE, create_secrets
from shared.service.tokens import issue

WORKING_ON_EVENTS: Final = (RELAY, REACT, PROJECTOR)
"""What still has to do when all commands are answered."""


class PortTaken(Exception):
    """A fixed port is in use by somebody else. The text says which, and what to do."""


class BrokerUnusable(Exception):
    """The broker that was named cannot be used. The text says why."""


class NotQuiet(Exception):
    """The platform did not come to rest in time. The text says what was still under way."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One of those that run of a process, counted from 1. ``shares_port``: all of them listen on that of the first."""

    process: Process
    number: int
    shares_port: bool

    @property
    def name(self) -> str:
        """The first is called like the process itself."""
        return self.process.name if self.number == 1 else f"{self.process.name}-{self.number}"

    @property
    def listens_as(self) -> str:
        """The name of whose port it is."""
        return self.process.name if self.shares_port else self.name


class OneMachine:
    """The platform as a context: started on entering, stopped cleanly on leaving.

    ``ports``: "fixed" (those of the process description, for a lasting installation) or "free".
    ``broker``: the URL of a broker of your own; None starts a private node under the data directory.
    ``settings``: further settings of the processes (docs/configuration.md); ``clock`` overrides theirs.
    ``replicas``: how many run of a process, by its name, where that is not one. Those that serve HTTP share a port.
    """

    def __init__(
        self,
        data: Path,
        *,
        clock: Literal["system", "manual"] | None = None,
        ports: Literal["fixed", "free"] = "free",
        broker: str | None = None,
        settings: Mapping[str, str] | None = None,
        replicas: Mapping[str, int] | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.data = data.absolute()
        self._clock, self._ports, self._settings, self._say = clock, ports, dict(settings or {}), say
        self._given_broker, self._replicas = broker, dict(replicas or {})
        self.broker: PrivateBroker | None = None
        self.supervisor: Supervisor
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._prepare()
            self._say("starting the broker …")
            url = self._start_broker(opening)
            self._say("starting the services …")
            self.supervisor = Supervisor(self.children(url), say=self._say)
            opening.callback(self.supervisor.stop)
            self.supervisor.start()
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    # --- what runs where ------------------------------------------------------------------------

    @property
    def addresses(self) -> dict[str, str]:
        """The base URL of each service's HTTP API."""
        return {process.known_as: self.supervisor.children[process.name].url for process in HTTP}

    @property
    def portal(self) -> str:
        """The address of the pages."""
        return self.supervisor.children[PORTAL.name].url

    def token(self, account: str, roles: Sequence[str]) -> str:
        """A five-minute token; on one machine the platform issues its own."""
        return issue((self.data / "secrets" / ISSUER_PRIVATE).read_bytes(), account, roles)

    def _prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        create_secrets(self.data / "secrets")
        if self._ports == "fixed":
            _refuse_taken_ports()

    def _start_broker(self, opening: ExitStack) -> str:
        if self._given_broker:
            self._refuse_a_broker_in_use(self._given_broker)
            return self._given_broker
        self.broker = PrivateBroker(self.data / "broker", say=self._say)
        opening.callback(self.broker.stop)
        return self.broker.start()

    @staticmethod
    def _refuse_a_broker_in_use(url: str) -> None:
        try:
            taken = somebody_leads(url)
        except LOST as error:
            raise BrokerUnusable(f"the broker of WEGMARKEN_BROKER does not answer ({type(error).__name__})") from None
        if taken:
            raise BrokerUnusable("another platform runs on the broker of WEGMARKEN_BROKER: give this one its own vhost")

    def children(self, broker: str) -> list[Child]:
        """What is to run beside the broker with this URL. Free ports are those that are free now. Raises NoFreePort."""
        instances = [instance for process in PROCESSES for instance in self._instances(process)]
        port_of = _ports(instances, fixed=self._ports == "fixed")

        def address(process: Process) -> str:
            return f"http://127.0.0.1:{port_of[process.name]}"

        common = self._settings | {"WEGMARKEN_DATA": str(self.data)}
        if self._clock is not None:
            common["WEGMARKEN_CLOCK"] = self._clock
        common.setdefault("WEGMARKEN_SERVICES", addresses(HTTP, address))
        common.setdefault("WEGMARKEN_PROCESSES", addresses((PROJECTOR, RELAY, REACT), address))
        of_the_bus = common | {"WEGMARKEN_BROKER": broker}
        return [
            self._child(each, port_of[each.listens_as], of_the_bus if each.process.needs_broker else common)
            for each in instances
        ]

    def _instances(self, process: Process) -> list[Instance]:
        count = self._replicas.get(process.name, 1)
        shares_port = process in (PORTAL, *HTTP) and count > 1
        return [Instance(process, number, shares_port) for number in range(1, count + 1)]

    def _child(self, instance: Instance, port: int, settings: Mapping[str, str]) -> Child:
        own = {"WEGMARKEN_PORT": str(port), "WEGMARKEN_SHARE_PORT": "yes" if instance.shares_port else "no"}
        return Child(
            name=instance.name,
            command=instance.process.command,
            port=port,
            environment=inherited(**{**settings, **own}),
            log=self.data / "logs" / f"{instance.name}.log",
            shares_port=instance.shares_port,
        )

    # --- how it does ----------------------------------------------------------------------------

    def status(self, processes: Sequence[Process] = PROCESSES) -> dict[str, dict[str, Any] | None]:
        """What each that runs of these processes says of itself at ``/health/ready``; None where it does not answer."""
        names = {process.name for process in processes}
        return {name: child.said() for name, child in self.supervisor.children.items() if _process(name) in names}

    def wait_quiet(self, *, timeout: float = 60) -> int:
        """Wait until every event is published, every reaction done and every view there; the head's position.

        What was put aside for people waits for them, not for this. Raises NotQuiet.
        """
        deadline = time.monotonic() + timeout
        before: int | None = None
        while True:
            self.supervisor.revive()
            status = self.status(WORKING_ON_EVENTS)
            head = head_if_quiet(status)
            if head is not None and head == before:
                return head
            if time.monotonic() > deadline:
                raise NotQuiet(f"not quiet after {timeout:.0f} s: {status}")
            before = head
            time.sleep(0.05)


def _refuse_taken_ports() -> None:
    for process in PROCESSES:
        if not is_free(process.default_port):
            raise PortTaken(
                f"port {process.default_port}, needed by {process.name}, is taken:"
                " stop the program that uses it, or a platform that already runs"
            )


def _ports(instances: Sequence[Instance], *, fixed: bool) -> dict[str, int]:
    """The port of each name that listens; drawn together, as what is drawn is still free. Raises NoFreePort.

    ``fixed``: those of the process description, of which the first of each process has its own.
    """
    described = {process.name: process.default_port for process in PROCESSES} if fixed else {}
    others = [name for name in dict.fromkeys(each.listens_as for each in instances) if name not in described]
    return described | dict(zip(others, free_ports(len(others)), strict=True))


def head_if_quiet(status: Mapping[str, Mapping[str, Any] | None]) -> int | None:
    """The position of the newest event if nothing is under way."""
    relays, reacts, projectors = (_said_by(process, status) for process in WORKING_ON_EVENTS)
    if not relays or not reacts or not projectors:
        return None
    head = relays[0].get("head")
    quiet = (
        head is not None
        and all(relay.get("position") == head for relay in relays)
        # The broker may keep to itself how many wait: None is not 0.
        and all(react.get(count) == 0 for react in reacts for count in ("in_hand", "waiting", "due"))
        and all(projector.get("views") for projector in projectors)
        and all(position >= head for projector in projectors for position in projector["views"].values())
    )
    return head if quiet else None


def _said_by(process: Process, status: Mapping[str, Mapping[str, Any] | None]) -> list[Mapping[str, Any]]:
    """What each of its replicas says; nothing where one does not answer."""
    found = [says for name, says in status.items() if _process(name) == process.name]
    answers = [says for says in found if says is not None]
    return answers if len(answers) == len(found) else []


def _process(name: str) -> str:
    """The name of the process of which an instance has this name."""
    return re.sub(r"-\d+$", "", name)
