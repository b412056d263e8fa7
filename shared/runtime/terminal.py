"""What all command lines have in common: exit codes, the one line of a failure, tables and progress."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

REFUSED: Final = 1
"""Nothing was done: it must not be, or there is nothing to do it with."""
WRONG: Final = 2
"""Wrong use or settings; click's own code for it."""
AWAY: Final = 3
"""What the command needs does not answer."""
INTERRUPTED: Final = 130
"""By Ctrl-C, SIGTERM or a "no"; what shells make of SIGINT."""
PIPE_WIDTH: Final = 240
"""Columns where no terminal says how wide it is: ids are never cut."""


def fail(line: str, code: int) -> NoReturn:
    """Say one line, and end."""
    click.echo(line, err=True)
    sys.exit(code)


@contextmanager
def refusing(*foreseen: type[Exception]) -> Iterator[None]:
    """Within it these end the command with their own text, which is one line for whoever called it."""
    try:
        yield
    except foreseen as error:
        fail(str(error), REFUSED)


def console() -> Console:
    """Standard output, for tables."""
    return Console() if sys.stdout.isatty() else Console(width=PIPE_WIDTH)


def progress(to: Console | None = None) -> Progress:
    """A bar with what is done just now, how much of how much, and for how long.

    On standard error, if that is a terminal, unless another console is named.
    """
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=to or Console(stderr=True),
        disable=to is None and not sys.stderr.isatty(),
    )
