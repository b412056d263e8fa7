"""``wegmarken account``: who may log in to the pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import click
from rich.console import Console
from rich.table import Table

from services.portal.login.accounts import AccountRefused, Accounts, made_password
from services.portal.login.database import open_database
from shared.api.roles import ROLES
from shared.contracts.municipalities import municipalities
from shared.database.migrations import TooNew
from shared.runtime.config import Settings


@contextmanager
def accounts() -> Iterator[Accounts]:
    """The accounts of this installation; what is refused is one line."""
    try:
        with closing(open_database(Settings.from_environment().portal)) as database:
            yield Accounts(database)
    except (AccountRefused, TooNew) as refused:
        raise click.ClickException(str(refused)) from None


@click.group()
def account() -> None:
    """Accounts for the pages: each has a name, a password and roles."""


PASSWORD = click.option("--ask", is_flag=True, help="Ask for the password; otherwise one is made and shown.")


@account.command()
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given several times."
)
@click.option("--shown-as", help="How the pages call the person; otherwise as the account.")
@click.option("--ags", type=click.Choice(list(municipalities())), metavar="AGS", help="Bind it to one municipality.")
@PASSWORD
def add(name: str, roles: tuple[str, ...], shown_as: str | None, ags: str | None, ask: bool) -> None:
    """Make an account. NAME is the account under which casework knows an employee."""
    password = _password(ask)
    with accounts() as all_accounts:
        all_accounts.add(name, roles, password, shown_as=shown_as, ags=ags)
    _tell(f"The account {name} is there.", password, ask)


@account.command("list")
def list_accounts() -> None:
    """Show all accounts."""
    table = Table(box=None, pad_edge=False)
    for head in ("name", "shown as", "roles", "municipality", ""):
        table.add_column(head)
    with accounts() as all_accounts:
        for each in all_accounts.all():
            table.add_row(
                each.name,
                each.shown_as,
                ", ".join(sorted(each.roles)),
                each.ags or "",
                "disabled" if each.disabled else "",
            )
    Console().print(table)


@account.command()
@click.argument("name")
def disable(name: str) -> None:
    """Let nobody log in under it any more."""
    with accounts() as all_accounts:
        all_accounts.disable(name)
    click.echo(f"Nobody logs in as {name} any more.")


@account.command()
@click.argument("name")
@PASSWORD
def password(name: str, ask: bool) -> None:
    """Set a new password, and log out whoever is logged in."""
    new = _password(ask)
    with accounts() as all_accounts:
        all_accounts.set_password(name, new)
    _tell(f"{name} has a new password.", new, ask)


def _password(ask: bool) -> str:
    return click.prompt("Password", hide_input=True, confirmation_prompt=True) if ask else made_password()


def _tell(what: str, new: str, asked: bool) -> None:
    click.echo(what if asked else f"{what} Password: {new}")
