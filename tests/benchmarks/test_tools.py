"""What the benchmarks measure with tells the truth."""

from __future__ import annotations

import pytest

from benchmarks.tools.http_load import Address
from benchmarks.tools.percentiles import percentile
from benchmarks.tools.servers import server_named_by


@pytest.mark.parametrize(
    ("count", "share", "found"),
    [
        (10, 0.5, 5),
        (11, 0.5, 6),
        (20, 0.95, 19),
        (21, 0.95, 20),
        (300, 0.99, 297),
        (5, 0.99, 5),
        (1, 0.5, 1),
        (4, 1, 4),
    ],
)
def test_a_percentile_is_the_value_of_the_nearest_rank(count: int, share: float, found: int) -> None:
    assert percentile(list(range(1, count + 1)), share) == found


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", None),
        ("sqlite:///var/events.db", None),
        ("kurrentdb://127.0.0.1:2113", "kurrentdb://127.0.0.1:2113"),
        ("postgresql://probe@127.0.0.1/probe", "postgresql://probe@127.0.0.1/probe"),
    ],
)
def test_a_file_is_no_server(monkeypatch: pytest.MonkeyPatch, url: str, server: str | None) -> None:
    monkeypatch.setenv("WEGMARKEN_PROBE", url)
    assert server_named_by("WEGMARKEN_PROBE") == server


def test_an_address_reads_as_in_its_url() -> None:
    address = Address.of("http://127.0.0.1:8601/health/live")
    assert address == ("127.0.0.1", 8601)
    assert f"{address}" == "127.0.0.1:8601"
