"""Notice, consent, refusal, withdrawal. Pure: no I/O, no clock.

Giving data is voluntary for the person (Art. 6, 7, 9 and 13 GDPR): who refuses is advised all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias, get_args

from services.intake.commands import GiveConsent, GiveNotice, RefuseConsent, WithdrawConsent
from services.intake.contradictions import Contradiction
from shared.contracts.intake import (
    ConsentGiven,
    ConsentRefused,
    ConsentScope,
    ConsentWithdrawn,
    NoticeGiven,
)

Answer = Literal["given", "refused", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Notice:
    language: str
    on: date


@dataclass(frozen=True, slots=True)
class Statement:
    """What the person said about a scope, from that day."""

    scope: ConsentScope
    answer: Answer
    on: date


@dataclass(frozen=True, slots=True)
class Consents:
    """Both in order of their days."""

    notices: tuple[Notice, ...] = ()
    statements: tuple[Statement, ...] = ()

    def standing(self, scope: ConsentScope, day: date) -> Statement | None:
        """What holds in a scope on that day; None if the person was not asked."""
        said = (s for s in reversed(self.statements) if s.scope == scope and s.on <= day)
        return next(said, None)


NOTHING_SAID = Consents()

ConsentEvent: TypeAlias = NoticeGiven | ConsentGiven | ConsentRefused | ConsentWithdrawn
ConsentCommand: TypeAlias = GiveNotice | GiveConsent | RefuseConsent | WithdrawConsent


def evolve(consents: Consents, event: ConsentEvent) -> Consents:
    match event:
        case NoticeGiven():
            notices = [*consents.notices, Notice(event.language, event.occurred_on)]
            return replace(consents, notices=tuple(sorted(notices, key=lambda notice: notice.on)))
        case ConsentGiven():
            return _said(consents, event, "given")
        case ConsentRefused():
            return _said(consents, event, "refused")
        case ConsentWithdrawn():
            return _said(consents, event, "withdrawn")


def decide(command: ConsentCommand) -> list[ConsentEvent]:
    person_id = command.person_id
    match command:
        case GiveNotice():
            return [NoticeGiven(person_id=person_id, language=command.language, occurred_on=command.given_on)]
        case GiveConsent():
            return [ConsentGiven(person_id=person_id, scope=command.scope, occurred_on=command.given_on)]
        case RefuseConsent():
            return [ConsentRefused(person_id=person_id, scope=command.scope, occurred_on=command.refused_on)]
        case WithdrawConsent():
            return [ConsentWithdrawn(person_id=person_id, scope=command.scope, occurred_on=command.withdrawn_on)]


def contradictions(consents: Consents) -> Iterator[Contradiction]:
    """Only a consent that was given and still stood can be withdrawn."""
    for scope in get_args(ConsentScope):
        before: Answer | None = None
        for statement in consents.statements:
            if statement.scope == scope:
                if statement.answer == "withdrawn" and before != "given":
                    yield Contradiction("no-consent-to-withdraw", scope)
                before = statement.answer


def _said(consents: Consents, event: ConsentGiven | ConsentRefused | ConsentWithdrawn, answer: Answer) -> Consents:
    statements = [*consents.statements, Statement(event.scope, answer, event.occurred_on)]
    return replace(consents, statements=tuple(sorted(statements, key=lambda statement: statement.on)))
