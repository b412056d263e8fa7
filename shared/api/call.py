"""One request as a service's method sees it: who asks what, on which day, under which ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, TypeVar

from shared.api.said import Language
from shared.contracts.envelope import Origin
from shared.execute import Accepted, derived_id
from shared.service.tokens import Actor

C = TypeVar("C")

ANYBODY = Actor(account="anonymous", roles=frozenset())
"""Who asks where no token is needed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose personal data an answer shows, and why they are asked for where that must be said."""

    subjects: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[C]):
    """A command, query or question that was let in. ``today`` is the business clock's date.

    ``learnt_on`` is today too, unless an importer said otherwise.
    """

    command: C
    actor: Actor
    today: date
    learnt_on: date
    command_id: str
    body_digest: str
    correlation_id: str
    language: Language
    min_position: int = 0
    readings: list[Reading] = field(default_factory=list)

    @property
    def query(self) -> C:
        """The same as ``command``, under the name that suits what only asks."""
        return self.command

    def origin(self, on_behalf_of: str | None = None) -> Origin:
        """What the envelope says of this command's events. ``on_behalf_of``: who is covered for
        (an employee's id)."""
        return Origin(
            learnt_on=self.learnt_on,
            actor=self.actor.account,
            on_behalf_of=on_behalf_of,
            command_id=self.command_id,
            body_digest=self.body_digest,
            correlation_id=self.correlation_id,
            causation_id=self.command_id,
        )

    def id(self, name: str) -> str:
        """The id of something this command creates: the same at every repetition."""
        return derived_id(self.command_id, name)

    def reads(self, *subjects: str, reason: str | None = None) -> None:
        """Name the subjects (person ids, employee ids, …) whose personal data the answer shows.

        They are recorded in the access log, with the reason, before the answer is given.
        """
        if subjects:
            self.readings.append(Reading(subjects, reason))


@dataclass(frozen=True, slots=True)
class Answered:
    """A command's outcome with further ids for the answer, like ``{"household_id": …}``."""

    accepted: Accepted
    ids: Mapping[str, str]
