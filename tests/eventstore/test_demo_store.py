"""Which stores ``./dev demo --store`` takes: one that is there, and empty. It looks before it starts anything."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from shared.eventstore.kurrentdb import connection
from shared.eventstore.opening import open_store
from shared.runtime.terminal import AWAY, REFUSED, WRONG
from tests.eventstore.contract import append
from tests.eventstore.stand_in import StandIn
from wegmarken.cli import wegmarken
from wegmarken.demo import StoreInUse, refuse_a_store_in_use

IN_USE = "the store holds a history already: the demonstration needs an empty one"


def refused(url: str) -> tuple[int, str]:
    """Exit code and the one line that is said."""
    done = CliRunner().invoke(wegmarken, ["demo", "--once", "--json", "--store", url])
    assert "hush" not in done.output
    (only,) = done.stderr.splitlines()
    return done.exit_code, only


def test_an_empty_server_is_taken_and_one_in_use_is_refused(stand_in: StandIn) -> None:
    refuse_a_store_in_use(stand_in.url)
    with closing(open_store(stand_in.url)) as store:
        append(store, "s")
        before = store.read_all()
        assert refused(stand_in.url) == (REFUSED, IN_USE)
        assert store.read_all() == before


def test_so_it_is_with_a_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/events.db"
    refuse_a_store_in_use(url)
    with closing(open_store(url)) as store:
        append(store, "s")
    with pytest.raises(StoreInUse):
        refuse_a_store_in_use(url)
    assert refused(url) == (REFUSED, IN_USE)


def test_a_server_that_is_away_is_said_so(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 0.5)
    stand_in.stop()
    line = "the event store does not answer (ServiceUnavailableError)"
    assert refused(stand_in.url.replace("//", "//probe:hush@")) == (AWAY, line)


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("probe:hush@host", "the event store's URL has no adapter; supported: sqlite, "),
        ("mysql://probe:hush@host", "the event store's URL has no adapter; supported: sqlite, "),
        ("kurrentdb://probe:hush@host?Tls=maybe", "the event store's URL cannot be used: expected "),
        ("kurrentdb://host", "the event store's URL cannot be used: TLS needs a user and a password"),
    ],
)
def test_a_url_that_names_no_store_is_refused_in_one_line_without_its_password(url: str, line: str) -> None:
    code, said = refused(url)
    assert code == WRONG and said.startswith(line)
