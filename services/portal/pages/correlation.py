"""What one click set in motion: all its events as a tree of cause and effect, to the last reaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.portal.answers import Answer, Unavailable
from services.portal.backend import segment, together
from services.portal.language import terms
from services.portal.language.words import Words
from services.portal.pages import audit, reason
from services.portal.records import recorded
from services.portal.web import asked
from services.portal.web.visit import Visit
from shared.api.reply import Reply

MOST: Final = 1000
"""Events of an act whose streams are told."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One event of the tree, and what it caused; ``after_ms`` since the act's first event.

    ``begun`` and ``wide``: when its cause was recorded and how long it took from there, in per mille of the whole.
    """

    says: str
    type: str
    about: str
    subject: str
    stream: str | None
    step: int
    by: str
    after_ms: float
    begun: float
    wide: float
    caused: Sequence[Effect]


def show(visit: Visit, act: str) -> Reply:
    """The tree of an act; where its streams are replayed is told by the history itself."""
    if (given := asked.reason(visit)) is None:
        return reason.ask(visit, audit.WHY)
    path, backend = f"/reporting/v1/correlations/{segment(act)}", visit.backend
    answer, history = together(
        lambda: backend.get(path),
        lambda: backend.question(audit.SEARCH, reason=given, correlation_id=act, limit=MOST),
    )
    if isinstance(answer, Unavailable) or isinstance(history, Unavailable):
        return visit.page("correlation.html", answer=Unavailable("reporting"))
    streams = {entry["envelope"]["event_id"]: entry["envelope"]["stream"] for entry in history["events"]}
    return visit.page("correlation.html", answer=answer, steps=steps_of(visit.words, answer, streams))


def steps_of(words: Words, answer: Answer, streams: Mapping[str, str]) -> list[Effect]:
    """The tree in words. ``streams`` by event."""
    whole = max(float(answer["milliseconds"]), 1.0)

    def steps(nodes: Sequence[Answer], cause_ms: float) -> list[Effect]:
        return [step(node, float(node["after_ms"]), cause_ms) for node in nodes]

    def step(node: Answer, after: float, cause_ms: float) -> Effect:
        return Effect(
            says=terms.event(words, node["type"]),
            type=node["type"],
            about=recorded.stream(words, node["stream"]["kind"]),
            subject=node["stream"]["subject"],
            stream=streams.get(node["event_id"]),
            step=node["revision"] + 1,
            by=by(words, node),
            after_ms=after,
            begun=1000 * cause_ms / whole,
            wide=1000 * max(after - cause_ms, 0.0) / whole,
            caused=steps(node["caused"], after),
        )

    return steps(answer["tree"], 0.0)


def by(words: Words, node: Answer) -> str:
    """Who recorded an event: an account, or a service by itself."""
    return audit.by_itself(words, node["service"]) if node["actor_kind"] == "service" else words.say("an account")
