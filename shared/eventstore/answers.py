"""The answers that events tell of: their metadata name the command and its digest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from shared.eventstore.port import Answer, StoredEvent


def told_by(event: StoredEvent) -> Answer | None:
    """The answer to the command that recorded the event, were it the command's last; None for another program's."""
    try:
        said = orjson.loads(event.metadata)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(said, dict) or not isinstance(said.get("command_id"), str):
        return None
    return Answer(
        command_id=said["command_id"],
        digest=str(said.get("body_digest", "")),
        stream=event.stream,
        revision=event.revision,
        position=event.position,
    )


def answer_among(events: Iterable[StoredEvent], command_id: str) -> Answer | None:
    """The answer to a command in a stream's events, oldest first; those of others are not even parsed."""
    named, answer = command_id.encode(), None
    for event in events:
        if named in event.metadata and (told := told_by(event)) is not None and told.command_id == command_id:
            answer = told
    return answer


def with_answer(answers: Mapping[str, Answer], event: StoredEvent) -> Mapping[str, Answer]:
    """The answers that a stream tells of, with one more event: a command's answer names its last event."""
    answer = told_by(event)
    return answers if answer is None else {**answers, answer.command_id: answer}
