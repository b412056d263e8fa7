"""``wegmarken demo`` as people and programs call it: with a sample of the county, on a platform of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any
from uuid import uuid4

import amqp
import orjson
import pytest
from click.testing import CliRunner, Result

from deploy.one_machine import OneMachine
from deploy.processes import PROJECTOR
from shared.bus import topology
from shared.bus.connection import Outgoing, Publisher, connected
from shared.eventstore.port import NO_STREAM, NewEvent
from shared.eventstore.sqlite import SqliteEventStore
from shared.runtime.terminal import REFUSED, WRONG
from tests.platform.county import SAMPLED, sample
from tests.waiting import until
from wegmarken import demo
from wegmarken.cli import wegmarken

pytestmark = pytest.mark.platform


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(wegmarken, ["demo", *arguments], env=environment)


@dataclass(frozen=True)
class Demonstrated:
    """How the command ended; the table of its report, and what it would have said of what was put aside."""

    result: Result
    table: str
    of_a_message: str
    of_a_view: str


@pytest.fixture(scope="module")
def demonstrated() -> Iterator[Demonstrated]:
    """``wegmarken demo --once --json``. Before it stops its platform, that is put to further trials."""
    told: list[str] = []

    def shown(machine: OneMachine, *found: Any, to: Any, **how: bool) -> None:
        show(machine, *found, to=to, **how)
        with redirect_stdout(StringIO()) as table:
            show(machine, *found, to=to, once=True, as_json=False)
        told.extend((table.getvalue(), of_a_parked_message(machine), of_a_stopped_view(machine)))

    with pytest.MonkeyPatch.context() as patched:
        show, scenario = demo.show, demo.scenario
        patched.setattr(demo, "show", shown)
        patched.setattr(demo, "scenario", lambda seed: sample(scenario(seed)))
        yield Demonstrated(run("--once", "--json"), *told)


def of_a_parked_message(machine: OneMachine) -> str:
    assert machine.broker is not None
    with connected(machine.broker.url) as bus:
        Publisher(bus).publish([Outgoing("", topology.parked_queue("casework"), amqp.Message(b"{}"))])
    with pytest.raises(demo.PutAside) as caught:
        demo.settle(machine)
    return str(caught.value)


def of_a_stopped_view(machine: OneMachine) -> str:
    with closing(SqliteEventStore(machine.data / "events.db")) as store:
        (known,) = store.read_all(limit=1)
        broken = NewEvent(event_id=str(uuid4()), type="intake.PersonRegistered", data=b"[]", metadata=known.metadata)
        store.append("probe", [broken], expected=NO_STREAM, command_id=str(uuid4()), digest="")
    projector = machine.supervisor.children[PROJECTOR.name]
    until(lambda: "intake.persons" in (projector.said() or {"stopped": ()})["stopped"], "the view has stopped")
    with pytest.MonkeyPatch.context() as patched, pytest.raises(demo.PutAside) as caught:
        patched.setattr(demo, "PATIENCE", 0.0)
        demo.settle(machine)
    return str(caught.value)


def test_a_program_gets_one_line_with_everything(demonstrated: Demonstrated) -> None:
    assert demonstrated.result.exit_code == 0, demonstrated.result.output
    (line,) = demonstrated.result.stdout.splitlines()
    found = orjson.loads(line)
    assert list(found) == ["scenario", "figures", "position", "events", "seconds"]
    assert found["scenario"] == "goeppingen-2018"
    assert set(found["figures"]) == {
        "persons_in_care",
        "persons_contacted",
        "outreach_share",
        "consultations_per_case",
        "topics",
        "staff",
        "grant",
        "caseload_per_fte",
        "overdue_occupants",
        "teams",
        "municipalities",
    }
    assert found["figures"] == SAMPLED
    assert found["position"] == found["events"] > 1000
    assert list(found["seconds"]) == ["load", "catch_up"] and min(found["seconds"].values()) > 0


def test_people_see_how_far_it_is_and_then_the_table(demonstrated: Demonstrated) -> None:
    for line in ("starting the broker", "starting the services", "waiting for the last reactions and views"):
        assert line in demonstrated.result.stderr
    assert "Zu betreuende Personen" in demonstrated.table


def test_it_fails_if_something_was_put_aside(demonstrated: Demonstrated) -> None:
    assert demonstrated.of_a_message == "not everything worked: 1 parked of casework"
    assert demonstrated.of_a_view.startswith("not everything worked: 1 parked of casework, ")
    assert "the view intake.persons has stopped" in demonstrated.of_a_view


def test_what_was_put_aside_ends_the_command_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def put_aside(seed: int) -> None:
        raise demo.PutAside("not everything worked: 1 parked of casework")

    monkeypatch.setattr(demo, "scenario", put_aside)
    ended = run("--once", "--json")
    assert (ended.exit_code, ended.output) == (REFUSED, "not everything worked: 1 parked of casework\n")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--json"], "Error: --json goes with --once"),
        (["--seed", "x"], "Error: Invalid value for '--seed': 'x' is not a valid integer."),
    ],
)
def test_wrong_use_is_refused(arguments: list[str], line: str) -> None:
    refused = run(*arguments)
    assert (refused.exit_code, refused.stdout, refused.stderr.splitlines()[-1]) == (WRONG, "", line)
