"""A history from one store to another, of any kinds: as it is, with ids, positions and instants.

So whatever names a position (checkpoints of views, the relay's, sealed reports, the ledger and its chain) stays true:
after a copy, the URL is all that changes.

A copy takes its time. A store that has answered and goes away meanwhile is waited for: its node may be restarted, or
the others elect another leader.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, TypeVar

from shared.eventstore.chain import Chain
from shared.eventstore.port import EventStore, StoredEvent, StoreUnavailable, Target
from shared.runtime.logs import get_logger

T = TypeVar("T")

PAGE: Final = 1000
"""Events that are copied or compared in one go."""
PATIENCE: Final = 60.0
"""Seconds for which a store that went away in the middle is asked again."""
PAUSE: Final = 0.5
"""Seconds between two attempts, beside those that the store itself takes."""

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
    """All events above a position, read page by page. Raises StoreUnavailable when it stays away."""
    while page := _patiently(partial(store.read_all, after=after, limit=PAGE)):
        yield from page
        after = page[-1].position


def copy(source: EventStore, target: Target, tell: Tell = lambda stage, events, total: None) -> Copied:
    """Bring the target to where the source is now, and read both back to compare them.

    What the target holds must be a beginning of the source: then the copy goes on from there, so an interrupted one
    is taken up by doing it again. Raises CopyRefused, StoreUnavailable: at once where a store is away from the start.
    """
    end = source.head()
    with _refusing():
        target.resume()
    position = target.head()
    held = copied = _same_beginning(source, target, end, partial(_tell, tell, "compare", position))
    while position < end and (page := _patiently(partial(source.read_all, after=position, limit=PAGE))):
        page = [event for event in page if event.position <= end]
        with _refusing():
            _patiently(partial(_take_over, target, page))
        position, copied = page[-1].position, copied + len(page)
        _tell(tell, "copy", end, copied, position)
    return _verified(source, target, end, held, partial(_tell, tell, "verify", end))


def _take_over(target: Target, page: Sequence[StoredEvent]) -> None:
    """What of the page is not there: an attempt before may have left a beginning."""
    target.resume()
    held = target.head()
    if rest := [event for event in page if event.position > held]:
        target.take_over(rest)


def _patiently(ask: Callable[[], T]) -> T:
    """The answer of a store, which is asked again while it is away. Raises StoreUnavailable in the end."""
    until: float | None = None
    while True:
        try:
            return ask()
        except StoreUnavailable as away:
            if until is None:
                get_logger().warning("store.waits", seconds=PATIENCE, reason=str(away))
                until = time.monotonic() + PATIENCE
            elif time.monotonic() > until:
                raise
            time.sleep(PAUSE)


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
