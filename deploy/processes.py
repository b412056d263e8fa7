"""The one description of the platform's processes: what runs, how it is started, what it needs.

``./dev up``, the demonstration and the tests start exactly these; images and compose files are to be
made from the same description.
"""

from __future__ import annotations

from dataclasses import dataclass

SERVICES = ("intake", "eligibility", "casework", "reporting")
REACTING = ("eligibility", "casework")


@dataclass(frozen=True, slots=True)
class Process:
    """A kind of process. ``command`` follows ``python -m``; each serves health and metrics on its port."""

    name: str
    command: tuple[str, ...]
    default_port: int
    needs_broker: bool = False


HTTP = tuple(
    Process(f"{service}-http", (f"services.{service}", "http"), 8601 + n) for n, service in enumerate(SERVICES)
)
"""One per service: commands and queries over HTTP, whatever the broker does."""

PORTAL = Process("portal-http", ("services.portal", "http"), 8600)
"""The pages, over the services' HTTP API: needs their addresses, and neither store nor broker."""

REACT = Process("react", ("deploy.run", "react", *REACTING), 8611, needs_broker=True)
"""Reactions and timers of all services; grown up, one process per service."""

RELAY = Process("relay", ("deploy.run", "relay"), 8612, needs_broker=True)
"""Tails the store and publishes to the broker; several run, one leads."""

PROJECTOR = Process("projector", ("deploy.run", "projector", *SERVICES), 8613)
"""The read models of all services and the ledger; grown up, one process per service."""

PROCESSES = (PORTAL, *HTTP, PROJECTOR, RELAY, REACT)
