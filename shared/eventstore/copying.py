"""A history from one store to another, of any kinds: as it is, with ids, positions and instants.

So whatever names a position (checkpoints of views, the relay's, sealed reports, the ledger and its chain) stays true:
after a copy, the URL is all that changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from shared.eventstore.chain import Chain
from shared.eventstore.port import EventStore, StoredEvent

PAGE: Final = 1000
"""Events that are copied or compared in one go."""


class Target(EventStore, Protocol):
    """A store that can take over another's history."""

    def resume(self) -> None:
        """Before anything is read: make what an interrupted copy has left readable. Raises as ``take_over``."""
        ...

    def take_over(self, events: Sequence[StoredEvent]) -> None:
        """Write the next events of another store as they are there: ids, positions, instants. Durable on return.

        An interruption leaves a beginning of them. Raises ValueError for what this store cannot hold or already
        holds otherwise, StoreUnavailable.
        """
        ...


class CopyRefused(Exception):
    """The target holds something else than a beginning of the source, or cannot hold it. The text says what."""


@dataclass(frozen=True, slots=True)
class Copied:
    """``events`` in all, of them ``new`` by this copy; ``digest`` (hex) of the whole history, the same in both."""

    events: int
    new: int
    digest: str


def everything(store: EventStore, *, after: int = 0) -> Iterator[StoredEvent]:
    """All events above a position, read page by page. Raises StoreUnavailable."""
    while page := store.read_all(after=after, limit=PAGE):
        yield from page
        after = page[-1].position


def copy(source: EventStore, target: Target, tell: Callable[[str, int], None] = lambda stage, events: None) -> Copied:
    """Bring the target to where the source is now, and read both back to compare them.

    What the target holds must be a beginning of the source: then the copy goes on from there, so an interrupted one
    is taken up by doing it again. ``tell`` hears the stage ("compare", "copy", "verify") and its events so far.
    Raises CopyRefused, StoreUnavailable.
    """
    end = source.head()
    with _refusing():
        target.resume()
    held = _same_beginning(source, target, end, lambda events: tell("compare", events))
    copied = held
    position = target.head()
    while position < end and (page := source.read_all(after=position, limit=PAGE)):
        page = [event for event in page if event.position <= end]
        with _refusing():
            target.take_over(page)
        position, copied = page[-1].position, copied + len(page)
        tell("copy", copied)
    return _verified(source, target, end, held, lambda events: tell("verify", events))


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise CopyRefused(str(error)) from error


def _same_beginning(source: EventStore, target: EventStore, end: int, tell: Callable[[int], None]) -> int:
    """How many events the target holds. Raises CopyRefused unless the source begins with the same."""
    events = 0
    theirs = everything(source)
    for mine in everything(target):
        events += 1
        if next(theirs, None) != mine or mine.position > end:
            raise CopyRefused(f"the target is no beginning of the source: event {events} differs; nothing was copied")
        if events % PAGE == 0:
            tell(events)
    return events


def _verified(source: EventStore, target: EventStore, end: int, held: int, tell: Callable[[int], None]) -> Copied:
    there, here = Chain(), Chain()
    theirs = everything(source)
    for mine in everything(target):
        here.add(mine)
        if (original := next(theirs, None)) is not None and original.position <= end:
            there.add(original)
        if here.events % PAGE == 0:
            tell(here.events)
    rest = next(theirs, None)
    if here.digest != there.digest or here.events != there.events or (rest is not None and rest.position <= end):
        raise CopyRefused(f"the copy differs from the source: {here.events} events, {there.events} compared")
    tell(here.events)
    return Copied(here.events, here.events - held, here.digest)
