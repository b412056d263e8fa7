"""gRPC beside eventlet: the KurrentDB client, imported over the standard library's own modules.

Where eventlet has patched the process (http, react), gRPC must not get green locks: its calls are finished by native
threads of its own, and a green lock that one of them waits for stops the hub for ever. So the client and every part
of gRPC that it would import later is imported while ``sys.modules`` holds the originals. Whoever uses it calls it on
native threads only (``native.aside``, or threads of its own). Import this module before the client.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Final

from eventlet import patcher

from shared.runtime.native import is_green, threading

NATIVE: Final = ("_thread", "threading", "queue", "time", "select", "socket", "selectors")
BUILT_ON_THEM: Final = "concurrent.futures"
PARTS: Final = (
    "grpc",
    "grpc._auth",
    "grpc._channel",
    "grpc._interceptor",
    "grpc._plugin_wrapping",
    "grpc._simple_stubs",
    "grpc._utilities",
    "grpc_status.rpc_status",
    "kurrentdbclient",
    "kurrentdbclient.streams",
    "kurrentdbclient.protos.v1.streams_pb2_grpc",
)


class PatchedThreads(Exception):
    """gRPC got eventlet's threads: the first call would hang. Somebody imported it before us."""


@contextmanager
def _originals() -> Iterator[None]:
    """Within it, imports find what eventlet has not touched."""
    originals = {name: patcher.original(name) for name in NATIVE}
    before = {name: module for name, module in sys.modules.items() if name in NATIVE or _is_built_on_them(name)}
    for name in [name for name in sys.modules if _is_built_on_them(name)]:
        del sys.modules[name]
    sys.modules.update(originals)
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name in NATIVE or _is_built_on_them(name)]:
            del sys.modules[name]
        sys.modules.update(before)


def _is_built_on_them(name: str) -> bool:
    return name == BUILT_ON_THEM or name.startswith(f"{BUILT_ON_THEM}.")


def _load() -> None:
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it would write lines of its own among ours
    # Its handlers of a fork would run, and crash, in a child of ours that is about to become another program.
    os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")
    if is_green():
        with _originals():
            parts = [import_module(name) for name in PARTS]
    else:
        parts = [import_module(name) for name in PARTS]
    if green := [part.__name__ for part in parts if not has_native_threads(part)]:
        raise PatchedThreads(", ".join(green))


def has_native_threads(module: ModuleType) -> bool:
    """Whether a module's ``threading`` is the unpatched one, or it uses none."""
    used = getattr(module, "threading", None)
    return used is None or not is_green() or used is threading


_load()
