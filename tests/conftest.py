"""What tests of several parts share."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from deploy.broker import BrokerMissing, PrivateBroker
from tests.postgres import Cluster

# The same examples at every run, however busy the machine: a red run can be run again.
settings.register_profile("wegmarken", derandomize=True, deadline=None, database=None)
settings.load_profile("wegmarken")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak",
        action="store_true",
        help="also what takes too long for every day, and more of the rest",
    )
    parser.addoption(
        "--seed",
        type=int,
        help="what chance begins with in tests that leave something to it: that of a red run, to run it again",
    )


IN_ONE_OFFICE: Final = {
    f"tests/platform/test_{name}.py"
    for name in ("bad_input", "erasure", "full_disk", "no_traces", "one_effect", "openapi", "read_your_writes")
}
"""Files whose tests share an office, which takes long to set up: see ``platform/conftest.py``. ``test_side_by_side.py``
notices one that is missing."""
OF_THE_PORTAL: Final = "tests/portal/"
"""So do all of these: a platform and a browser, see ``portal/conftest.py``."""


class BySetUp(LoadScopeScheduling):
    """Where tests run side by side, those of one file stay together, and those of files that share a set-up."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path.startswith(OF_THE_PORTAL):
            return "the portal"
        return "the office" if path in IN_ONE_OFFICE else path


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest comes first: the portal, then what starts real processes. The short ones fill the gaps at the
    end."""
    soaks = [item for item in items if item.get_closest_marker("soak") and not config.getoption("soak")]
    config.hook.pytest_deselected(items=soaks)
    items[:] = [item for item in items if item not in soaks]
    long = {item.path for item in items if item.get_closest_marker("platform")}
    items.sort(key=lambda item: (not item.nodeid.startswith(OF_THE_PORTAL), item.path not in long))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BySetUp:
    return BySetUp(config, log)


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """What chance begins with in this test; printed, and another at each run unless the option ``--seed`` gives it."""
    given: int | None = pytestconfig.getoption("seed")
    seed = random.randrange(2**32) if given is None else given
    print(f"run again with --seed {seed}")
    return seed


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateBroker]:
    """A private RabbitMQ node for the whole run, see ``tests.broker`` for what may befall it.

    A test that stops it brings it back; queues are each test's own affair.
    """
    try:
        with PrivateBroker(tmp_path_factory.mktemp("broker")) as broker:
            yield broker
    except BrokerMissing as missing:
        pytest.fail(str(missing))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private PostgreSQL for the whole run. A test that stops it brings it back."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres(cluster: Cluster) -> Iterator[str]:
    """The URL of an empty PostgreSQL database of the test's own."""
    url = cluster.new_database()
    yield url
    cluster.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of the test's own: the test runs once over each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/database.db"
    url: str = request.getfixturevalue("postgres")
    return f"{url}?schema=probe"
