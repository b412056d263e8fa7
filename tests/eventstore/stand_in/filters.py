"""Which events of $all a filtered read or subscription lets through."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

from kurrentdbclient.protos.v1 import streams_pb2

from tests.eventstore.stand_in.log import Recorded

FilterOptions: TypeAlias = streams_pb2.ReadReq.Options.FilterOptions
Matches: TypeAlias = Callable[[str], bool]

WINDOW: Final = 32
"""Events considered between two looks of a filtered read, where the client names no number."""


@dataclass(frozen=True, slots=True)
class Filter:
    """``interval``: events considered from one checkpoint of a subscription to the next."""

    of_stream: bool
    matches: Matches
    interval: int

    def lets_through(self, event: Recorded) -> bool:
        return self.matches(event.stream if self.of_stream else event.type)


def parsed(options: FilterOptions) -> Filter:
    """The filter that the options describe. Raises ValueError for none, or for an expression that is none."""
    named = options.WhichOneof("filter")
    if named is None:
        raise ValueError("a filter names event types or streams")
    window = options.max if options.WhichOneof("window") == "max" else WINDOW
    if window == 0 or options.checkpointIntervalMultiplier == 0:
        raise ValueError("a filter's window and its multiplier are above 0")
    return Filter(
        of_stream=named == "stream_identifier",
        matches=_matching(getattr(options, named)),
        interval=window * options.checkpointIntervalMultiplier,
    )


def _matching(expression: FilterOptions.Expression) -> Matches:
    if expression.regex:
        try:
            search = re.compile(expression.regex).search
        except re.error as error:
            raise ValueError(str(error)) from error
        return cache(lambda text: search(text) is not None)
    prefixes = tuple(expression.prefix)
    return lambda text: text.startswith(prefixes)
