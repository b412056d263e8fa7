"""The protocol's refusals, in the words, status codes and trailers that clients tell them apart by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from tests.eventstore.stand_in.log import InvalidPosition, StreamDeleted, WrongVersion


class Refused(Exception):
    """A call ends with a status other than OK."""

    def __init__(self, code: grpc.StatusCode, details: str, **trailers: str | bytes) -> None:
        """``trailers``: with underscores where the protocol has hyphens."""
        super().__init__(details)
        self.code, self.details = code, details
        # Trailers are ASCII; a name that is not is still in the details.
        self.trailers = tuple(
            (name.replace("_", "-"), value) for name, value in trailers.items() if value.isascii() and value
        )


class NotHandled(Refused):
    """The server did not look at a request, and says so: of an append among many, by that append's own answer."""


def not_ready() -> NotHandled:
    return NotHandled(grpc.StatusCode.UNAVAILABLE, "Server Is Not Ready")


def no_leader() -> NotHandled:
    return NotHandled(grpc.StatusCode.UNKNOWN, "No leader info available in response")


def not_leader(host: str, port: int) -> Refused:
    return Refused(
        grpc.StatusCode.NOT_FOUND,
        "Leader info available",
        exception="not-leader",
        leader_endpoint_host=host,
        leader_endpoint_port=str(port),
    )


def unauthenticated() -> Refused:
    return Refused(grpc.StatusCode.UNAUTHENTICATED, "Unauthenticated")


def too_large(limit: int) -> Refused:
    return Refused(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"Maximum Append Size of {limit} Exceeded.",
        exception="maximum-append-size-exceeded",
        maximum_append_size=str(limit),
    )


def property_missing(name: str) -> Refused:
    return Refused(
        grpc.StatusCode.INVALID_ARGUMENT,
        f"Required Metadata Property '{name}' is missing",
        exception="missing-required-metadata-property",
        required_metadata_properties="type,content-type",
    )


def invalid(details: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, details)


def lost() -> Refused:
    """What a client sees of a connection that breaks."""
    return Refused(grpc.StatusCode.UNAVAILABLE, "Connection reset by peer")


@asynccontextmanager
async def refusing(context: grpc.aio.ServicerContext) -> AsyncIterator[None]:
    """Within it, what the log or we refuse ends the call as the protocol wants it."""
    try:
        yield
    except (Refused, StreamDeleted, WrongVersion, InvalidPosition) as error:
        refusal = error if isinstance(error, Refused) else _of(error)
        await context.abort(refusal.code, refusal.details, refusal.trailers)


def _of(error: StreamDeleted | WrongVersion | InvalidPosition) -> Refused:
    match error:
        case StreamDeleted(stream=stream):
            details = f"Event stream '{stream}' is deleted."
            return Refused(grpc.StatusCode.FAILED_PRECONDITION, details, exception="stream-deleted", stream_name=stream)
        case WrongVersion(stream=stream, expected=expected, current=current):
            return Refused(
                grpc.StatusCode.FAILED_PRECONDITION,
                f"Delete failed due to WrongExpectedVersion. Stream: {stream}, "
                f"Expected version: {expected}, Actual version: {current}",
                exception="wrong-expected-version",
                stream_name=stream,
                expected_version=str(expected),
                actual_version=str(current),
            )
        case InvalidPosition():
            return Refused(grpc.StatusCode.UNKNOWN, "Unexpected FilteredReadAllResult: InvalidPosition")
