"""``wegmarken``: the platform's command line."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from deploy.broker import running_url
from services.portal.login.cli import account
from services.reporting.cli import report
from shared.api.roles import ROLES
from shared.bus.cli import parked, relay
from shared.eventstore.cli import store
from shared.privacy.cli import access_log, erase
from shared.projections.cli import views_group
from shared.runtime import logs
from wegmarken.backup.cli import backup
from wegmarken.runners import open_runners

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("var"),
    envvar="WEGMARKEN_DATA",
    show_default=True,
    help="Where all is kept.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def wegmarken(context: click.Context) -> None:
    """Wegmarken: the integration management of a district, as recorded events.

    What looks at data finds them by the platform's settings: WEGMARKEN_DATA names the directory (var).
    """
    asks_the_broker = context.invoked_subcommand in {"parked", "relay"}
    if asks_the_broker and "WEGMARKEN_BROKER" not in os.environ:
        data = Path(os.environ.get("WEGMARKEN_DATA", "var"))
        if (url := running_url(data / "broker")) is not None:
            os.environ["WEGMARKEN_BROKER"] = url  # the private node that ./dev up runs there


for part in (account, parked, relay, erase, access_log, report, store, backup, views_group(open_runners)):
    wegmarken.add_command(part)


@wegmarken.command()
@click.option("--once", is_flag=True, help="Stop after the report; exit 0 only if everything worked.")
@click.option("--json", "as_json", is_flag=True, help="With --once: one JSON object on standard output, nothing else.")
@click.option("--seed", default=1, show_default=True, help="Another seed: another population, the same figures.")
@click.option("--store", metavar="URL", help="An event store of your own, empty: kurrentdb://… (docs/configuration.md)")
def demo(once: bool, as_json: bool, seed: int, store: str | None) -> None:
    """The platform on the demonstration county: starts everything, posts the scenario, prints the report."""
    from wegmarken import demo as demonstration

    if as_json and not once:
        raise click.UsageError("--json goes with --once")
    broker = os.environ.get("WEGMARKEN_BROKER")
    demonstration.demo(once=once, as_json=as_json, seed=seed, broker=broker, store=store)


@wegmarken.command()
@DATA
def up(data: Path) -> None:
    """The platform on your own data, until Ctrl-C. Settings come from the environment (docs/configuration.md)."""
    from deploy.one_machine import OneMachine
    from wegmarken.demo import show_addresses

    to = Console(stderr=True)
    settings = {name: value for name, value in os.environ.items() if name.startswith("WEGMARKEN_")}
    with OneMachine(
        data, ports="fixed", settings=settings, broker=settings.get("WEGMARKEN_BROKER"), say=to.print
    ) as machine:
        to.print("Wegmarken is up:")
        show_addresses(machine, to)
        where = "" if data == Path("var") else f"WEGMARKEN_DATA={data} "
        to.print(f"  an account   {where}./dev wegmarken account add NAME --role integration-manager", highlight=False)
        to.print("Ctrl-C stops everything; the data stay.")
        machine.supervisor.watch()


@wegmarken.command()
@click.argument("account")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given several times."
)
@DATA
@click.option("--minutes", default=5.0, show_default=True)
def token(account: str, roles: tuple[str, ...], data: Path, minutes: float) -> None:
    """Print an access token: for trying the API by hand where the platform issues its own tokens."""
    from shared.privacy.secrets import ISSUER_PRIVATE
    from shared.service.tokens import issue

    key = data / "secrets" / ISSUER_PRIVATE
    if not key.exists():
        raise click.ClickException(f"{key} is not there: start the platform on this directory first (./dev up)")
    click.echo(issue(key.read_bytes(), account, roles, minutes))


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line: what goes wrong as foreseen is one line and exit code 1, Ctrl-C is quiet."""
    logs.configure("wegmarken", level="warning", format="console")  # beside what commands print, not in it
    foreseen = _foreseen()
    signal.signal(signal.SIGTERM, _stop)
    try:
        wegmarken(standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(130)
    except KeyboardInterrupt:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except foreseen as error:
        click.echo(f"{error}", err=True)
        sys.exit(1)


def _foreseen() -> tuple[type[Exception], ...]:
    """What people can do something about: said in one line, without a traceback."""
    from deploy.broker import BrokerFailed, BrokerInUse, BrokerMissing
    from deploy.one_machine import BrokerUnusable, NotQuiet, PortTaken
    from deploy.ports import NoFreePort
    from deploy.supervisor import NotReady
    from scenarios.loader import LoadFailed
    from wegmarken.demo import StoreUnusable

    broker = (BrokerFailed, BrokerInUse, BrokerMissing, BrokerUnusable)
    return (*broker, NotQuiet, NotReady, NoFreePort, PortTaken, LoadFailed, StoreUnusable)
