"""The command line as a whole: what keeps a command from working is one clear line, whichever command it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from shared.eventstore.kurrentdb import connection
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.secrets import create_secrets
from shared.runtime.terminal import AWAY, INTERRUPTED, REFUSED, WRONG
from wegmarken.cli import COMMANDS, wegmarken

POSTGRES = "postgresql://probe:hush@127.0.0.1:1/nowhere"
"""Nobody listens there."""
KURRENTDB = "kurrentdb://probe:hush@127.0.0.1:1?Tls=false&MaxDiscoverAttempts=1"
LOOKING = {
    "views list": "views list",
    "views rebuild": "views rebuild intake.persons",
    "report": "report",
    "account list": "account list",
    "erase": "erase p1 --reason request --yes",
    "access-log": "access-log drop --before 2016-01",
    "relay status": "relay status",
    "parked list": "parked list",
    "backup create": "backup create {data}-backup",
    "store copy": f"store copy sqlite:///{{data}}/events.db {KURRENTDB}",
}
"""Commands that look at data."""


def run(data: Path, command: str, **settings: str) -> Result:
    """``wegmarken``, on a data directory with nothing else than ``{data}`` filled in."""
    given = {name: None for name in os.environ if name.startswith("WEGMARKEN_")}
    env = given | {"WEGMARKEN_DATA": str(data)} | {f"WEGMARKEN_{name}": value for name, value in settings.items()}
    return CliRunner().invoke(wegmarken, command.replace("{data}", str(data)).split(), env=env)


def line(result: Result, code: int) -> str:
    """The only one on standard error; there is no traceback and no password."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    assert "hush" not in result.output
    (only,) = result.stderr.splitlines()
    return only


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory on which nothing was ever recorded."""
    create_secrets(tmp_path / "var" / "secrets")
    return tmp_path / "var"


@pytest.mark.parametrize("command", [*LOOKING.values(), "backup verify {data}", "token probe --role auditor", "demo"])
@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        (
            "EVENTSTORE",
            "mysql://probe:hush@127.0.0.1",
            "WEGMARKEN_EVENTSTORE: expected an URL that starts with sqlite://",
        ),
        ("PORT", "many", "WEGMARKEN_PORT=many: expected a whole number from 0 to 65535"),
        ("COLOUR", "red", "WEGMARKEN_COLOUR is not a setting; docs/configuration.md lists them all"),
    ],
)
def test_every_command_says_which_setting_is_wrong(
    command: str, setting: str, value: str, said: str, data: Path
) -> None:
    before = sorted(data.parent.rglob("*"))
    assert line(run(data, command, **{setting: value}), WRONG).startswith(said)
    assert sorted(data.parent.rglob("*")) == before, "nothing was made"


def test_a_url_that_no_store_has_is_said_without_showing_it(data: Path) -> None:
    said = line(run(data, f"store copy mysql://probe:hush@127.0.0.1 sqlite:///{data}/b.db"), WRONG)
    assert said.startswith("the event store's URL has no adapter; supported: sqlite, ")
    said = line(run(data, f"store copy sqlite://b.db sqlite:///{data}/b.db"), WRONG)
    assert said == "the event store sqlite://b.db names no file; expected sqlite:///path"


def test_a_broker_that_is_not_named_is_said(data: Path) -> None:
    for command in ("relay status", "parked list"):
        assert line(run(data, command), WRONG).startswith("WEGMARKEN_BROKER is not set")


@pytest.mark.parametrize(
    ("command", "settings", "said"),
    [
        (
            "views list",
            {"EVENTSTORE": "sqlite:///{file}/events.db"},
            "the event store does not answer ({file}/events.db: ",
        ),
        ("views list", {"KEYRING": POSTGRES}, "a database does not answer (key ring: keyring: OperationalError)"),
        ("views list", {"VIEWS": POSTGRES}, "a database does not answer (views: OperationalError)"),
        ("views rebuild", {"VIEWS": POSTGRES}, "a database does not answer (views: OperationalError)"),
        ("report", {"VIEWS": POSTGRES}, "a database does not answer (views: OperationalError)"),
        ("report", {"VIEWS": "sqlite:///{file}/{service}.db"}, "a database does not answer (views: "),
        ("account list", {"PORTAL": POSTGRES}, "a database does not answer (portal: OperationalError)"),
        ("account list", {"PORTAL": "{file}/portal.db"}, "a database does not answer (portal.db: "),
        ("erase", {"EVENTSTORE": "sqlite:///{file}/events.db"}, "the event store does not answer ({file}/events.db: "),
        ("erase", {"KEYRING": POSTGRES}, "a database does not answer (key ring: keyring: OperationalError)"),
        ("access-log", {"ACCESS_LOG": POSTGRES}, "a database does not answer (access_log: OperationalError)"),
        ("relay status", {"EVENTSTORE": "sqlite:///{file}/events.db"}, "the event store does not answer ({file}/"),
        ("relay status", {"DATA": "{file}"}, "a database does not answer (relay.db: "),
        ("relay status", {"BROKER": "amqp://probe:hush@127.0.0.1:1/"}, "the broker does not answer (ConnectionRefused"),
        ("parked list", {"BROKER": "amqp://probe:hush@127.0.0.1:1/"}, "the broker does not answer (ConnectionRefused"),
        ("backup create", {"EVENTSTORE": KURRENTDB}, "the event store does not answer (ServiceUnavailableError)"),
        ("backup create", {"KEYRING": POSTGRES}, "PostgreSQL does not answer (OperationalError)"),
        ("store copy", {}, "the event store does not answer (ServiceUnavailableError)"),
    ],
)
def test_every_command_says_what_is_away(
    command: str, settings: dict[str, str], said: str, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.1)
    SqliteEventStore(data / "events.db").close()
    file = data.parent / "file"
    file.touch()
    given = {name: value.replace("{file}", str(file)) for name, value in settings.items()}
    assert line(run(data, LOOKING[command], **given), AWAY).startswith(said.replace("{file}", str(file)))


# --- where nothing is yet -----------------------------------------------------------------------------


def test_views_are_missed_where_the_platform_has_not_run(data: Path, tmp_path: Path) -> None:
    assert line(run(data, "views list"), REFUSED) == "no view is there yet: let the projector run first"
    nowhere = tmp_path / "nowhere"
    said = f"{nowhere}/secrets is not there: is WEGMARKEN_DATA the right directory?"
    assert line(run(nowhere, "views list"), WRONG) == said
    assert line(run(nowhere, "views rebuild intake.persons"), WRONG) == said
    assert not nowhere.exists(), "nothing is made where nobody looks for it"


def test_the_report_is_missed_where_the_projector_has_not_run(data: Path) -> None:
    assert "is not there yet: let the projector run first" in line(run(data, "report"), REFUSED)


# --- how it ends --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ends", "code"), [("context.exit(5)", 5), ("raise KeyboardInterrupt", INTERRUPTED)])
def test_a_process_ends_as_its_command_does(ends: str, code: int) -> None:
    program = f"""
import click, sys
from wegmarken import cli

@click.command()
@click.pass_context
def __main__(context):
    {ends}

cli.COMMANDS["__main__"] = ("__main__", "")
sys.argv[1:] = ["__main__"]
cli.main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


# --- help ---------------------------------------------------------------------------------------------


def test_the_list_of_commands_is_what_each_says_of_itself() -> None:
    listed = CliRunner().invoke(wegmarken, ["--help"]).stdout
    for name, (_, help) in COMMANDS.items():
        command = wegmarken.get_command(click.Context(wegmarken), name)
        assert command is not None and (command.name, (command.help or "").startswith(help)) == (name, True)
        assert f"  {name} " in listed


def test_help_imports_no_more_than_it_needs() -> None:
    program = "import sys, wegmarken.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    imported = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not {"sqlalchemy", "requests", "kombu", "psycopg", "cryptography", "scenarios", "services", "deploy"} & set(
        imported.split()
    )
