"""How a stream came to be what it is: each event, the state after it, and what it changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.portal.answers import Answer, Unavailable
from services.portal.backend import segment
from services.portal.language import terms
from services.portal.language.words import Words
from services.portal.pages import audit, reason
from services.portal.records import recorded
from services.portal.web import asked
from services.portal.web.visit import Visit
from shared.api.reply import Reply

STEP: Final = "schritt"
"""The parameter that names a step, the first is 1."""
AT_ONCE: Final = 50
"""Steps that a page holds; a longer stream goes on on the next."""


@dataclass(frozen=True, slots=True)
class Step:
    """The stream after its ``number``-th event, the first is 1."""

    number: int
    says: str
    type: str
    actor: str
    occurred_on: str
    learnt_on: str
    recorded_at: str
    act: str
    lines: Sequence[recorded.DocumentLine]

    @property
    def changed(self) -> int:
        return recorded.how_many_changed(self.lines)


def show(visit: Visit, stream: str) -> Reply:
    """The page of steps with the one that is asked for; a step beyond the end leads to the last."""
    if asked.reason(visit) is None:
        return reason.ask(visit, audit.WHY)
    wanted = visit.number(STEP) or 1
    first = (wanted - 1) // AT_ONCE * AT_ONCE
    answer: Answer | Unavailable
    try:
        answer = _steps(visit, stream, first)
    except Unavailable as unavailable:
        return visit.page("replay.html", answer=unavailable, stream=stream, about=recorded.stream(visit.words, stream))
    if not (steps := list(steps_of(visit.words, answer["steps"], first))):
        return visit.redirect(f"{visit.request.path}?{STEP}={answer['total']}")
    return visit.page(
        "replay.html",
        answer=answer,
        stream=stream,
        about=recorded.stream(visit.words, stream),
        steps=steps,
        now=steps[min(wanted - first, len(steps)) - 1],
        total=answer["total"],
        before=first if first else None,
        beyond=first + AT_ONCE + 1 if first + AT_ONCE < answer["total"] else None,
        reason=asked.reason(visit),
    )


def _steps(visit: Visit, stream: str, first: int) -> Answer:
    """The steps of a page, and the one before them, whose state they begin from. Raises Refused, Unavailable."""
    return visit.backend.question(
        f"/reporting/v1/streams/{segment(stream)}/replay",
        reason=asked.reason(visit),
        after=first - 2 if first else None,
        to=first + AT_ONCE - 1,
    )


def steps_of(words: Words, found: Sequence[Answer], first: int) -> Iterator[Step]:
    """Steps in words, from the revision ``first`` on; what lies before it tells only what they changed."""
    before: Answer | None = None
    for step in found:
        if step["revision"] >= first:
            yield _step(words, step, before)
        before = step["state"]


def _step(words: Words, step: Answer, before: Answer | None) -> Step:
    return Step(
        number=step["revision"] + 1,
        says=terms.event(words, step["type"]),
        type=step["type"],
        actor=audit.by_itself(words, step["actor"]) if step["actor_kind"] == "service" else step["actor"],
        occurred_on=step["occurred_on"],
        learnt_on=step["learnt_on"],
        recorded_at=step["recorded_at"],
        act=step["correlation_id"],
        lines=recorded.document(words, step["state"], before),
    )
