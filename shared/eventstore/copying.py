"""A history from one store to another, of any kinds: as it is, with ids, positions and instants.

So whatever names a position (checkpoints of views, the relay's, sealed reports, the ledger and its chain) stays true:
after a copy, the URL is all that changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

from shared.eventstore.chain import Chain
from shared.eventstore.port import EventStore, StoredEvent, Target

PAGE: Final = 1000
"""Events that are copied or compared in one go."""

Tell: TypeAlias = Callable[[str, int, int], None]
"""Hears the stage ("compare", "copy", "verify"), its events so far, and of about how many."""


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


def copy(source: EventStore, target: Target, tell: Tell = lambda stage, events, total: None) -> Copied:
    """Bring the target to where the source is now, and read both back to compare them.

    What the target holds must be a beginning of the source: then the copy goes on from there, so an interrupted one
    is taken up by doing it again. Raises CopyRefused, StoreUnavailable.
    """
    end = source.head()
    with _refusing():
        target.resume()
    position = target.head()
    held = copied = _same_beginning(source, target, end, partial(_tell, tell, "compare", position))
    while position < end and (page := source.read_all(after=position, limit=PAGE)):
        page = [event for event in page if event.position <= end]
        with _refusing():
            target.take_over(page)
        position, copied = page[-1].position, copied + len(page)
        _tell(tell, "copy", end, copied, position)
    return _verified(source, target, end, held, partial(_tell, tell, "verify", end))


def _tell(tell: Tell, stage: str, end: int, events: int, position: int) -> None:
    """By position, as no store says at once how many events it holds: exact where positions have no gaps."""
    tell(stage, events, round(events * end / position))


@contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise CopyRefused(str(error)) from error


def _same_beginning(source: EventStore, target: EventStore, end: int, tell: Callable[[int, int], None]) -> int:
    """How many events the target holds. Raises CopyRefused unless the source begins with the same."""
    events = 0
    theirs = everything(source)
    for mine in everything(target):
        events += 1
        if next(theirs, None) != mine or mine.position > end:
            raise CopyRefused(f"the target is no beginning of the source: event {events} differs; nothing was copied")
        if events % PAGE == 0 or mine.position == end:
            tell(events, mine.position)
    return events


def _verified(source: EventStore, target: EventStore, end: int, held: int, tell: Callable[[int, int], None]) -> Copied:
    there, here = Chain(), Chain()
    theirs = everything(source)
    for mine in everything(target):
        here.add(mine)
        if (original := next(theirs, None)) is not None and original.position <= end:
            there.add(original)
        if here.events % PAGE == 0 or mine.position == end:
            tell(here.events, mine.position)
    rest = next(theirs, None)
    if here.digest != there.digest or here.events != there.events or (rest is not None and rest.position <= end):
        raise CopyRefused(f"the copy differs from the source: {here.events} events, {there.events} compared")
    return Copied(here.events, here.events - held, here.digest)
