"""No child outlives who started it, at whatever moment that ends; and each is there once, whoever looks after it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeAlias

import pytest

from deploy import supervisor as module
from deploy.children import dying_with_us
from deploy.ports import free_ports
from deploy.supervisor import Child, NotReady, Supervisor, inherited
from tests.waiting import until

FORKED = """
import os, sys, time
from pathlib import Path
from deploy.children import dying_with_us

prepare, parent, deadline = dying_with_us(), os.getpid(), time.monotonic() + 30
if os.fork() == 0:
    Path(sys.argv[1], "forked").write_text(str(os.getpid()))
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(0.001)
    prepare()
    Path(sys.argv[1], "lives on").touch()
"""


def test_a_child_whose_parent_died_before_it_asked_to_hear_of_it_ends(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKED, str(tmp_path)], check=True)
    forked, lives_on = tmp_path / "forked", tmp_path / "lives on"
    until(lambda: forked.exists() and forked.read_text(), "it has forked")
    until(lambda: lives_on.exists() or has_ended(int(forked.read_text())), "the child lives on or has ended")
    assert not lives_on.exists()


def has_ended(pid: int) -> bool:
    """Also while nobody has taken notice of it yet."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(")")[2].split()[0] == "Z"


def test_a_child_that_a_thread_started_lives_on_when_the_thread_ends() -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        echo = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=dying_with_us())
        started.append(echo)

    thread = threading.Thread(target=start)
    thread.start()
    of_the_kernel = Path(f"/proc/self/task/{thread.native_id}")
    until(lambda: not of_the_kernel.exists(), "the thread has ended")
    (echo,) = started
    answer, _ = echo.communicate(b"here", timeout=30)
    assert (answer, echo.returncode) == (b"here", 0)


# --- looked after -----------------------------------------------------------------------------------

STUBBORN = """
import os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Ready(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

signal.signal(signal.SIGTERM, signal.SIG_IGN)
server, parent = HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready), os.getppid()
server.timeout = 1
while os.getppid() == parent:
    server.handle_request()
"""

Supervised: TypeAlias = Callable[[type[Child]], tuple[Supervisor, Child]]


@pytest.fixture
def stubborn(tmp_path: Path) -> Iterator[Supervised]:
    """A child, not started yet, that answers at its health address and does not end when it is told to."""
    (tmp_path / "stubborn.py").write_text(STUBBORN)
    with ExitStack() as stack:

        def supervised(kind: type[Child]) -> tuple[Supervisor, Child]:
            (port,) = free_ports(1)
            environment = inherited() | {"PYTHONPATH": str(tmp_path)}
            child = kind("probe", ("stubborn", str(port)), port, environment, tmp_path / "log")
            supervisor = Supervisor([child])
            stack.callback(supervisor.kill, child.name, hold=True)
            return supervisor, child

        yield supervised


def test_a_child_that_does_not_end_is_killed_before_it_starts_anew(
    stubborn: Supervised, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GRACE", 0.2)
    supervisor, child = stubborn(Child)
    supervisor.start()
    before = child.process
    supervisor.restart(child.name)
    assert before is not None and before.returncode == -signal.SIGKILL
    assert child.process is not before and child.ready()


def test_after_the_stop_nothing_is_started_again(stubborn: Supervised) -> None:
    supervisor, child = stubborn(Child)
    supervisor.stop()
    with pytest.raises(NotReady, match="stays down"):
        supervisor.restart(child.name)
    assert child.starts == []


def test_two_who_look_after_a_child_at_once_start_it_once(stubborn: Supervised) -> None:
    meeting = threading.Barrier(2)

    class Slow(Child):
        def start(self) -> None:
            with suppress(threading.BrokenBarrierError):
                meeting.wait(0.5)  # time enough for the other to come, too
            super().start()

    supervisor, child = stubborn(Slow)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: supervisor.revive(), range(2)))
    assert len(child.starts) == 1
