"""From a command's answer to the event in the views, and to the event of the reaction in the store.

Looked at directly in the database files, so that no request of the measurement disturbs what it measures.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from benchmarks.tools.http_load import Address, load, post
from benchmarks.tools.percentiles import percentile
from benchmarks.tools.small_office import long_token, set_up
from benchmarks.tools.steady_load import CONNECTIONS, steady_load
from benchmarks.tools.waiting import PAUSE, NeverCame
from deploy.one_machine import OneMachine
from scenarios.small_office import AGS, CLERK, MANAGER, TODAY

SAMPLES = 300
WARM_UP = 20
LOOK = 0.0005
"""Seconds between two looks: so much may each figure be too high."""
PATIENCE = 30.0
"""Seconds after which what did not come counts as lost."""
CAPACITY_SECONDS = 3.0
LOAD_SHARE = 0.5
"""The load, as a share of what one process of casework answers at most."""

CONSULTATIONS = "/casework/v1/consultations"
PERSONS = "/intake/v1/persons"
VIEWS = ("casework.db", "reporting.db")

REACHED = "select min(position) from wegmarken_views where live"
"""Up to where the slowest view has read; casework's runner and reporting's each keep their views together."""
REACTED = """
select 1 from events reaction
join events cause on cause.event_id = json_extract(cast(reaction.metadata as text), '$.causation_id')
where reaction.stream = 'eligibility-' || :person_id and cause.stream = 'person-' || :person_id
"""


def run(samples: int = SAMPLES) -> dict[str, Any]:
    """The lags of an idle platform, and of one that records consultations at half of what it can."""
    with (
        tempfile.TemporaryDirectory(prefix="wegmarken-bench-") as directory,
        OneMachine(Path(directory), clock="manual") as machine,
    ):
        office = set_up(machine)
        body = orjson.dumps(office.consultation)
        with _watch(machine, body) as watch:
            _measure(watch, min(WARM_UP, samples))
            idle = _measure(watch, samples)
            machine.wait_quiet()
            address, token = Address.of(machine.addresses["casework"]), long_token(machine, MANAGER)
            rate = LOAD_SHARE * _capacity(address, token, body)
            machine.wait_quiet()
            print(f"  under load: {rate:.0f} consultations per second", file=sys.stderr, flush=True)
            with steady_load(address, CONSULTATIONS, token, body, per_second=rate):
                _measure(watch, min(WARM_UP, samples))
                loaded = _measure(watch, samples)
    return {"bench": "lag", "idle": idle.as_json(), "loaded": loaded.as_json()}


@dataclass(frozen=True, slots=True)
class Lags:
    """Milliseconds from the answer to the slowest view, and to the reaction's event."""

    view: list[float] = field(default_factory=list)
    reaction: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, float]:
        both = {"view": sorted(self.view), "reaction": sorted(self.reaction)}
        return {
            f"{name}_{key}_ms": round(percentile(lags, share), 2)
            for name, lags in both.items()
            for key, share in (("p50", 0.5), ("p99", 0.99))
        }


@dataclass(frozen=True, slots=True)
class Watch:
    """Commands one at a time over open connections, and looks into files that are open already."""

    consult: Callable[[], Mapping[str, Any]]
    register: Callable[[], Mapping[str, Any]]
    views: Sequence[sqlite3.Connection]
    store: sqlite3.Connection
    status: Callable[[], object]

    def view_lag(self) -> float:
        position = self.consult()["position"]
        return self._until(lambda: all(_first(view, REACHED) >= position for view in self.views))

    def reaction_lag(self) -> float:
        person = {"person_id": self.register()["id"]}
        return self._until(lambda: _first(self.store, REACTED, person) is not None)

    def _until(self, reached: Callable[[], bool]) -> float:
        """Milliseconds until it is so. Raises NeverCame."""
        started = time.perf_counter()
        while not reached():
            if time.perf_counter() - started > PATIENCE:
                raise NeverCame(f"nothing within {PATIENCE:.0f} s: {self.status()}")
            time.sleep(LOOK)
        return (time.perf_counter() - started) * 1000


@contextmanager
def _watch(machine: OneMachine, consultation: bytes) -> Iterator[Watch]:
    numbers = count()

    def command(service: str, path: str, account: str) -> Callable[[bytes], Mapping[str, Any]]:
        connection = HTTPConnection(*Address.of(machine.addresses[service]), timeout=PATIENCE)
        headers = {
            "Authorization": f"Bearer {long_token(machine, account)}",
            "Content-Type": "application/json",
        }

        def send(body: bytes) -> Mapping[str, Any]:
            connection.request("POST", path, body, headers | {"Idempotency-Key": f"lag-{next(numbers)}"})
            response = connection.getresponse()
            answer: Mapping[str, Any] = orjson.loads(response.read())
            if response.status != 201:
                raise RuntimeError(f"{path}: {answer}")
            return answer

        return send

    consult, register = command("casework", CONSULTATIONS, MANAGER), command("intake", PERSONS, CLERK)
    person = orjson.dumps(_PERSON)
    with (
        closing(_open(machine.data / "events.db")) as store,
        closing(_open(machine.data / VIEWS[0])) as casework,
        closing(_open(machine.data / VIEWS[1])) as reporting,
    ):
        yield Watch(
            consult=lambda: consult(consultation),
            register=lambda: register(person),
            views=(casework, reporting),
            store=store,
            status=machine.status,
        )


_PERSON = {
    "family_name": "Messlatte",
    "given_name": "Probe",
    "category": "asylum",
    "born_on": "1990-01-01",
    "sex": "unknown",
    "nationality": "SY",
    "state_entry_on": "2016-01-05",
    "district_intake_on": "2016-02-01",
    "registered_on": TODAY.isoformat(),
    "residence": {"kind": "shared_accommodation", "ags": AGS, "moved_in_on": TODAY.isoformat()},
}
"""A person of an own household: nothing was determined before, so each registration has its reaction."""


def _measure(watch: Watch, samples: int) -> Lags:
    lags, pauses = Lags(), random.Random(1)
    for _ in range(samples):
        for lag, sample in ((lags.view, watch.view_lag), (lags.reaction, watch.reaction_lag)):
            time.sleep(pauses.uniform(*PAUSE))
            lag.append(sample())
    print(f"  {samples} samples: {lags.as_json()}", file=sys.stderr, flush=True)
    return lags


def _capacity(address: Address, token: str, body: bytes) -> float:
    """Consultations per second when they come as fast as they are answered."""
    request_of = post(address, CONSULTATIONS, token, body)
    return load(address, request_of, connections=CONNECTIONS, seconds=CAPACITY_SECONDS).rps


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)


def _first(connection: sqlite3.Connection, query: str, parameters: Mapping[str, Any] | None = None) -> Any:
    """The first column of the first row, None if there is no row."""
    row = connection.execute(query, parameters or {}).fetchone()
    return None if row is None else row[0]
