"""Native threads beside eventlet: unpatched modules, and a way to wait for a native thread.

Where eventlet has patched the process (http, react), a blocking call on a native lock would stop the
hub. So whatever runs on native threads imports ``threading``, ``queue`` and ``time`` from here, and
whoever waits for it holds a ``Completion``, which blocks only the calling green thread.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from eventlet import event as green_event
from eventlet import patcher, spawn, tpool
from eventlet.hubs import get_hub, trampoline

if TYPE_CHECKING:
    import queue as queue
    import threading as threading
    import time as time
else:
    queue = patcher.original("queue")
    threading = patcher.original("threading")
    time = patcher.original("time")

T = TypeVar("T")


class Stop(Protocol):
    """A ``threading.Event``, or what looks like one."""

    def is_set(self) -> bool: ...

    def wait(self, timeout: float | None = None) -> bool: ...


class Completion(Protocol[T]):
    """The outcome of something a native thread does. Set or failed exactly once."""

    def set(self, value: T) -> None: ...

    def fail(self, error: BaseException) -> None: ...

    def wait(self, timeout: float | None = None) -> T:
        """The value, or raises the failure; raises TimeoutError after ``timeout`` seconds."""
        ...


def is_green() -> bool:
    """Whether eventlet has patched this process's threads."""
    return bool(patcher.is_monkey_patched("thread"))


def on_hub() -> bool:
    """Whether this is the native thread on which green threads run, so that others wait for whatever blocks here."""
    return is_green() and threading.get_ident() == threading.main_thread().ident


def aside(work: Callable[[], T]) -> T:
    """Do what waits for the disk or takes long on a native thread, so that the hub goes on serving others."""
    if not on_hub():
        return work()
    result: T = tpool.execute(work)
    return result


def before_rest(work: Callable[[], None]) -> None:
    """Do something when the green threads have done what they could for now, before the hub waits for the network.

    Where there are no green threads, at once.
    """
    if on_hub():
        get_hub().schedule_call_global(0, work)
    else:
        work()


def completion() -> Completion[Any]:
    """A new completion of the kind that suits this thread, which is to wait for it."""
    return _GreenCompletion() if on_hub() else _PlainCompletion()


class _PlainCompletion(Generic[T]):
    def __init__(self) -> None:
        self._done = threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None

    def set(self, value: T) -> None:
        self._value = value
        self._done.set()

    def fail(self, error: BaseException) -> None:
        self._error = error
        self._done.set()

    def wait(self, timeout: float | None = None) -> T:
        if not self._done.wait(timeout):
            raise TimeoutError
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


class _GreenCompletion(Generic[T]):
    def __init__(self) -> None:
        self._event = green_event.Event()
        self._bridge = _Bridge.of_this_process()

    def set(self, value: T) -> None:
        self._bridge.hand_over(self._event, value, None)

    def fail(self, error: BaseException) -> None:
        self._bridge.hand_over(self._event, None, error)

    def wait(self, timeout: float | None = None) -> T:
        value: T = self._event.wait(timeout)
        if not self._event.ready():
            raise TimeoutError
        return value


class _Bridge:
    """Carries outcomes from native threads to the hub: a deque, and a byte through a pipe to wake it."""

    _this_process: _Bridge | None = None

    @classmethod
    def of_this_process(cls) -> _Bridge:
        if cls._this_process is None:
            cls._this_process = cls()
        return cls._this_process

    def __init__(self) -> None:
        self._outcomes: deque[tuple[Any, Any, BaseException | None]] = deque()
        self._woken = False
        self._wake_end, self._write_end = os.pipe()
        os.set_blocking(self._wake_end, False)
        os.set_blocking(self._write_end, False)
        self._write = patcher.original("os").write
        spawn(self._deliver)

    def hand_over(self, event: Any, value: Any, error: BaseException | None) -> None:
        self._outcomes.append((event, value, error))
        if not self._woken:
            self._woken = True
            self._write(self._write_end, b"x")

    def _deliver(self) -> None:
        read = patcher.original("os").read
        while True:
            trampoline(self._wake_end, read=True)
            try:
                read(self._wake_end, 4096)
            except BlockingIOError:
                continue
            self._woken = False  # before looking: who hands over from now on wakes the hub again
            while self._outcomes:
                event, value, error = self._outcomes.popleft()
                if error is None:
                    event.send(value)
                else:
                    event.send_exception(error)
