"""Appends of all threads of a process, sent over one call: each is answered for itself, none waits for another.

One call per append costs a Python client twice as much as one call for all. When the call breaks, or a server says
that it cannot write now, what was not answered is sent again, under the same ids: what had been written is taken for a
repetition and answered, not written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import UUID, uuid4

from kurrentdbclient import NewEvent, StreamState, exceptions
from kurrentdbclient.protos.google.rpc import code_pb2
from kurrentdbclient.protos.v1.streams_pb2 import BatchAppendReq, BatchAppendResp
from kurrentdbclient.streams import StreamsService

from shared.eventstore.kurrentdb.connection import Connection, Search, unavailable
from shared.eventstore.port import NO_STREAM, StoreUnavailable
from shared.runtime.native import Completion, before_rest, completion, queue, threading, time

BEHIND: Final = 1.0
"""Seconds more than the server has for an append, after which nobody waits for its answer."""
NOT_NOW: Final = (code_pb2.OK, code_pb2.DEADLINE_EXCEEDED, code_pb2.INTERNAL, code_pb2.UNKNOWN)
"""Codes of errors that may pass. None (``OK``) has that of a server which is not ready, is busy or knows no leader."""


class Written(NamedTuple):
    """An append is done. ``position`` of its last event: None where the server does not say it for sure."""

    position: int | None


@dataclass(slots=True, kw_only=True)
class Append:
    """An append on its way. ``sent``: how often."""

    stream: str
    events: Sequence[NewEvent]
    expected: int
    until: float
    outcome: Completion[Written]
    id: UUID = field(default_factory=uuid4)
    sent: int = 0

    @property
    def current_version(self) -> int | StreamState:
        return StreamState.NO_STREAM if self.expected == NO_STREAM else self.expected


class Appends:
    """Usable from many threads or green threads; the work is done by a native one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._turn = threading.Condition()
        self._unanswered: dict[UUID, Append] = {}
        self._requests: queue.SimpleQueue[Append | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing = False

    def write(self, stream: str, events: Sequence[NewEvent], expected: int, seconds: float) -> Written:
        """Append, and block the calling (green) thread until it is answered.

        Raises WrongCurrentVersionError, ValueError for what the server does not take, now or later, and
        StoreUnavailable: then it may have been written all the same.
        """
        outcome: Completion[Written] = completion()
        until = time.monotonic() + seconds
        append = Append(stream=stream, events=events, expected=expected, until=until, outcome=outcome)
        before_rest(lambda: self._hand_over(append))
        try:
            return outcome.wait(seconds + BEHIND)
        except TimeoutError:
            self._taken(append.id)
            raise StoreUnavailable("no answer in time") from None

    def close(self) -> None:
        """Take no more, and wait for what is under way as long as anybody does. The connection's end ends the call."""
        with self._turn:
            self._closing = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._unanswered, self._connection.deadline + BEHIND)

    def _hand_over(self, append: Append) -> None:
        with self._turn:
            if not self._closing:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="eventstore-appends", daemon=True)
                    self._thread.start()
                self._unanswered[append.id] = append
                self._requests.put(append)
                self._turn.notify_all()
                return
        append.outcome.fail(StoreUnavailable("the store is closing"))

    # --- on the native thread -------------------------------------------------------------------

    def _work(self) -> None:
        while self._something_waits():
            try:
                self._send_all()
            except Exception as error:
                self._fail_all(unavailable(error))
        self._requests.put(None)

    def _something_waits(self) -> bool:
        """Blocks until there is something to send; False when the store closes."""
        with self._turn:
            self._turn.wait_for(lambda: self._unanswered or self._closing)
            return bool(self._unanswered)

    def _send_all(self) -> None:
        """Send what waits and what comes, until a call breaks at which nothing hangs. Raises StoreUnavailable."""
        search = Search(self._connection)
        while self._unanswered:
            try:
                self._send(search)
            except Exception as error:
                if self._unanswered:
                    search.go_on(error)

    def _send(self, search: Search) -> None:
        """One call, until it breaks; whatever it raises."""
        call = search.client().batch_append(self._anew())
        try:
            for answer in call:
                self._settle(answer)
                search.found()
        finally:
            call.cancel()  # the server does not end it because we do
        raise exceptions.ServiceUnavailableError("the call ended")

    def _anew(self) -> Iterator[BatchAppendReq]:
        """The requests of a new call: first what was not answered by the one before, which gets no more."""
        with self._turn:
            self._requests.put(None)
            requests: queue.SimpleQueue[Append | None] = queue.SimpleQueue()
            self._requests = requests
            for append in self._unanswered.values():
                requests.put(append)
        return self._sending(requests)

    def _sending(self, requests: queue.SimpleQueue[Append | None]) -> Iterator[BatchAppendReq]:
        """On a thread of gRPC's own."""
        while (append := requests.get()) is not None:
            left = append.until - time.monotonic()
            if left > 0 and append.id in self._unanswered:
                append.sent += 1
                yield StreamsService._construct_batch_append_req(
                    append.stream, append.current_version, append.events, append.id, left
                )

    def _settle(self, answer: BatchAppendResp) -> None:
        """Raises ServiceUnavailableError where the append is to be sent again, to whoever leads by then."""
        id = UUID(answer.correlation_id.string)
        if answer.HasField("error") and answer.error.code in NOT_NOW and id in self._unanswered:
            raise exceptions.ServiceUnavailableError(answer.error.message)
        append = self._taken(id)
        if append is None:
            return  # nobody waits any more
        try:
            position = StreamsService._convert_batch_append_resp(answer, append.stream, append.current_version)
        except exceptions.WrongCurrentVersionError as error:
            append.outcome.fail(error)
        except exceptions.KurrentDBClientError:
            append.outcome.fail(ValueError(f"the server refuses the append: {answer.error.message}"))
        else:
            append.outcome.set(Written(position if append.sent == 1 and position else None))

    def _taken(self, id: UUID) -> Append | None:
        """An append that is answered or given up; None if it was before."""
        with self._turn:
            append = self._unanswered.pop(id, None)
            if not self._unanswered:
                self._turn.notify_all()
            return append

    def _fail_all(self, error: StoreUnavailable) -> None:
        for id in list(self._unanswered):
            if (append := self._taken(id)) is not None:
                append.outcome.fail(StoreUnavailable(*error.args))
