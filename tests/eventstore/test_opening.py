"""Opening the store that a URL names."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.eventstore.opening import open_store
from shared.runtime.config import ConfigurationError


def test_a_file_is_opened_and_made_where_it_is_missing(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/events.db")
    assert store.head() == 0
    store.close()


ADAPTERS = "sqlite, kurrentdb, kurrentdb+discover, esdb, esdb+discover"
FORM = "expected kurrentdb://user:password@host:2113,host:2113?Option=value"
URL = "the event store's URL cannot be used:"


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("mysql://host:2113", f"the event store's URL has no adapter; supported: {ADAPTERS}"),
        ("events.db", f"the event store's URL has no adapter; supported: {ADAPTERS}"),
        ("sqlite://events.db", "the event store sqlite://events.db names no file; expected sqlite:///path"),
        ("sqlite:///", "the event store sqlite:/// names no file; expected sqlite:///path"),
        ("kurrentdb://host:2113", f"{URL} TLS needs a user and a password (or Tls=false)"),
        ("kurrentdb://?Tls=false", f"{URL} {FORM}"),
        ("kurrentdb://host?Tls=false&DefaultDeadline=0", f"{URL} DefaultDeadline is at least one second"),
        ("kurrentdb://probe:hush@host?TlsCaFile=/nowhere/ca.crt", f"{URL} TlsCaFile is no file of certificates"),
        (f"kurrentdb://probe:hush@host?TlsCaFile={__file__}", f"{URL} TlsCaFile is no file of certificates"),
    ],
)
def test_a_store_nobody_serves_is_one_clear_line(url: str, line: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_store(url)
    assert str(caught.value) == line


@pytest.mark.parametrize(
    "url",
    [
        "kurrentdb://probe:hush@host?Tls=maybe",
        "kurrentdb://probe:hu?sh=hush@host:2113",
        "kurrentdb://probe:hush@host:2113?hush=1",
        "esdb+discover://probe:hush@one,two",
        "kurrentdb://probe:hush@[host",
        "probe:hush@host",
    ],
)
def test_nothing_of_a_server_s_url_is_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_store(url)
    assert "hush" not in str(caught.value)


def test_what_a_url_leaves_open_has_defaults_and_what_it_says_counts() -> None:
    from shared.eventstore.kurrentdb.url import with_defaults

    url = "kurrentdb://probe:hush@one:2113,two:2113"
    ours = "&KeepAliveInterval=10000&KeepAliveTimeout=10000&GossipTimeout=2&MaxDiscoverAttempts=1"
    assert with_defaults(url) == f"{url}?DefaultDeadline=10{ours}"
    given = f"{url}?defaultdeadline=3&TlsVerifyCert=true"
    assert with_defaults(given) == f"{given}{ours}"
