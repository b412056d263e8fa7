"""The stand-in writes, deletes and reads as the server does: seen through the server's own client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from uuid import UUID, uuid4

import grpc
import pytest
from kurrentdbclient import KurrentDBClient, NewEvent, StreamState
from kurrentdbclient.exceptions import (
    FailedPreconditionError,
    GrpcError,
    InvalidCommitPositionError,
    MaximumAppendSizeExceededError,
    NotFoundError,
    StreamIsDeletedError,
    WrongCurrentVersionError,
)
from kurrentdbclient.protos.v1 import shared_pb2, streams_pb2, streams_pb2_grpc

from tests.eventstore.stand_in import StandIn, features
from tests.eventstore.stand_in.streams import MAX_APPEND

ANY, EXISTS, NO_STREAM = StreamState.ANY, StreamState.EXISTS, StreamState.NO_STREAM
FOR_EVER = 2**63 - 1


def event(type: str = "Sample", data: bytes = b"{}") -> NewEvent:
    return NewEvent(type=type, data=data, metadata=b'{"m":1}')


def events(count: int) -> list[NewEvent]:
    return [event(f"Sample{number}") for number in range(count)]


def append(client: KurrentDBClient, stream: str, *new: NewEvent, expected: int | StreamState = ANY) -> int:
    """Through BatchAppend; one event alone goes through Append where a test hands it to the client itself."""
    return client.append_to_stream(stream, events=new or [event()], current_version=expected)


def revisions(client: KurrentDBClient, stream: str) -> list[int]:
    return [recorded.stream_position for recorded in client.get_stream(stream)]


# --- appends ------------------------------------------------------------------------------------


def test_what_was_appended_is_read_back_byte_for_byte(client: KurrentDBClient) -> None:
    new = NewEvent(type="Größe", data=b"\x00\xff", metadata=b"meta", content_type="application/octet-stream")
    position = client.append_to_stream("straße", events=new, current_version=NO_STREAM)
    (recorded,) = client.get_stream("straße")
    assert (recorded.id, recorded.type, recorded.data, recorded.metadata) == (new.id, "Größe", b"\x00\xff", b"meta")
    assert (recorded.content_type, recorded.stream_name) == ("application/octet-stream", "straße")
    assert (recorded.stream_position, recorded.commit_position, recorded.prepare_position) == (0, position, position)
    assert recorded.recorded_at is not None
    assert abs(datetime.now(UTC) - recorded.recorded_at) < timedelta(minutes=1)


def test_positions_grow_with_gaps_and_an_append_answers_its_last(client: KurrentDBClient) -> None:
    before = client.get_commit_position(filter_exclude=())
    position = append(client, "s", *events(3), expected=NO_STREAM)
    positions = [recorded.commit_position for recorded in client.get_stream("s")]
    assert positions[-1] == position == client.get_commit_position()
    assert all(later - earlier > 1 for earlier, later in pairwise([before, *positions]))


@pytest.mark.parametrize("single", [True, False], ids=["Append", "BatchAppend"])
def test_the_expected_revision_is_kept(client: KurrentDBClient, single: bool) -> None:
    def attempt(stream: str, expected: int | StreamState) -> None:
        client.append_to_stream(stream, events=event() if single else [event()], current_version=expected)

    def refused(stream: str, expected: int | StreamState) -> int | StreamState | None:
        with pytest.raises(WrongCurrentVersionError) as error:
            attempt(stream, expected)
        assert error.value.expected_version == expected
        return error.value.actual_version

    assert refused("s", 0) == refused("s", EXISTS) == NO_STREAM
    for expected in (NO_STREAM, 0, ANY, EXISTS):
        attempt("s", expected)
    assert {refused("s", NO_STREAM), refused("s", 2), refused("s", 4)} == {3}
    assert revisions(client, "s") == [0, 1, 2, 3]
    attempt("t", ANY)
    assert revisions(client, "t") == [0]


def test_an_append_that_is_sent_again_gets_the_first_answer(client: KurrentDBClient) -> None:
    one, two, three, four = events(4)
    first = client.append_to_stream("s", events=one, current_version=NO_STREAM)
    second = append(client, "s", two, three, expected=0)
    assert client.append_to_stream("s", events=one, current_version=NO_STREAM) == first
    assert append(client, "s", two, three, expected=0) == second
    assert append(client, "s", one, two, three, expected=NO_STREAM) == second
    assert append(client, "s", two, three, expected=ANY) == second
    assert append(client, "s", one, expected=EXISTS) == first
    for half in ([two, three, four], [two, four]):
        with pytest.raises(WrongCurrentVersionError):
            append(client, "s", *half, expected=0)
    with pytest.raises(WrongCurrentVersionError):
        append(client, "s", one, expected=1)
    assert revisions(client, "s") == [0, 1, 2]
    append(client, "other", one, expected=NO_STREAM)  # ids are a stream's own affair
    assert revisions(client, "other") == [0]


def test_an_append_that_is_too_large_is_refused_as_a_whole(client: KurrentDBClient) -> None:
    with pytest.raises(MaximumAppendSizeExceededError):
        append(client, "s", event(), event(data=b"x" * MAX_APPEND))
    with pytest.raises(NotFoundError):
        client.get_stream("s")


def part(append: UUID, stream: str | None, *, is_final: bool = True, type: str = "T") -> streams_pb2.BatchAppendReq:
    """One part of an append: the first names the stream."""
    message = streams_pb2.BatchAppendReq.ProposedMessage(
        id=shared_pb2.UUID(string=str(uuid4())),
        metadata={"type": type, "content-type": "application/json"} if type else {},
    )
    request = streams_pb2.BatchAppendReq(
        correlation_id=shared_pb2.UUID(string=str(append)), proposed_messages=[message], is_final=is_final
    )
    if stream is not None:
        request.options.stream_identifier.stream_name = stream.encode()
        request.options.no_stream.SetInParent()
    return request


def test_one_call_carries_many_appends(stand_in: StandIn, client: KurrentDBClient) -> None:
    append(client, "taken")
    in_parts, conflicting, nameless, whole, late = (uuid4() for _ in range(5))
    too_late = part(late, "v")
    too_late.options.deadline.SetInParent()
    requests = [
        part(in_parts, "s", is_final=False),
        part(conflicting, "taken"),
        part(nameless, "t", type=""),
        part(in_parts, None),
        part(whole, "u"),
        too_late,
    ]
    with grpc.insecure_channel(stand_in.targets[0]) as channel:
        call = streams_pb2_grpc.StreamsStub(channel).BatchAppend(iter(requests), timeout=2)  # type: ignore[no-untyped-call]
        answers = list(islice(call, 5))
        with pytest.raises(grpc.RpcError) as still_open:
            next(call)
    assert still_open.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED, "all is answered, and the call goes on"
    outcomes = [(answer.correlation_id.string, answer.WhichOneof("result")) for answer in answers]
    assert outcomes == [
        (str(conflicting), "error"),
        (str(nameless), "error"),
        (str(in_parts), "success"),
        (str(whole), "success"),
        (str(late), "error"),
    ]
    assert [answer.error.message for answer in answers] == ["WrongExpectedVersion", "BadRequest", "", "", "Timeout"]
    assert [answer.stream_identifier.stream_name for answer in answers] == [b"taken", b"t", b"s", b"u", b"v"]
    assert answers[2].success.current_revision == 1
    assert [revisions(client, stream) for stream in ("s", "taken", "u")] == [[0, 1], [0], [0]]


def test_an_event_without_its_type_is_refused(stand_in: StandIn) -> None:
    options = streams_pb2.AppendReq.Options(any=shared_pb2.Empty())
    options.stream_identifier.stream_name = b"s"
    nameless = streams_pb2.AppendReq.ProposedMessage(id=shared_pb2.UUID(string=str(uuid4())), data=b"{}")
    requests = [streams_pb2.AppendReq(options=options), streams_pb2.AppendReq(proposed_message=nameless)]
    with grpc.insecure_channel(stand_in.targets[0]) as channel, pytest.raises(grpc.RpcError) as refused:
        streams_pb2_grpc.StreamsStub(channel).Append(iter(requests))  # type: ignore[no-untyped-call]
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert dict(refused.value.trailing_metadata())["exception"] == "missing-required-metadata-property"


# --- reads --------------------------------------------------------------------------------------


def test_an_unknown_stream_is_not_found(client: KurrentDBClient) -> None:
    for backwards in (False, True):
        for position in (None, 1):
            with pytest.raises(NotFoundError):
                client.get_stream("nowhere", backwards=backwards, stream_position=position)
    assert client.get_current_version("nowhere") is NO_STREAM


def test_a_stream_is_read_from_anywhere_in_both_directions(client: KurrentDBClient) -> None:
    append(client, "s", *events(300))

    def read(limit: int = 1000, *, start: int | None = None, backwards: bool = False) -> list[int]:
        found = client.get_stream("s", stream_position=start, backwards=backwards, limit=limit)
        return [recorded.stream_position for recorded in found]

    assert read() == list(range(300))
    assert read(start=298) == [298, 299]
    assert read(2, start=5) == [5, 6]
    assert read(start=300) == []
    assert read(backwards=True) == list(reversed(range(300)))
    assert read(start=1, backwards=True) == [1, 0]
    assert read(1, backwards=True) == [299]
    assert read(start=1000, backwards=True) == list(reversed(range(300)))


def test_everything_is_read_from_a_position_on_and_backwards_before_it(client: KurrentDBClient) -> None:
    positions = [append(client, f"s-{number % 3}", event(f"T{number}")) for number in range(300)]

    def read(start: int | None = None, *, backwards: bool = False, limit: int = 1000) -> list[int]:
        found = client.read_all(commit_position=start, backwards=backwards, limit=limit)
        return [recorded.commit_position for recorded in found]

    assert read() == read(0) == positions
    assert read(positions[297]) == positions[297:]
    assert read(positions[10], limit=2) == positions[10:12]
    assert read(positions[-1] + 1) == []
    assert read(backwards=True) == positions[::-1]
    assert read(positions[2], backwards=True) == [positions[1], positions[0]]
    assert read(backwards=True, limit=1) == positions[-1:]


def test_a_position_at_which_no_record_begins_is_invalid(client: KurrentDBClient) -> None:
    position = append(client, "s", *events(2))
    for wrong in (position - 1, 1):
        with pytest.raises(InvalidCommitPositionError):
            list(client.read_all(commit_position=wrong))
        with pytest.raises(InvalidCommitPositionError):
            list(client.subscribe_to_all(commit_position=wrong))


def test_system_events_are_part_of_everything(client: KurrentDBClient) -> None:
    append(client, "s")
    client.set_stream_metadata("s", metadata={"$maxCount": 5})
    types = [recorded.type for recorded in client.read_all(filter_exclude=())]
    assert types == ["$epoch-information", "Sample", "$metadata"]
    assert [recorded.type for recorded in client.read_all()] == ["Sample"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"filter_include": ["OrderCreated"]}, "a0 b0"),
        ({"filter_include": ["Order"]}, ""),
        ({"filter_include": ["(?:OrderCreated|InvoiceSent)"]}, "a0 b0 b1"),
        ({"filter_include": ["Order", "Invoice"], "filter_by_prefix": True}, "a0 a1 b0 b1"),
        ({"filter_exclude": [r"\$.+", "Order.*"]}, "b1"),
        ({"filter_include": ["a"], "filter_by_stream_name": True}, "a0 a1"),
        ({"filter_include": ["b"], "filter_by_stream_name": True, "filter_by_prefix": True}, "b0 b1"),
        ({"filter_exclude": [r"\$.+", "a"], "filter_by_stream_name": True}, "b0 b1"),
        ({"filter_exclude": [".*"]}, ""),
        ({"filter_include": ["Order.*"], "limit": 2}, "a0 a1"),
        ({"filter_include": ["Order.*"], "limit": 2, "backwards": True}, "b0 a1"),
    ],
)
def test_everything_is_read_through_filters(client: KurrentDBClient, asked: dict[str, object], expected: str) -> None:
    append(client, "a", event("OrderCreated"), event("OrderPaid"))
    append(client, "b", event("OrderCreated"), event("InvoiceSent"))
    read = [f"{e.stream_name}{e.stream_position}" for e in client.read_all(**asked)]  # type: ignore[arg-type]
    assert " ".join(read) == expected


def test_a_filter_that_is_none_is_refused(client: KurrentDBClient) -> None:
    with pytest.raises(GrpcError, match="INVALID_ARGUMENT"):
        list(client.read_all(filter_include=["("]))


def test_the_head_of_nothing_is_zero(client: KurrentDBClient) -> None:
    assert client.get_commit_position() == 0


def test_links_are_followed_where_that_is_asked_for(client: KurrentDBClient) -> None:
    new = event()
    append(client, "s", new)
    link = NewEvent(type="$>", data=b"0@s", content_type="application/octet-stream")
    append(client, "links", link, NewEvent(type="$>", data=b"7@s", content_type="application/octet-stream"))
    assert [recorded.id for recorded in client.get_stream("links", limit=1)] == [link.id]
    (followed,) = client.get_stream("links", resolve_links=True)  # the client passes over the broken one
    assert followed.id == new.id
    assert followed.link is not None and followed.link.id == link.id


# --- deletion -----------------------------------------------------------------------------------


def test_a_deleted_stream_comes_back_behind_its_old_revisions(client: KurrentDBClient) -> None:
    append(client, "s", *events(2))
    with pytest.raises(WrongCurrentVersionError):
        client.delete_stream("s", current_version=0)
    client.delete_stream("s", current_version=1)
    client.delete_stream("s", current_version=1)
    client.delete_stream("s", current_version=ANY)
    with pytest.raises(StreamIsDeletedError):
        client.delete_stream("s", current_version=EXISTS)
    with pytest.raises(NotFoundError):
        client.get_stream("s")
    assert client.get_current_version("s") is NO_STREAM
    with pytest.raises(StreamIsDeletedError):
        append(client, "s", expected=EXISTS)
    with pytest.raises(WrongCurrentVersionError):
        append(client, "s", expected=0)

    position = append(client, "s", expected=NO_STREAM)
    assert revisions(client, "s") == [2]
    assert client.get_commit_position() == position
    assert client.get_stream_metadata("s")[0] == {"$tb": 2}
    client.delete_stream("s", current_version=2)
    append(client, "s", expected=2)
    assert revisions(client, "s") == [3]
    assert len(list(client.read_all())) == 4


def test_what_never_was_cannot_be_deleted(client: KurrentDBClient) -> None:
    for expected in (ANY, NO_STREAM, EXISTS, 0):
        with pytest.raises(NotFoundError):
            client.delete_stream("nowhere", current_version=expected)
    with pytest.raises(NotFoundError):
        client.tombstone_stream("nowhere", current_version=EXISTS)


def test_a_tombstone_is_for_ever(client: KurrentDBClient) -> None:
    append(client, "s", *events(2))
    with pytest.raises(WrongCurrentVersionError):
        client.tombstone_stream("s", current_version=0)
    client.tombstone_stream("s", current_version=1)
    client.tombstone_stream("never-was", current_version=ANY)
    for stream in ("s", "never-was"):
        for expected in (1, 2, ANY, NO_STREAM):
            with pytest.raises(StreamIsDeletedError):
                client.tombstone_stream(stream, current_version=expected)
            with pytest.raises(StreamIsDeletedError):
                append(client, stream, expected=expected)
            with pytest.raises(FailedPreconditionError, match="is deleted"):
                client.append_to_stream(stream, events=event(), current_version=expected)
        with pytest.raises(StreamIsDeletedError):
            client.delete_stream(stream, current_version=ANY)
        with pytest.raises(StreamIsDeletedError):
            client.get_stream(stream)
        with pytest.raises(StreamIsDeletedError):
            client.get_stream_metadata(stream)
    everything = list(client.read_all(filter_exclude=(), filter_include=["Sample.*", r"\$streamDeleted"]))
    assert [recorded.type for recorded in everything] == ["Sample0", "Sample1", "$streamDeleted", "$streamDeleted"]
    assert everything[-1].stream_position == FOR_EVER


# --- metadata -----------------------------------------------------------------------------------


def test_metadata_is_a_stream_of_its_own_of_which_the_newest_counts(client: KurrentDBClient) -> None:
    assert client.get_stream_metadata("s") == ({}, NO_STREAM)
    client.set_stream_metadata("s", metadata={"a": 1}, current_version=NO_STREAM)
    client.set_stream_metadata("s", metadata={"a": 2}, current_version=0)
    with pytest.raises(WrongCurrentVersionError):
        client.set_stream_metadata("s", metadata={}, current_version=10)
    assert client.get_stream_metadata("s") == ({"a": 2}, 1)
    assert revisions(client, "$$s") == [1]
    append(client, "s", expected=EXISTS)  # for metadata is enough to exist


def test_only_so_many_events_are_kept(client: KurrentDBClient) -> None:
    append(client, "s", *events(5))
    client.set_stream_metadata("s", metadata={"$maxCount": 2})
    assert revisions(client, "s") == [3, 4]
    append(client, "s", expected=4)
    assert revisions(client, "s") == [4, 5]
    assert [e.stream_position for e in client.get_stream("s", backwards=True)] == [5, 4]
    assert len(list(client.read_all())) == 6  # until the server cleans up, $all has them


def test_what_is_truncated_is_not_read(client: KurrentDBClient) -> None:
    append(client, "s", *events(4))
    client.set_stream_metadata("s", metadata={"$tb": 3})
    assert revisions(client, "s") == [3]
    client.set_stream_metadata("s", metadata={"$tb": 9})
    assert revisions(client, "s") == []
    append(client, "s", expected=3)


def test_what_is_too_old_is_not_read(client: KurrentDBClient) -> None:
    append(client, "s", *events(2))
    client.set_stream_metadata("s", metadata={"$maxAge": 3600})
    assert revisions(client, "s") == [0, 1]
    client.set_stream_metadata("s", metadata={"$maxAge": 0})
    assert revisions(client, "s") == []


def test_metadata_of_a_deleted_stream_brings_it_back_empty(client: KurrentDBClient) -> None:
    append(client, "s", *events(2))
    client.delete_stream("s", current_version=EXISTS)
    metadata, version = client.get_stream_metadata("s")
    assert metadata == {"$tb": FOR_EVER}
    client.set_stream_metadata("s", metadata=metadata | {"a": 1}, current_version=version)
    assert client.get_stream_metadata("s")[0] == {"$tb": 2, "a": 1}
    assert revisions(client, "s") == []


# --- what else a client asks --------------------------------------------------------------------


def test_gossip_names_the_one_leader(stand_in: StandIn, client: KurrentDBClient) -> None:
    (member,) = client.read_gossip()
    assert member.state == "NODE_STATE_LEADER"
    assert f"{member.address}:{member.port}" == stand_in.targets[0]


def test_ids_are_said_as_two_numbers_where_a_client_wants_that(stand_in: StandIn, client: KurrentDBClient) -> None:
    new = event()
    append(client, "s", new)
    request = streams_pb2.ReadReq()
    request.options.stream.stream_identifier.stream_name = b"s"
    request.options.stream.start.SetInParent()
    request.options.count = 1
    request.options.no_filter.SetInParent()
    request.options.uuid_option.structured.SetInParent()
    with grpc.insecure_channel(stand_in.targets[0]) as channel:
        (answer,) = streams_pb2_grpc.StreamsStub(channel).Read(request)  # type: ignore[no-untyped-call]
    halves = answer.event.event.id.structured
    assert halves.most_significant_bits % 2**64 << 64 | halves.least_significant_bits % 2**64 == new.id.int


def test_the_server_says_what_it_can(stand_in: StandIn) -> None:
    kind = features.messages()["SupportedMethods"]
    with grpc.insecure_channel(stand_in.targets[0]) as channel:
        ask = channel.unary_unary(
            f"/{features.PACKAGE}.ServerFeatures/GetSupportedMethods",
            request_serializer=shared_pb2.Empty.SerializeToString,
            response_deserializer=kind.FromString,
        )
        answer = ask(shared_pb2.Empty())
    assert answer.event_store_server_version == features.VERSION
    methods = {method.method_name: list(method.features) for method in answer.methods}
    assert methods["batchappend"] == ["deadline_duration"]
    assert {"append", "read", "delete", "tombstone"} <= set(methods)
