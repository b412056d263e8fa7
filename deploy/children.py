"""What holds for every child that we start, whoever of us starts it: it ends when it is told to, and with us."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1
LAST_LOOK = 0.1
"""Seconds that each still gets when all of its time went to those before it."""
_libc = ctypes.CDLL(None, use_errno=True)


def dying_with_us() -> Callable[[], None] | None:
    """What a child does between fork and exec: should we be killed ourselves, nothing of ours stays behind.

    None but on the main thread: to the kernel the parent is the thread that forked, and the child would end with that.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    parent = os.getpid()

    def prepare() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # we died in between, and nobody will tell
            os._exit(1)

    return prepare


def end(*children: subprocess.Popen[Any] | None, within: float) -> None:
    """Tell children to end, and wait; what stands still is woken to hear it, what does not obey is killed.

    ``within``: seconds, for all of them together. None stands for a child that was never started.
    """
    started = [child for child in children if child is not None]
    for child in started:
        child.send_signal(signal.SIGTERM)
        child.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + within
    for child in started:
        try:
            child.wait(max(LAST_LOOK, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
