"""``wegmarken store copy``: a history moves to another store.

Exit codes: 0 done, 1 refused, 2 wrong use or URL, 3 a store does not answer.
"""

from __future__ import annotations

from contextlib import closing
from typing import Final, cast

import click

from shared.eventstore.copying import Copied, CopyRefused, Target, copy
from shared.eventstore.opening import open_store
from shared.eventstore.port import EventStore, StoreUnavailable
from shared.runtime.config import ConfigurationError
from shared.runtime.terminal import AWAY, REFUSED, WRONG, fail, progress

STAGES: Final = {"compare": "comparing what is there", "copy": "copying", "verify": "verifying"}


@click.group()
def store() -> None:
    """The event store."""


@store.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def copy_(source: str, target: str) -> None:
    """Copy the whole history of the store FROM (a URL) to the store TO, and verify it there.

    TO is empty or holds a beginning of FROM: what was broken off is taken up by the same command. The copy keeps
    ids, positions and instants. Stop the platform first; events recorded meanwhile come with the next copy.
    """
    try:
        with closing(open_store(source)) as there, closing(open_store(target)) as here:
            copied = _copied(there, cast(Target, here))
    except ConfigurationError as error:
        fail(str(error), WRONG)
    except StoreUnavailable as error:
        fail(f"a store does not answer ({error})", AWAY)
    except CopyRefused as error:
        fail(str(error), REFUSED)
    new = f"{copied.new:,}" if copied.new else "none"
    click.echo(f"{copied.events:,} events, {new} of them new; the same in both: {copied.digest}")


def _copied(source: EventStore, target: Target) -> Copied:
    with progress() as bar:
        task = bar.add_task("", total=None)

        def tell(stage: str, events: int) -> None:
            bar.update(task, completed=events, description=STAGES[stage])

        return copy(source, target, tell)
