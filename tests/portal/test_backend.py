"""The services as the portal asks them: several at once, and some that do not answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from socket import AF_INET, SOCK_STREAM
from threading import Thread
from time import monotonic
from typing import Any, Final

import pytest

from services.portal import backend
from services.portal.answers import Refused, Unavailable
from services.portal.backend import HEALTH, READ, Services, together


def test_together_keeps_the_order_and_what_is_away_stands_in_its_place() -> None:
    def away() -> str:
        raise Unavailable("casework")

    first, second, third = together(lambda: 1, away, lambda: 3)
    assert (first, third) == (1, 3)
    assert isinstance(second, Unavailable) and second.service == "casework"


def test_together_raises_what_is_refused() -> None:
    def refused() -> str:
        raise Refused({"type": "urn:wegmarken:problem:not-your-case", "status": 403, "title": "Nein."})

    with pytest.raises(Refused) as raised:
        together(lambda: 1, refused)
    assert (raised.value.slug, raised.value.status, raised.value.title) == ("not-your-case", 403, "Nein.")


# --- answers that do not come --------------------------------------------------------------------------

COMMAND: Final = {"Idempotency-Key": "eins"}
Answered = bytes | None
"""What a service answers to a request; None breaks the connection off."""
AWAY: Final = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}"
LOST: Final = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n{}"
DAY: Final = b'HTTP/1.1 200 OK\r\nContent-Length: 22\r\nConnection: close\r\n\r\n{"today":"2018-06-01"}'


@contextmanager
def service(*answers: Answered, then_gone: bool = False, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """A service that answers like this, one connection each, and then is silent, or gone; its address."""
    with socket.create_server((host, port)) as listening:
        address = f"http://{host}:{listening.getsockname()[1]}"

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    if then_gone and answer is answers[-1]:
                        listening.close()
                    connection.sendall(answer or b"")

        serving = Thread(target=serve)
        serving.start()
        yield address
        serving.join(10)
        assert not serving.is_alive(), "not everything was asked"


@contextmanager
def services(**addresses: str) -> Iterator[Services]:
    opened = Services(addresses, b"", "probe", processes={})
    yield opened
    opened.close()


def outcome_unknown(*answers: Answered, then_gone: bool = False, headers: Mapping[str, str] = COMMAND) -> bool:
    """Whether it is said to be uncertain that a command has been recorded."""
    raises = pytest.raises(Unavailable)
    with service(*answers, then_gone=then_gone) as address, services(intake=address) as asked, raises as raised:
        asked.request("intake", "POST", "/intake/v1/persons", {}, headers)
    return raised.value.outcome_unknown


def test_what_may_have_been_recorded_is_not_said_to_be_lost() -> None:
    assert outcome_unknown(LOST)
    assert outcome_unknown(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n<")
    assert outcome_unknown(None, None)
    assert outcome_unknown(None, then_gone=True), "it may have died after it had recorded it"
    assert outcome_unknown(None, AWAY), "it was asked twice, and refused only the second time"


def test_what_was_certainly_not_recorded_is_said_to_be_lost() -> None:
    assert not outcome_unknown(AWAY)
    assert not outcome_unknown(LOST, headers={}), "what only asks records nothing"
    with services(intake="http://127.0.0.1:9") as asked, pytest.raises(Unavailable) as raised:
        asked.request("intake", "POST", "/intake/v1/persons", {}, COMMAND)
    assert not raised.value.outcome_unknown


BUSY: Final = AWAY.replace(b"\r\n", b"\r\nRetry-After: 1\r\nConnection: close\r\n", 1)
"""What a process says that steps aside, or cannot answer right now."""


@pytest.mark.parametrize("headers", [{}, COMMAND], ids=["question", "command"])
def test_who_steps_aside_is_not_asked_again_but_another_is(headers: Mapping[str, str]) -> None:
    with service(BUSY, DAY) as address, services(intake=address) as asked:
        assert asked.request("intake", "POST", "/intake/v1/persons", {}, headers) == {"today": "2018-06-01"}


def test_it_is_asked_once_more_and_no_oftener() -> None:
    assert not outcome_unknown(BUSY, BUSY), "neither has done anything"
    assert outcome_unknown(BUSY, None), "the second may have"
    assert outcome_unknown(None, BUSY), "or the first"


def test_who_says_so_late_has_waited_for_what_all_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "AT_ONCE", 0.0)
    assert not outcome_unknown(BUSY)


def test_the_processes_behind_a_name_are_asked_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the resolver's order is; and one that is gone keeps nobody from the others."""
    with service(DAY) as first, service(DAY, DAY, host="127.0.0.3", port=(port := int(first.rpartition(":")[2]))):
        behind = [(AF_INET, SOCK_STREAM, 0, "", (f"127.0.0.{number}", port)) for number in (1, 2, 3)]
        resolve = socket.getaddrinfo

        def resolved(host: str, *asked: Any, **more: Any) -> Any:
            return behind if host == "intake-http" else resolve(host, *asked, **more)

        monkeypatch.setattr(socket, "getaddrinfo", resolved)
        with services(intake=f"http://intake-http:{port}") as asked:
            for _ in behind:
                assert asked.request("intake", "GET", "/clock", None, {}) == {"today": "2018-06-01"}


def test_a_service_that_hangs_delays_the_days_question_once_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen, service(DAY, DAY) as well:
        hangs = f"http://127.0.0.1:{frozen.getsockname()[1]}"
        with services(intake=hangs, casework=well) as asked:
            started = monotonic()
            assert asked.today() == date(2018, 6, 1)
            assert HEALTH <= monotonic() - started < READ
            monkeypatch.setattr(backend, "TODAY_FOR", 0.0)
            started = monotonic()
            assert asked.today() == date(2018, 6, 1)
            assert monotonic() - started < HEALTH
