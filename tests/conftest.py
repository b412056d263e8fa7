"""What tests of several parts share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from deploy.broker import BrokerMissing, PrivateBroker

# The same examples at every run, however busy the machine: a red run can be run again.
settings.register_profile("wegmarken", derandomize=True, deadline=None, database=None)
settings.load_profile("wegmarken")


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side, those of one file stay together, and all that need the loaded county."""
    for item in items:
        path = item.path.relative_to(Path(__file__).parent)
        item.add_marker(pytest.mark.xdist_group("platform" if path.parts[0] == "platform" else str(path)))


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
