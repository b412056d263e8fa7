"""What the pages of a session leave for the next one: messages, the newest position, what may be undone. Pure.

Requests of one session may overlap. So a visit notes what it changes, and at its end only that is done to what is there
by then: nobody's message is lost because somebody else's page took longer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Pocket:
    """``held``: what was in it when the visit began, by name, in JSON's values."""

    def __init__(self, held: Mapping[str, Any] | None = None) -> None:
        self._held: dict[str, Any] = dict(held or {})
        self._changes: list[Callable[[dict[str, Any]], object]] = []

    def get(self, name: str, default: Any = None) -> Any:
        """Look at something and leave it there."""
        return self._held.get(name, default)

    def leave(self, name: str, value: Any) -> None:
        """Put something in, in the place of what was there under this name."""
        self._change(lambda held: held.update({name: value}))

    def add(self, name: str, value: Any, *, most: int = 100) -> None:
        """Put one more in under this name; of more than ``most`` the oldest go."""
        self._change(lambda held: held.update({name: [*held.get(name, ()), value][-most:]}))

    def take(self, name: str, default: Any = None) -> Any:
        """Take something out: the next page will not find it."""
        found = self._held.get(name, default)
        if name in self._held:
            self._change(lambda held: held.pop(name, None))
        return found

    @property
    def is_changed(self) -> bool:
        return bool(self._changes)

    def changed(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """What this visit's changes make of what is in the pocket now."""
        now = dict(held)
        for change in self._changes:
            change(now)
        return now

    def _change(self, change: Callable[[dict[str, Any]], object]) -> None:
        change(self._held)
        self._changes.append(change)
