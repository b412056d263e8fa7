"""``wegmarken parked …`` and ``wegmarken relay …``: for people who look after the platform.

Exit codes: 0 done, 1 nothing was found that the command is about, 2 wrong use or settings, 3 the broker
or the store does not answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import click
from rich.table import Table

from shared.bus import parked as messages
from shared.bus.checkpoint import Checkpoint
from shared.bus.connection import LOST
from shared.bus.leading import somebody_leads
from shared.bus.parked import Parked
from shared.contracts.subscriptions import SUBSCRIPTIONS
from shared.eventstore.opening import open_store
from shared.runtime.config import Settings
from shared.runtime.terminal import AWAY, REFUSED, WRONG, console, fail

F = TypeVar("F", bound=Callable[..., Any])


def of_service(required: bool) -> Callable[[F], F]:
    return click.option(
        "--service",
        type=click.Choice(sorted(SUBSCRIPTIONS)),
        required=required,
        help="Whose messages." if required else "Whose messages; all services' if not given.",
    )


@click.group()
def parked() -> None:
    """Messages that were put aside after their last attempt."""


@parked.command("list")
@of_service(required=False)
def list_parked(service: str | None) -> None:
    """List parked messages, oldest first."""
    with _answering() as settings:
        found = _look(settings, service)
    if not found:
        click.echo("Nothing is parked.")
        return
    table = Table("service", "event", "type", "stream", "position", "error", "attempts", "parked at", box=None)
    for one in found:
        nudge = one.nudge
        table.add_row(
            one.service,
            one.event_id,
            nudge.type if nudge else "(no nudge)",
            nudge.stream if nudge else "",
            str(nudge.position) if nudge else "",
            one.error,
            str(one.attempts),
            one.parked_at,
        )
    console().print(table)


@parked.command()
@click.argument("event_id")
@of_service(required=False)
def show(event_id: str, service: str | None) -> None:
    """Show everything about one parked message."""
    with _answering() as settings:
        found = [one for one in _look(settings, service) if one.event_id == event_id]
    if not found:
        fail(f"no parked message for the event {event_id}", REFUSED)
    for one in found:
        table = Table("", "", box=None, show_header=False)
        table.add_row("service", one.service)
        table.add_row("message", one.body.decode(errors="replace"))
        for name, value in sorted(one.headers.items()):
            table.add_row(name, str(value))
        console().print(table)


@parked.command()
@click.argument("event_id", required=False)
@click.option("--all", "every", is_flag=True, help="All parked messages of the service.")
@of_service(required=True)
def replay(event_id: str | None, every: bool, service: str) -> None:
    """Put parked messages back into the queue of their service."""
    chosen = _chosen(event_id, every)
    with _answering() as settings:
        count = messages.replay(settings.broker_url, service, chosen)
    _report(count, "replayed", event_id)


@parked.command()
@click.argument("event_id", required=False)
@click.option("--all", "every", is_flag=True, help="All parked messages of the service.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@of_service(required=True)
def discard(event_id: str | None, every: bool, yes: bool, service: str) -> None:
    """Drop parked messages for ever. Their events stay in the store."""
    chosen = _chosen(event_id, every)
    if not yes:
        click.confirm(f"Drop {chosen or 'all parked messages'} of {service} for ever?", abort=True)
    with _answering() as settings:
        count = messages.discard(settings.broker_url, service, chosen)
    _report(count, "discarded", event_id)


@click.group()
def relay() -> None:
    """The relay between event store and broker."""


@relay.command()
@click.option("--to", "position", type=click.IntRange(min=0), required=True, help="Position; 0 for everything.")
def rewind(position: int) -> None:
    """Publish all events after a position again, also while the relay runs.

    For a broker that lost its disk. Events that were handled before are handled again without effect.
    """
    with _answering() as settings, closing(_checkpoint(settings)) as checkpoint:
        try:
            was = checkpoint.rewind(position)
        except ValueError as error:
            fail(str(error), WRONG)
    click.echo(f"The relay publishes again from {position} on; it was at {was}.")


@relay.command()
def status() -> None:
    """Show how far the relay is, and whether one is at work."""
    with _answering() as settings:
        with closing(_checkpoint(settings)) as checkpoint, closing(open_store(settings.eventstore)) as store:
            position, head = checkpoint.position(), store.head()
            behind = store.events_after(position)
        leader = somebody_leads(settings.broker_url)
    table = Table("", "", box=None, show_header=False)
    table.add_row("position", str(position))
    table.add_row("head", str(head))
    table.add_row("behind", str(behind))
    table.add_row("leader", "at work" if leader else "none")
    console().print(table)


def _look(settings: Settings, service: str | None) -> list[Parked]:
    services: Sequence[str] = [service] if service else sorted(SUBSCRIPTIONS)
    return [one for name in services for one in messages.look(settings.broker_url, name)]


def _checkpoint(settings: Settings) -> Checkpoint:
    return Checkpoint(settings.data / Checkpoint.FILE)


def _chosen(event_id: str | None, every: bool) -> str | None:
    if (event_id is None) == (not every):
        raise click.UsageError("name one event, or say --all")
    return event_id


def _report(count: int, done: str, event_id: str | None) -> None:
    if count == 0 and event_id is not None:
        fail(f"no parked message for the event {event_id}", REFUSED)
    click.echo(f"{count} {'message' if count == 1 else 'messages'} {done}.")


@contextmanager
def _answering() -> Iterator[Settings]:
    """The settings, and one clear line for a broker that is away."""
    try:
        yield Settings.from_environment()
    except LOST as error:
        fail(f"the broker does not answer ({type(error).__name__})", AWAY)
