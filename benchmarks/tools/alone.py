"""What is measured in a process that has held nothing else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def alone(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work``, a module's function, returns or raises in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        return processes.submit(work, *args, **kwargs).result()
