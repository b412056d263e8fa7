"""The service ``event_store.client.streams.Streams`` of a node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, TypeAlias

import grpc
from kurrentdbclient.protos.v1 import streams_pb2, streams_pb2_grpc

from tests.eventstore.stand_in import filters, messages, reading, refusals
from tests.eventstore.stand_in.filters import Filter
from tests.eventstore.stand_in.gate import Gate
from tests.eventstore.stand_in.log import FOR_EVER, NO_STREAM, Log, Proposed, StreamDeleted, WrongVersion
from tests.eventstore.stand_in.messages import ReadResp
from tests.eventstore.stand_in.reading import Bell, Rendering

MAX_APPEND: Final = 1024 * 1024
"""Bytes of one append at most: the server's default."""
MIDDLE: Final = 3
"""Events after which a read ends that is to break off."""

Context: TypeAlias = grpc.aio.ServicerContext
Options: TypeAlias = streams_pb2.ReadReq.Options


@dataclass
class _Append:
    """An append whose events are still coming in."""

    stream: str
    expected: int
    events: list[Proposed] = field(default_factory=list)

    @property
    def too_large(self) -> bool:
        return sum(len(each.type) + len(each.data) + len(each.metadata) for each in self.events) > MAX_APPEND


class Streams(streams_pb2_grpc.StreamsServicer):
    def __init__(self, log: Log, bell: Bell, gate: Gate) -> None:
        self._log, self._bell, self._gate = log, bell, gate

    # --- writing --------------------------------------------------------------------------------

    async def Append(self, requests: AsyncIterator[streams_pb2.AppendReq], context: Context) -> streams_pb2.AppendResp:
        async with refusals.refusing(context):
            await self._gate.enter(context)
            append = None
            async for request in requests:
                if append is None:
                    append = _begun(request.options)
                else:
                    append.events.append(_proposed(request.proposed_message))
            if append is None:
                raise refusals.invalid("an append begins with its options")
            if append.too_large:
                raise refusals.too_large(MAX_APPEND)
            try:
                outcome = self._log.append(append.stream, append.expected, append.events)
            except WrongVersion as error:
                return messages.not_appended(error)
            self._bell.ring()
            await self._gate.leave()
            return messages.appended(outcome)

    async def BatchAppend(
        self, requests: AsyncIterator[streams_pb2.BatchAppendReq], context: Context
    ) -> AsyncIterator[streams_pb2.BatchAppendResp]:
        under_way: dict[bytes, _Append] = {}
        held_back: list[streams_pb2.BatchAppendResp] = []
        async with refusals.refusing(context):
            async for request in requests:
                try:
                    await self._gate.enter(context)
                    answer = self._answer(request, under_way)
                except refusals.NotHandled as refused:
                    answer = messages.batch_error(_stream(request), messages.not_handled(refused.details))
                if answer is None:
                    continue
                answer.correlation_id.CopyFrom(request.correlation_id)
                if answer.HasField("success"):
                    await self._gate.leave()
                held_back.insert(0, answer)
                while held_back and not self._gate.is_held_back():
                    yield held_back.pop(0)
            # That no more requests come does not end the call: as the server, we would look up after one more answer.
            await asyncio.Event().wait()

    def _answer(
        self, request: streams_pb2.BatchAppendReq, under_way: dict[bytes, _Append]
    ) -> streams_pb2.BatchAppendResp | None:
        """What becomes of an append by one more part of it: nothing yet, unless it is the last or a wrong one."""
        key = request.correlation_id.SerializeToString()
        try:
            if request.HasField("options"):
                if _is_late(request.options):
                    return messages.batch_error(_stream(request), messages.timed_out())
                under_way[key] = _begun(request.options)
            if key not in under_way:
                return None
            append = under_way[key]
            append.events += [_proposed(each) for each in request.proposed_messages]
        except refusals.Refused as refused:
            under_way.pop(key, None)
            return messages.batch_error(_stream(request), messages.bad_request(refused.details))
        if not request.is_final:
            return None
        return self._appended(under_way.pop(key))

    def _appended(self, append: _Append) -> streams_pb2.BatchAppendResp:
        if append.too_large:
            return messages.batch_error(append.stream, messages.too_large(MAX_APPEND))
        try:
            outcome = self._log.append(append.stream, append.expected, append.events)
        except WrongVersion as error:
            return messages.batch_error(append.stream, messages.wrong_version(error))
        except StreamDeleted as error:
            return messages.batch_error(append.stream, messages.stream_deleted(error))
        self._bell.ring()
        if self._gate.times_out():
            return messages.batch_error(append.stream, messages.timed_out())
        return messages.batch_appended(append.stream, outcome)

    async def Delete(self, request: streams_pb2.DeleteReq, context: Context) -> streams_pb2.DeleteResp:
        position = await self._deleted(self._log.delete, request.options, context)
        place = streams_pb2.DeleteResp.Position(commit_position=position, prepare_position=position)
        return streams_pb2.DeleteResp(position=place)

    async def Tombstone(self, request: streams_pb2.TombstoneReq, context: Context) -> streams_pb2.TombstoneResp:
        position = await self._deleted(self._log.tombstone, request.options, context)
        place = streams_pb2.TombstoneResp.Position(commit_position=position, prepare_position=position)
        return streams_pb2.TombstoneResp(position=place)

    async def _deleted(self, delete: Callable[[str, int], int], options: Any, context: Context) -> int:
        async with refusals.refusing(context):
            await self._gate.enter(context)
            asked = _begun(options)
            position = delete(asked.stream, asked.expected)
            self._bell.ring()
            await self._gate.leave()
        return position

    # --- reading --------------------------------------------------------------------------------

    async def Read(self, request: streams_pb2.ReadReq, context: Context) -> AsyncIterator[ReadResp]:
        async with refusals.refusing(context):
            await self._gate.enter(context)
            options = request.options
            only = _filter(options)
            if options.WhichOneof("count_option") == "subscription":
                async for answer in self._followed(options, only):
                    yield answer
            else:
                for number, answer in enumerate(self._read(options, only)):
                    if number == MIDDLE:
                        self._gate.break_off()
                    yield answer

    def _read(self, options: Options, only: Filter | None) -> Iterator[ReadResp]:
        backwards = options.read_direction == Options.Backwards
        if options.WhichOneof("stream_option") == "stream":
            stream = messages.stream_name(options.stream.stream_identifier)
            if not self._log.exists(stream):
                return iter([messages.stream_not_found(stream)])
            start = _revision(options.stream, start=0, end=FOR_EVER)
            events = reading.stream_events(self._log, stream, start=start, backwards=backwards)
        else:
            start = self._position(options.all, start=0, end=self._log.end, backwards=backwards)
            events = reading.all_events(self._log, start=start, backwards=backwards)
        chosen = events if only is None else filter(only.lets_through, events)
        return map(self._rendering(options), islice(chosen, min(options.count, FOR_EVER)))

    def _followed(self, options: Options, only: Filter | None) -> AsyncIterator[ReadResp]:
        source: reading.Source
        if options.WhichOneof("stream_option") == "stream":
            source = reading.OneStream(self._log, messages.stream_name(options.stream.stream_identifier))
            after = _revision(options.stream, start=NO_STREAM, end=None)
        else:
            source = reading.AllStreams(self._log)
            after = self._position(options.all, start=-1, end=None)
        render, pause = self._rendering(options), self._gate.catch_up
        return reading.follow(source, self._bell, after=after, render=render, only=only, pause=pause)

    def _position(self, options: Options.AllOptions, *, start: int, end: Any, backwards: bool = False) -> Any:
        """Where to read $all. Raises InvalidPosition."""
        match options.WhichOneof("all_option"):
            case "position":
                return self._log.valid(options.position.commit_position, backwards=backwards)
            case "end":
                return end
            case _:
                return start

    def _rendering(self, options: Options) -> Rendering:
        structured = options.uuid_option.WhichOneof("content") == "structured"
        return Rendering(self._log, options.resolve_links, structured)


def _begun(options: Any) -> _Append:
    """Raises Refused for options that leave something open."""
    expected = messages.expected_by(options)
    if expected is None or not options.stream_identifier.stream_name:
        raise refusals.invalid("a write names its stream and what it expects of it")
    return _Append(messages.stream_name(options.stream_identifier), expected)


def _stream(request: streams_pb2.BatchAppendReq) -> str:
    return messages.stream_name(request.options.stream_identifier)


def _is_late(options: streams_pb2.BatchAppendReq.Options) -> bool:
    """Whether the time for an append is over before it began."""
    return options.HasField("deadline") and options.deadline.ToNanoseconds() <= 0


def _proposed(message: Any) -> Proposed:
    """Raises Refused for an event without its properties or with an id that is none."""
    try:
        return messages.proposed(message)
    except messages.PropertyMissing as missing:
        raise refusals.property_missing(missing.name) from None
    except ValueError as error:
        raise refusals.invalid(str(error)) from None


def _filter(options: Options) -> Filter | None:
    """Raises Refused for a filter that is none, or where there can be none."""
    if options.WhichOneof("filter_option") != "filter":
        return None
    if options.WhichOneof("stream_option") == "stream":
        raise refusals.invalid("only $all is read through a filter")
    try:
        return filters.parsed(options.filter)
    except ValueError as error:
        raise refusals.invalid(str(error)) from None


def _revision(options: Options.StreamOptions, *, start: int, end: Any) -> Any:
    match options.WhichOneof("revision_option"):
        case "revision":
            return options.revision
        case "end":
            return end
        case _:
            return start
