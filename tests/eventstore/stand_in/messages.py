"""From the log to the protocol's messages, and back."""

from __future__ import annotations

import time
from typing import Any, Final
from uuid import UUID

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from kurrentdbclient.protos.google.rpc import code_pb2
from kurrentdbclient.protos.v1 import shared_pb2, status_pb2, streams_pb2

from tests.eventstore.stand_in.log import (
    ANY,
    NO_STREAM,
    STREAM_EXISTS,
    Appended,
    Proposed,
    Recorded,
    StreamDeleted,
    WrongVersion,
)

ReadResp = streams_pb2.ReadResp
EXPECTATIONS: Final = {"any": ANY, "no_stream": NO_STREAM, "stream_exists": STREAM_EXISTS}
HALF: Final = 1 << 64
JSON: Final = "application/json"


class PropertyMissing(Exception):
    """An event comes without a property that the server wants."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


# --- what clients say ---------------------------------------------------------------------------


def stream_name(identifier: shared_pb2.StreamIdentifier) -> str:
    return identifier.stream_name.decode()


def expected_by(options: Any) -> int | None:
    """What the options of a write expect of the stream; None if they do not say."""
    (oneof,) = (name for name in options.DESCRIPTOR.oneofs_by_name if name.startswith("expected_stream"))
    named = options.WhichOneof(oneof)
    if named is None:
        return None
    return EXPECTATIONS[named] if named in EXPECTATIONS else int(getattr(options, named))


def proposed(message: Any) -> Proposed:
    """An event to append. Raises PropertyMissing, ValueError for an id that is none."""
    for name in ("type", "content-type"):
        if name not in message.metadata:
            raise PropertyMissing(name)
    # The server remembers no more of the content's type than whether it is JSON.
    content_type = JSON if message.metadata["content-type"] == JSON else "application/octet-stream"
    return Proposed(uuid_of(message.id), message.metadata["type"], content_type, message.data, message.custom_metadata)


def uuid_of(message: shared_pb2.UUID) -> str:
    """Raises ValueError for a text that is none."""
    if message.WhichOneof("value") != "structured":
        return str(UUID(message.string))
    halves = message.structured
    return str(UUID(int=(halves.most_significant_bits % HALF) << 64 | halves.least_significant_bits % HALF))


# --- answers to reads ---------------------------------------------------------------------------


def event(recorded: Recorded, *, structured: bool = False) -> ReadResp:
    message = _recorded(recorded, structured)
    return ReadResp(event=ReadResp.ReadEvent(event=message, commit_position=recorded.position))


def resolved(link: Recorded, target: Recorded | None, *, structured: bool = False) -> ReadResp:
    """A link event and what it points at, as far as that is there."""
    return ReadResp(
        event=ReadResp.ReadEvent(
            event=None if target is None else _recorded(target, structured),
            link=_recorded(link, structured),
            commit_position=link.position,
        )
    )


def _recorded(recorded: Recorded, structured: bool) -> ReadResp.ReadEvent.RecordedEvent:
    return ReadResp.ReadEvent.RecordedEvent(
        id=_uuid(recorded.event_id, structured),
        stream_identifier=_identifier(recorded.stream),
        stream_revision=recorded.revision,
        prepare_position=recorded.position,
        commit_position=recorded.position,
        metadata={"type": recorded.type, "created": str(recorded.created), "content-type": recorded.content_type},
        custom_metadata=recorded.metadata,
        data=recorded.data,
    )


def _uuid(text: str, structured: bool) -> shared_pb2.UUID:
    if not structured:
        return shared_pb2.UUID(string=text)
    high, low = divmod(UUID(text).int, HALF)
    halves = shared_pb2.UUID.Structured(most_significant_bits=_signed(high), least_significant_bits=_signed(low))
    return shared_pb2.UUID(structured=halves)


def _signed(half: int) -> int:
    return half - HALF if half >= HALF // 2 else half


def _identifier(stream: str) -> shared_pb2.StreamIdentifier:
    return shared_pb2.StreamIdentifier(stream_name=stream.encode())


def stream_not_found(stream: str) -> ReadResp:
    return ReadResp(stream_not_found=ReadResp.StreamNotFound(stream_identifier=_identifier(stream)))


def confirmation(subscription_id: str) -> ReadResp:
    return ReadResp(confirmation=ReadResp.SubscriptionConfirmation(subscription_id=subscription_id))


def checkpoint(position: int) -> ReadResp:
    mark = ReadResp.Checkpoint(commit_position=position, prepare_position=position, timestamp=_now())
    return ReadResp(checkpoint=mark)


def caught_up(*, position: int = -1, revision: int = -1) -> ReadResp:
    mark = ReadResp.CaughtUp(timestamp=_now())
    _say_place(mark, position, revision)
    return ReadResp(caught_up=mark)


def _say_place(mark: Any, position: int, revision: int) -> None:
    if position >= 0:
        mark.position.commit_position = mark.position.prepare_position = position
    if revision >= 0:
        mark.stream_revision = revision


def _now() -> Timestamp:
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)


# --- answers to writes --------------------------------------------------------------------------


def appended(outcome: Appended) -> streams_pb2.AppendResp:
    answer = streams_pb2.AppendResp()
    _say_outcome(answer.success, outcome)
    return answer


def batch_appended(stream: str, outcome: Appended) -> streams_pb2.BatchAppendResp:
    answer = streams_pb2.BatchAppendResp(stream_identifier=_identifier(stream))
    _say_outcome(answer.success, outcome)
    return answer


def _say_outcome(success: Any, outcome: Appended) -> None:
    if outcome.revision == NO_STREAM:
        success.no_stream.SetInParent()
    else:
        success.current_revision = outcome.revision
    success.position.commit_position = success.position.prepare_position = outcome.position


def not_appended(error: WrongVersion) -> streams_pb2.AppendResp:
    answer = streams_pb2.AppendResp()
    wrong = answer.wrong_expected_version
    _say_expected(wrong, "expected_revision", error.expected)
    _say_current(wrong, "current_revision", error.current)
    return answer


def _say_expected(message: Any, revision: str, expected: int) -> None:
    for name, value in EXPECTATIONS.items():
        if expected == value:
            getattr(message, f"expected_{name}").SetInParent()
            return
    setattr(message, revision, expected)


def _say_current(message: Any, revision: str, current: int) -> None:
    if current == NO_STREAM:
        message.current_no_stream.SetInParent()
    else:
        setattr(message, revision, current)


def batch_error(stream: str, error: status_pb2.Status) -> streams_pb2.BatchAppendResp:
    return streams_pb2.BatchAppendResp(stream_identifier=_identifier(stream), error=error)


def wrong_version(error: WrongVersion) -> status_pb2.Status:
    wrong = shared_pb2.WrongExpectedVersion()
    _say_expected(wrong, "expected_stream_position", error.expected)
    _say_current(wrong, "current_stream_revision", error.current)
    return _status(code_pb2.ALREADY_EXISTS, wrong)


def stream_deleted(error: StreamDeleted) -> status_pb2.Status:
    return _status(code_pb2.NOT_FOUND, shared_pb2.StreamDeleted(stream_identifier=_identifier(error.stream)))


def too_large(limit: int) -> status_pb2.Status:
    return _status(code_pb2.INVALID_ARGUMENT, shared_pb2.MaximumAppendSizeExceeded(maxAppendSize=limit))


def timed_out() -> status_pb2.Status:
    return _status(code_pb2.DEADLINE_EXCEEDED, shared_pb2.Timeout())


def not_handled(reason: str) -> status_pb2.Status:
    packed = AnyMessage()
    packed.Pack(Empty())
    return status_pb2.Status(message=reason, details=packed)


def bad_request(text: str) -> status_pb2.Status:
    return _status(code_pb2.INVALID_ARGUMENT, shared_pb2.BadRequest(message=text))


def _status(code: code_pb2.Code.ValueType, detail: Message) -> status_pb2.Status:
    packed = AnyMessage()
    packed.Pack(detail)
    return status_pb2.Status(code=code, message=detail.DESCRIPTOR.name, details=packed)
