"""The hash chain over a history: nobody changes, removes or reorders what is in it without breaking it from there on.

    chain(0) = 32 zero bytes
    chain(n) = SHA-256( chain(n-1) ‖ for each of position, event_id, stream, revision, type, data, metadata,
                        recorded_at: length in 8 bytes, big-endian ‖ the bytes )

Integers count as their decimal digits, text as UTF-8, ``recorded_at`` as microseconds since 1970 (UTC); see
docs/adr/0005. Reporting's ledger, copies from store to store and backups all compute this one.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from shared.eventstore.port import StoredEvent

GENESIS: Final = bytes(32)
"""What the first event is chained to."""


def link(previous: bytes, columns: Iterable[bytes | str | int]) -> bytes:
    """The hash of an event from the hash before it and its columns, in the order above."""
    digest = sha256(previous)
    for value in columns:
        field = value if isinstance(value, bytes) else str(value).encode()
        digest.update(len(field).to_bytes(8, "big") + field)
    return digest.digest()


class Chain:
    """The chain over events as they come, from a history's first."""

    def __init__(self) -> None:
        self.events, self._link = 0, GENESIS

    def add(self, event: StoredEvent) -> None:
        self._link = link(self._link, event.columns)
        self.events += 1

    @property
    def digest(self) -> str:
        """In hex."""
        return self._link.hex()
