"""``wegmarken``: the platform's command line."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Any, Final

import click

from shared.eventstore.port import StoreUnavailable
from shared.runtime import logs
from shared.runtime.config import ConfigurationError, Settings
from shared.runtime.terminal import AWAY, INTERRUPTED, WRONG, fail

COMMANDS: Final = {
    "access-log": ("shared.privacy.cli", "The record of who read whose data, when and why."),
    "account": ("services.portal.login.cli", "Accounts for the pages: each has a name, a password and roles."),
    "backup": (
        "wegmarken.backup.cli",
        "Copies of everything that is kept: events, key ring, access log, accounts, erasures.",
    ),
    "demo": ("wegmarken.demo", "The platform on the demonstration county"),
    "erase": ("shared.privacy.cli", "Make what is sealed of PERSON (an id) unreadable for ever."),
    "parked": ("shared.bus.cli", "Messages that were put aside after their last attempt."),
    "relay": ("shared.bus.cli", "The relay between event store and broker."),
    "report": ("services.reporting.cli", "Print the report as a table: each figure at its reference dates."),
    "store": ("shared.eventstore.cli", "The event store."),
    "token": ("wegmarken.running", "Print an access token"),
    "up": ("wegmarken.running", "The platform on your own data, until Ctrl-C."),
    "views": ("wegmarken.runners", "The read models: list them, or rebuild one beside the live one."),
}
"""The module of each, in which it is called like itself, and how its help begins."""


class Commands(click.Group):
    """Imports a command when it is asked for, as each needs another half of the platform.

    What keeps any of them from working, a wrong setting or a store that is away, is said here: in one line.
    """

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _ = COMMANDS[name]
        command: click.Command = getattr(import_module(module), name.replace("-", "_"))
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help) for name, (_, help) in COMMANDS.items()])

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ConfigurationError as error:
            fail(str(error), WRONG)
        except StoreUnavailable as error:
            which = "the event store" if type(error) is StoreUnavailable else "a database"  # which its text names
            fail(f"{which} does not answer ({error})", AWAY)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def wegmarken(context: click.Context) -> None:
    """Wegmarken: the integration management of a district, as recorded events.

    What looks at data finds them by the platform's settings: WEGMARKEN_DATA names the directory (var).
    """
    settings = Settings.from_environment()
    if context.invoked_subcommand in {"parked", "relay"} and not settings.broker:
        from deploy.broker import running_url

        if (url := running_url(settings.data / "broker")) is not None:
            os.environ["WEGMARKEN_BROKER"] = url  # the private node that ./dev up runs there


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """The whole of ``python -m wegmarken``; SIGTERM is a Ctrl-C."""
    logs.configure("wegmarken", level="warning", format="console")  # beside what commands print, not in it
    signal.signal(signal.SIGTERM, _stop)
    wegmarken()
