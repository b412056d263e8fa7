from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.projections.office import Office


@pytest.fixture
def office(tmp_path: Path, database: str) -> Iterator[Office]:
    """Its views are in a database of each kind in turn."""
    office = Office(tmp_path, database)
    yield office
    office.close()
