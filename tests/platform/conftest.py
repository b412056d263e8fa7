"""The whole platform, with real processes and a private broker. The clean run is loaded once for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loader
from tests.platform.county import RunningCounty, machine
from tests.platform.office import RunningOffice


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCounty]:
    """The clean run of the demonstration county, at rest."""
    of = scenario(1)
    with machine(tmp_path_factory.mktemp("platform")) as running:
        Loader(of, Api(running.addresses, running.token, of.roles)).run()
        running.wait_quiet(timeout=180)
        yield RunningCounty(running, of)


@pytest.fixture(scope="package")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOffice]:
    """A small platform of its own for tests that record, refuse, fill the disk and erase."""
    with machine(tmp_path_factory.mktemp("office")) as running:
        yield RunningOffice.open(running)
