"""Tests of a decider read as sentences.

``given(decider, *events).when(command).then(*events)``, or ``.then_refused("rule", fact=…)``, or
``.then_nothing()``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from pprint import pformat
from typing import Generic, TypeVar

from shared.contracts.model import Event
from shared.execute import Decider, Refused

S = TypeVar("S")
C = TypeVar("C")
E = TypeVar("E", bound=Event)


def given(decider: Decider[S, C, E], *events: E) -> Given[S, C, E]:
    """What has happened on the stream, oldest first; without events: nothing yet."""
    return Given(decider, events)


@dataclass(frozen=True)
class Given(Generic[S, C, E]):
    decider: Decider[S, C, E]
    history: tuple[E, ...]

    @property
    def state(self) -> S:
        """What the history amounts to, for tests of ``evolve``."""
        return reduce(self.decider.evolve, self.history, self.decider.nothing)

    def when(self, command: C) -> Outcome[E]:
        """Decide the command. Whatever is not a refusal is an error of the decider and passes through."""
        try:
            return Outcome(tuple(self.decider.decide(self.state, command)))
        except Refused as refusal:
            return Outcome(refusal)


@dataclass(frozen=True)
class Outcome(Generic[E]):
    """The events that were decided, or the refusal."""

    result: tuple[E, ...] | Refused

    def then(self, *events: E) -> None:
        """Exactly these events, in this order."""
        assert events, "expect at least one event, or say then_nothing()"
        assert self.result == events, f"expected\n{pformat(events)}\nbut it {self}"

    def then_nothing(self) -> None:
        """Accepted, without any event."""
        assert self.result == (), f"expected no events, but it {self}"

    def then_refused(self, rule: str, **facts: object) -> None:
        """Refused by this rule; of the refusal's facts only those named here are compared."""
        assert isinstance(self.result, Refused), f"expected the refusal {rule!r}, but it {self}"
        assert self.result.rule == rule, f"expected the refusal {rule!r}, but it {self}"
        named = {name: self.result.facts.get(name) for name in facts}
        assert named == facts, f"expected {facts}, but it {self}"

    def __str__(self) -> str:
        if isinstance(self.result, Refused):
            return f"was refused: {self.result.rule} {self.result.facts}"
        return f"decided\n{pformat(self.result)}"
