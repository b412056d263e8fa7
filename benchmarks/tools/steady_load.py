"""Consultations at a fixed rate from a process of its own: the others at work while something is measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context

from benchmarks.tools.http_load import Address, RequestOf, load, post

CONNECTIONS = 8
"""So many requests may be under way at once; only if all are does the rate fall."""
_FIRST = 1_000_000_000
"""The number of the first request: far from those of other loads, whose idempotency keys it shall not repeat."""


class LoadBroke(Exception):
    """The load ended before the measurement did: what was measured was not under load."""


@contextmanager
def steady_load(address: Address, path: str, token: str, body: bytes, *, per_second: float) -> Iterator[None]:
    """Post ``body`` so often per second until the block ends. Raises LoadBroke."""
    process = get_context("spawn").Process(
        target=_post_for_ever, args=(address, path, token, body, per_second), daemon=True
    )
    process.start()
    try:
        yield
        if not process.is_alive():
            raise LoadBroke(f"the load ended with exit code {process.exitcode}")
    finally:
        process.terminate()
        process.join()


def _post_for_ever(address: Address, path: str, token: str, body: bytes, per_second: float) -> None:
    request_of = paced(post(address, path, token, body), per_second)
    load(address, request_of, connections=CONNECTIONS, seconds=float("inf"), first=_FIRST)


def paced(request_of: RequestOf, per_second: float) -> RequestOf:
    """The same requests, each given out when its time has come. Missed time is not made up for."""
    due = time.monotonic()

    def next_request(number: int) -> bytes:
        nonlocal due
        now = time.monotonic()
        due = max(due + 1 / per_second, now)
        time.sleep(due - now)
        return request_of(number)

    return next_request
