"""``wegmarken up`` and ``wegmarken token``: the platform on your own data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from deploy.broker import BrokerFailed, BrokerInUse, BrokerMissing
from deploy.one_machine import BrokerUnusable, OneMachine, PortTaken
from deploy.ports import NoFreePort
from deploy.supervisor import NotReady
from shared.api.roles import ROLES
from shared.privacy.secrets import ISSUER_PRIVATE
from shared.runtime.terminal import refusing
from shared.service.tokens import issue

CANNOT_RUN: Final = (
    BrokerFailed,
    BrokerInUse,
    BrokerMissing,
    BrokerUnusable,
    NoFreePort,
    NotReady,
    PortTaken,
)
"""Why the platform does not start here: what people can do something about."""

DATA: Final = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("var"),
    envvar="WEGMARKEN_DATA",
    show_default=True,
    help="Where all is kept.",
)


@click.command()
@DATA
def up(data: Path) -> None:
    """The platform on your own data, until Ctrl-C. Settings come from the environment (docs/configuration.md)."""
    to = Console(stderr=True)
    settings = {name: value for name, value in os.environ.items() if name.startswith("WEGMARKEN_")}
    broker = settings.get("WEGMARKEN_BROKER")
    with (
        refusing(*CANNOT_RUN),
        OneMachine(data, ports="fixed", settings=settings, broker=broker, say=to.print) as machine,
    ):
        to.print("Wegmarken is up:")
        show_addresses(machine, to)
        where = "" if data == Path("var") else f"WEGMARKEN_DATA={data} "
        account = f"{where}./dev wegmarken account add NAME --role integration-manager"
        to.print(f"  an account   {account}", highlight=False, soft_wrap=True)
        to.print("Ctrl-C stops everything; the data stay.")
        machine.supervisor.watch()


@click.command()
@click.argument("account")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given several times."
)
@DATA
@click.option("--minutes", default=5.0, show_default=True)
def token(account: str, roles: tuple[str, ...], data: Path, minutes: float) -> None:
    """Print an access token: for trying the API by hand where the platform issues its own tokens."""
    key = data / "secrets" / ISSUER_PRIVATE
    if not key.exists():
        raise click.ClickException(f"{key} is not there: start the platform on this directory first (./dev up)")
    click.echo(issue(key.read_bytes(), account, roles, minutes))


def show_addresses(machine: OneMachine, to: Console) -> None:
    """Where the platform answers, and how to ask."""
    to.print(f"  the pages    {machine.portal}", highlight=False)
    for service, url in machine.addresses.items():
        to.print(f"  {service:<12} {url}/openapi.json", highlight=False)
    to.print(
        f"  a token      ./dev wegmarken token NAME --role reporting --data {machine.data}",
        highlight=False,
        soft_wrap=True,
    )
