"""The county on what one with its own operations runs: the log on a server that speaks KurrentDB's protocol,
everything else in one PostgreSQL database. The same figures.

With ``--soak`` it is the whole county, for which the protocol in Python takes many minutes; without, one in twenty of
its households, from the first day to the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import psycopg
import pytest
import requests

from deploy.one_machine import OneMachine
from scenarios import loader as posting
from scenarios.goeppingen_2018.script import scenario
from scenarios.loader import Api, Loader
from scenarios.steps import Scenario
from services.intake.likeness import plain
from services.portal.login.accounts import Accounts
from services.portal.login.database import open_database
from shared.api.roles import AUDITOR, INTAKE_CLERK
from shared.contracts.model import Hidden, PersonalClass
from shared.database.postgres import is_postgres
from shared.eventstore.opening import open_store
from shared.privacy.access_log import open_access_log
from shared.privacy.keyring import open_keyring
from shared.privacy.secrets import load_masters
from shared.runtime.config import Settings
from tests.eventstore.served import served
from tests.platform import invariants
from tests.platform.county import SAMPLED, SETTINGS, RunningCounty, sample
from tests.platform.figures import assert_reported
from tests.postgres import Cluster
from tests.servers.kept import kept
from tests.waiting import until

pytestmark = [pytest.mark.platform, pytest.mark.timeout(1800)]

SCHEMAS = {"intake", "eligibility", "casework", "reporting", "ledger", "keyring", "access_log", "portal"}


@dataclass(frozen=True)
class OnServers(RunningCounty):
    """A platform whose log is on a server, and which keeps everything else in PostgreSQL."""

    cluster: Cluster
    store: str
    database: str

    @property
    def further(self) -> dict[str, str]:
        return kept(self.store, self.database)

    @property
    def settings(self) -> Settings:
        return Settings.from_environment({"WEGMARKEN_DATA": str(self.machine.data), **self.further})


@pytest.fixture(scope="module")
def story(pytestconfig: pytest.Config) -> Scenario:
    return scenario(1) if pytestconfig.getoption("soak") else sample(scenario(1))


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster, story: Scenario) -> Iterator[OnServers]:
    data, of, database = tmp_path_factory.mktemp("servers"), story, cluster.new_database()
    with served(data / "stand-in.db") as store:
        settings = SETTINGS | kept(store, database)
        with (
            pytest.MonkeyPatch.context() as patience,
            OneMachine(data, clock="manual", settings=settings, say=print) as running,
        ):
            # What falls due on one day is looked at one after the other: over the wire on a busy machine for minutes.
            patience.setattr(posting, "PATIENCE", 600.0)
            Loader(of, Api(running.addresses, running.token, of.roles)).run()
            running.wait_quiet(timeout=400)
            yield OnServers(running, of, cluster, store, database)


def test_it_reports_what_it_reports_on_files(county: OnServers, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("soak"):
        assert_reported(county.figures())
    else:
        assert county.figures() == SAMPLED


def test_nothing_was_parked_and_nothing_went_wrong(county: OnServers) -> None:
    for name, child in county.machine.supervisor.children.items():
        log = child.log.read_text()
        assert '"level":"error"' not in log, name
        assert "reaction.parked" not in log and "eventstore.lost" not in log


def test_the_invariants_hold(county: OnServers) -> None:
    invariants.assert_every_reaction_happened(county.machine, patience=900)
    invariants.assert_all(county.machine.data, commands=len(county.scenario.posts), **county.further)


def test_positions_have_gaps_and_nobody_is_behind(county: OnServers) -> None:
    with closing(open_store(county.store)) as store:
        head, events = store.head(), len(invariants.history(county.machine.data, **county.further))
    assert head > 100 * events > 0
    status = county.machine.status()
    assert status["relay"] is not None and status["projector"] is not None
    assert status["relay"]["lag"] == {"events": 0, "seconds": 0.0}
    assert {lag["events"] for lag in status["projector"]["lags"].values()} == {0}


def test_the_ledgers_chain_verifies(county: OnServers) -> None:
    answer = county.get("/reporting/v1/ledger?verify=true", AUDITOR)
    assert answer["verified"] == {"first": 1, "last": answer["seq"], "broken": None}


def test_a_figure_as_of_a_position_stays_what_it_was(county: OnServers) -> None:
    path = f"/reporting/v1/figures/persons-in-care?valid_at={county.scenario.ends_on}"
    first = county.get(path)
    assert first["value"]["persons"] > 0
    assert county.get(f"{path}&known_at={first['position']}")["value"] == first["value"]


def test_each_process_counts_its_reconnections(county: OnServers) -> None:
    for name in ("intake-http", "projector", "relay", "react"):
        url = county.machine.supervisor.children[name].url
        told = requests.get(f"{url}/metrics", timeout=30).text
        assert "\nwegmarken_eventstore_reconnections_total 0.0\n" in told, name


def test_figures_are_explained_by_as_many_contributions_as_they_count(county: OnServers) -> None:
    path = f"/reporting/v1/figures/persons-in-care?valid_at={county.scenario.ends_on}"
    counted = county.get(path)["value"]["persons"]
    assert county.get(f"{path}&explain=true&limit=1000")["explanation"]["total"] == counted > 0


def test_names_are_listed_as_on_files_and_every_look_is_recorded(county: OnServers) -> None:
    def found(q: str) -> list[str]:
        answer = county.post("/intake/v1/persons/search", {"q": q, "limit": 100}, INTAKE_CLERK)
        assert answer.status_code == 200, answer.text
        return [f"{each['family_name']} {each['given_name']}" for each in answer.json()["persons"]]

    names = found("a")
    assert any("ü" in name for name in names) and len(set(names)) > 5
    assert names == sorted(names, key=plain)
    with closing(open_access_log(county.settings.access_log)) as log:
        assert any(access.actor == "writer" for month in log.months() for access in log.accesses(month))


def test_each_use_has_a_schema_of_its_own_and_no_file(county: OnServers) -> None:
    with psycopg.connect(county.database) as connection:
        found = connection.execute("select nspname from pg_namespace where nspname !~ '^(pg_|information_|public)'")
        assert {row[0] for row in found} == SCHEMAS
    assert {path.name for path in county.machine.data.glob("*.db")} == {"relay.db", "stand-in.db"}


def test_an_erasure_is_followed_by_every_process(county: OnServers) -> None:
    found = county.post("/intake/v1/persons/search", {"q": "a"}, INTAKE_CLERK).json()["persons"]
    person_id, name = found[0]["person_id"], (found[0]["family_name"], found[0]["given_name"])
    masters = load_masters(county.machine.data / "secrets", [PersonalClass.IDENTITY])
    with closing(open_keyring(county.settings.keyring, masters)) as ring:
        ring.destroy(person_id, [PersonalClass.IDENTITY], "request")
        assert ring.key(person_id, PersonalClass.IDENTITY) is Hidden.ERASED

    def is_gone() -> bool:
        rows = county.post("/intake/v1/persons/search", {"q": name[0]}, INTAKE_CLERK).json()["persons"]
        return all(each["person_id"] != person_id for each in rows)

    until(is_gone, "the plain name is deleted")


def test_accounts_are_kept_there(county: OnServers) -> None:
    assert is_postgres(county.settings.portal)
    with closing(open_database(county.settings.portal)) as database:
        accounts = Accounts(database)
        accounts.add("probe", [AUDITOR], "lang-genug-1234")
        assert accounts.verify("probe", "lang-genug-1234") is not None
    page = requests.get(f"{county.machine.portal}/anmelden", timeout=10)
    assert page.status_code == 200


def test_connections_that_were_cut_are_replaced_without_a_word(county: OnServers) -> None:
    path = "/reporting/v1/figures/teams?valid_at=2018-11-01"
    with ThreadPoolExecutor(8) as many:
        assert {answer.status_code for answer in many.map(county.ask, [path] * 16)} == {200}
        county.cluster.cut_off(county.database)
        assert {answer.status_code for answer in many.map(county.ask, [path] * 16)} == {200}


def test_while_the_database_is_away_queries_say_so_and_then_go_on(county: OnServers) -> None:
    path = "/reporting/v1/figures/teams?valid_at=2018-11-01"
    county.cluster.stop()
    try:
        away = county.ask(path)
        assert (away.status_code, away.headers["Retry-After"]) == (503, "1")
        assert away.json()["type"].endswith("store-unavailable")
        assert requests.get(f"{county.machine.portal}/anmelden", timeout=10).status_code == 200
    finally:
        county.cluster.start()
    until(lambda: county.ask(path).status_code == 200, "the figure is there again")
    until(lambda: _projector_is_ready(county), "the projector goes on")


def _projector_is_ready(county: OnServers) -> bool:
    state = county.machine.status()["projector"]
    return state is not None and state.get("status") == "ready"
