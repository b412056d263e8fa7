"""Commands and looks as data, and several requests at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import requests

from tests.platform.office import RunningOffice

AT_ONCE = 8
"""Requests that start together."""


@dataclass(frozen=True)
class Series:
    """A command that may be repeated: the same again, and the same with another body."""

    path: str
    account: str
    body: Mapping[str, Any]
    other: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True)
class Look:
    """Something that a view answers; with a body it is asked by POST."""

    path: str
    account: str
    body: Any = None

    def __str__(self) -> str:
        return self.path

    def at(self, office: RunningOffice, **headers: str) -> requests.Response:
        ask = partial(office.get, self.path) if self.body is None else partial(office.post, self.path, self.body)
        return ask(self.account, **headers)


def at_once(send: Callable[[int], requests.Response]) -> list[requests.Response]:
    """The answers to requests that start together, each on a connection of its own."""
    start = threading.Barrier(AT_ONCE)

    def sent(number: int) -> requests.Response:
        start.wait()
        return send(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(sent, range(AT_ONCE)))
