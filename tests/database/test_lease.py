"""One leads, the others stand by; the place is free as soon as the leader is gone, however it went."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shared.database.lease import Lease, open_lease
from shared.database.plain import DatabaseUnavailable
from tests.postgres import Cluster
from tests.waiting import until

LEADER = """
import sys, threading
from shared.database.lease import open_lease
lease = open_lease(sys.argv[1])
print(lease.held(), flush=True)
threading.Event().wait()
"""


@pytest.fixture
def pair(database: str) -> Iterator[tuple[Lease, Lease]]:
    with closing(open_lease(database)) as one, closing(open_lease(database)) as other:
        yield one, other


def test_of_two_one_leads_until_it_lets_go(pair: tuple[Lease, Lease]) -> None:
    one, other = pair
    assert [one.held(), other.held(), one.held()] == [True, False, True]
    one.close()
    until(other.held, "the other holds it")  # the server ends a lost connection's locks in its own time
    assert not one.held()


def test_each_database_has_a_leader_of_its_own(database: str, pair: tuple[Lease, Lease]) -> None:
    one, _ = pair
    elsewhere = database.replace("database.db", "elsewhere.db").replace("schema=probe", "schema=elsewhere")
    with closing(open_lease(elsewhere)) as another:
        assert one.held() and another.held()


def test_a_killed_process_leads_no_more(database: str, pair: tuple[Lease, Lease]) -> None:
    one, _ = pair
    leader = subprocess.Popen([sys.executable, "-c", LEADER, database], stdout=subprocess.PIPE, text=True)
    try:
        assert leader.stdout is not None and leader.stdout.readline() == "True\n"
        assert not one.held()
    finally:
        leader.kill()
        leader.wait()
    until(one.held, "it is free again")


def test_who_lost_the_connection_leads_no_more(cluster: Cluster, postgres: str) -> None:
    with closing(open_lease(postgres)) as one, closing(open_lease(postgres)) as other:
        assert one.held() and not other.held()
        cluster.cut_off(postgres)
        until(other.held, "the other holds it")
        assert not one.held()


def test_a_place_that_cannot_be_asked_for_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for url in (f"sqlite:///{tmp_path}/file/database.db", "postgresql://probe:hush@127.0.0.1:1/nowhere"):
        with pytest.raises(DatabaseUnavailable) as caught:
            open_lease(url).held()
        assert "hush" not in str(caught.value)
