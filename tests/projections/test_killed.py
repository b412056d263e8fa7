"""A projector that is killed at any moment goes on where its checkpoint says."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path

from shared.projections.read import ViewReader
from tests.folding import content, fresh_fold
from tests.projections.office import HOMES, PEOPLE, Office
from tests.waiting import DEADLINE

ROOT = Path(__file__).parents[2]
SEED = 2018
KILLS = 3


def test_killed_at_random_moments_its_views_still_equal_a_fresh_fold(office: Office) -> None:
    moments = random.Random(SEED)
    reader = ViewReader(office.url, (PEOPLE, HOMES))
    head = office.history(500)
    for _ in range(KILLS):
        aim = reader.position(HOMES) + moments.randrange(1, head // KILLS // 2)
        pause = moments.uniform(0, 0.02)
        print(f"seed {SEED}: kill {pause * 1000:.1f} ms after position {aim}")
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.projections.projector", str(office.folder), office.url],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        with process:
            assert reader.wait_for([HOMES.name], aim, DEADLINE)
            threading.Event().wait(pause)
            process.kill()
    assert reader.position(PEOPLE) < head, "killed in the middle, not at the end"
    reader.close()
    runner = office.runner(PEOPLE, HOMES)
    runner.catch_up()
    assert runner.positions() == {"probe.people": head, "probe.homes": head}
    found = {view.name: content(runner.engine, view) for view in (PEOPLE, HOMES)}
    assert found == fresh_fold((PEOPLE, HOMES), office.source)
