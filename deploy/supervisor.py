"""Starts processes, waits until they are ready, restarts what dies, stops everything cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from deploy.children import dying_with_us, end

GRACE = 10.0
"""Seconds a process gets to finish after SIGTERM before it is killed."""
LISTEN = "0A"
"""How the kernel's table of sockets writes this state."""


class NotReady(Exception):
    """A process did not become ready, or ended at start. The text says which, and where its log is."""


@dataclass
class Child:
    """A process that is to run: its arguments after ``python -m``, and the port of its health address.

    ``shares_port``: others of its kind answer there, too.
    """

    name: str
    command: Sequence[str]
    port: int
    environment: Mapping[str, str]
    log: Path
    shares_port: bool = False
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.starts.append(time.monotonic())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C reaches us alone; we stop the others in order
                preexec_fn=dying_with_us(),
            )

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def ready(self) -> bool:
        if self.shares_port and not (self.process is not None and listens(self.process.pid, self.port)):
            return False
        with suppress(requests.RequestException):
            return requests.get(f"{self.url}/health/ready", timeout=2).ok
        return False

    def said(self) -> dict[str, Any] | None:
        """What it says of itself at ``/health/ready``; None where it does not answer."""
        with suppress(requests.RequestException, ValueError):
            found: dict[str, Any] = requests.get(f"{self.url}/health/ready", timeout=5).json()
            return found
        return None

    def send(self, number: signal.Signals) -> None:
        if self.process is not None and self.alive():
            self.process.send_signal(number)

    def last_words(self) -> str:
        """The end of the process's log, for a message."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return lines[-1] if lines else "(it said nothing)"


def listens(pid: int, port: int) -> bool:
    """Whether a process of ours accepts connections on an IPv4 port, as the kernel tells it."""
    with suppress(OSError):  # it ended meanwhile
        lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
        sockets = {f"socket:[{line[9]}]" for line in lines if line[3] == LISTEN and line[1].endswith(f":{port:04X}")}
        return any(os.readlink(file) in sockets for file in Path(f"/proc/{pid}/fd").iterdir())
    return False


class Supervisor:
    """Runs children until ``stop``. A child that dies is started again, at growing intervals.

    Several threads may look after them at once.
    """

    def __init__(self, children: Sequence[Child], *, say: Callable[[str], None] = lambda line: None) -> None:
        self.children = {child.name: child for child in children}
        self._say = say
        self._stopping = threading.Event()
        self._held: set[str] = set()
        self._turn = threading.Lock()  # of whoever starts a child again, or sees to it that nobody does

    def start(self, *, timeout: float = 60) -> None:
        """Start all and wait until each is ready. Raises NotReady; what was started is stopped then."""
        for child in self.children.values():
            child.log.parent.mkdir(parents=True, exist_ok=True)
            child.start()
        try:
            self.wait_ready(*self.children, timeout=timeout, restart=False)
        except BaseException:
            self.stop()
            raise

    def wait_ready(self, *names: str, timeout: float = 60, restart: bool = True) -> None:
        """Wait until these (or all) are ready. Raises NotReady."""
        deadline = time.monotonic() + timeout
        for child in [self.children[name] for name in names or self.children]:
            while not child.ready():
                if restart:
                    self.revive()
                elif not child.alive():
                    raise NotReady(f"{child.name} ended at start: {child.last_words()} ({child.log})")
                if time.monotonic() > deadline:
                    raise NotReady(f"{child.name} is not ready after {timeout:.0f} s ({child.log})")
                time.sleep(0.05)

    def watch(self) -> None:
        """Keep all running until Ctrl-C, or until ``stop`` is called from elsewhere."""
        with suppress(KeyboardInterrupt):
            while not self._stopping.wait(0.5):
                self.revive()

    def revive(self) -> None:
        """Start again what has died and is not held, at most once per growing interval."""
        with self._turn:
            for child in self.children.values():
                if child.alive() or child.name in self._held or self._stopping.is_set():
                    continue
                recent = sum(1 for start in child.starts if start > time.monotonic() - 60)
                if child.starts and time.monotonic() - child.starts[-1] < min(10.0, 0.5 * recent):
                    continue
                self._say(f"{child.name} ended and is started again")
                child.start()

    def kill(self, name: str, *, hold: bool = False) -> None:
        """kill -9 one child; ``hold`` keeps it down until ``release``."""
        if hold:
            self._hold(name)
        process = self.children[name].process  # this one: soon there may be another
        if process is not None:
            process.kill()
            process.wait()

    def release(self, name: str) -> None:
        """Let a held child run again, at once. Raises NotReady after ``stop``."""
        with self._turn:
            if self._stopping.is_set():
                raise NotReady(f"{name} stays down: everything was stopped")
            self._held.discard(name)
            self.children[name].start()

    def restart(self, name: str, *, timeout: float = 60) -> None:
        """Let one child end in order, within the grace, and start it anew; back when it is ready. Raises NotReady."""
        self._hold(name)
        end(self.children[name].process, within=GRACE)
        self.release(name)
        self.wait_ready(name, timeout=timeout)

    def stop(self) -> None:
        """Stop all, those started last first; what does not end within the grace is killed."""
        with self._turn:
            self._stopping.set()
        end(*(child.process for child in reversed(self.children.values())), within=GRACE)

    def _hold(self, name: str) -> None:
        with self._turn:
            self._held.add(name)


def inherited(**settings: str) -> dict[str, str]:
    """This process's environment, with these settings of the platform and no others."""
    foreign = {name: value for name, value in os.environ.items() if not name.startswith("WEGMARKEN_")}
    return foreign | settings
