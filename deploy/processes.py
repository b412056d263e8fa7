"""The one description of the platform's processes: what runs, how it is started, what it needs, what it may know.

``./dev up``, the demonstration and the tests start ``PROCESSES``: everything on one machine. The compose files are
generated from ``CONTAINERS``: the same commands and settings, with one reacting and one projecting process per service.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from shared.contracts.model import PersonalClass
from shared.privacy.secrets import DIGEST_KEY, ISSUER_PRIVATE, ISSUER_PUBLIC, PORTAL_KEY, PSEUDONYM_KEY, master_file

SERVICES = ("intake", "eligibility", "casework", "reporting")
REACTING_SERVICES = ("eligibility", "casework")

IDENTITY, STATISTICS, EMPLOYEE = PersonalClass.IDENTITY, PersonalClass.STATISTICS, PersonalClass.EMPLOYEE
CLASSES: Final[Mapping[str, tuple[PersonalClass, ...]]] = {
    "intake": (IDENTITY, STATISTICS),
    "eligibility": (STATISTICS,),
    "casework": tuple(PersonalClass),
    "reporting": (STATISTICS, EMPLOYEE),
}
"""The classes of personal data that each service's commands, queries and views open: no other master key is there."""
REACTION_CLASSES: Final[Mapping[str, tuple[PersonalClass, ...]]] = {
    "eligibility": (STATISTICS,),
    "casework": (STATISTICS, EMPLOYEE),
}
"""The same of its reactions."""

STORES = ("eventstore", "views", "keyring", "access_log", "secrets")
"""The settings that say where a service's process finds what it works with."""


@dataclass(frozen=True, slots=True)
class Process:
    """A kind of process. ``command`` follows ``python -m``; each serves health and metrics on its port.

    ``told`` are the settings that say where it finds others, ``secrets`` the files of the secrets directory that it
    opens as a container (on one machine they are all there), ``replicas`` how many of it a cluster runs.
    """

    name: str
    command: tuple[str, ...]
    default_port: int
    told: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    replicas: int = 1

    @property
    def known_as(self) -> str:
        """The name by which others find it: an http process is called like its service."""
        return self.name.removesuffix("-http")

    @property
    def needs_broker(self) -> bool:
        return "broker" in self.told


def addresses(processes: Iterable[Process], url: Callable[[Process], str]) -> str:
    """Names and addresses of processes, as settings hold them."""
    return ",".join(f"{process.known_as}={url(process)}" for process in processes)


def _opening(classes: Iterable[PersonalClass]) -> tuple[str, ...]:
    """The secrets of a process that opens these classes, answers tokens, and digests bodies."""
    return (*map(master_file, classes), DIGEST_KEY, ISSUER_PUBLIC)


def _ledger(service: str) -> tuple[str, ...]:
    return ("ledger",) if service == "reporting" else ()


def _http(service: str, port: int) -> Process:
    pseudonyms = (PSEUDONYM_KEY,) if service == "reporting" else ()
    return Process(
        f"{service}-http",
        (f"services.{service}", "http"),
        port,
        (*STORES, *_ledger(service)),
        (*_opening(CLASSES[service]), *pseudonyms),
        replicas=2,
    )


def _react(service: str) -> Process:
    told, secrets = (*STORES, "broker"), _opening(REACTION_CLASSES[service])
    return Process(f"react-{service}", (f"services.{service}", "react"), REACT.default_port, told, secrets, replicas=2)


def _projector(service: str) -> Process:
    told, secrets = (*STORES, *_ledger(service)), _opening(CLASSES[service])
    name, command = f"projector-{service}", (f"services.{service}", "projector")
    return Process(name, command, PROJECTOR.default_port, told, secrets, replicas=2)


HTTP = tuple(_http(service, 8601 + n) for n, service in enumerate(SERVICES))
"""One per service: commands and queries over HTTP, whatever the broker does."""

PORTAL = Process(
    "portal-http",
    ("services.portal", "http"),
    8600,
    ("services", "processes", "portal", "public_url", "secrets"),
    (PORTAL_KEY, ISSUER_PRIVATE),
    replicas=2,
)
"""The pages, over the services' HTTP API: needs their addresses, and neither store nor broker."""

REACT = Process("react", ("deploy.run", "react", *REACTING_SERVICES), 8611, (*STORES, "broker"))
"""Reactions and timers of all services; grown up, one process per service."""

RELAY = Process("relay", ("deploy.run", "relay"), 8612, ("data", "eventstore", "broker"), replicas=2)
"""Tails the store and publishes to the broker; several run on one checkpoint, one leads. Opens no secret."""

PROJECTOR = Process("projector", ("deploy.run", "projector", *SERVICES), 8613, (*STORES, "ledger"))
"""The read models of all services and the ledger; grown up, one process per service. Several run, one leads."""

PROCESSES = (PORTAL, *HTTP, PROJECTOR, RELAY, REACT)
"""Everything on one machine."""

REACT_EACH = tuple(map(_react, REACTING_SERVICES))
PROJECTOR_EACH = tuple(map(_projector, SERVICES))
"""Of these two, one per service."""

CONTAINERS = (PORTAL, *HTTP, *PROJECTOR_EACH, RELAY, *REACT_EACH)
"""Everything as containers, each of which can be scaled, placed and restarted by itself."""
