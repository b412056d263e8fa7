"""What is generated is what is in the repository, and says what `./dev up` does."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import kombu
import pytest
import yaml
from kurrentdbclient.connection_spec import ConnectionSpec

from deploy.generate.files import files
from deploy.generate.places import CA_FILE, RABBITMQ, ROOT, SECRETS
from deploy.generate.variables import VARIABLES
from deploy.processes import CONTAINERS, HTTP, PORTAL, PROCESSES, PROJECTOR_EACH, REACT_EACH, RELAY, SERVICES, Process
from shared.privacy.secrets import create_secrets
from shared.runtime.config import PREFIX, Settings
from shared.service.platform import Platform
from tests.deploy.composed import CLUSTER, DEVELOPMENT, MAIN, MONITORING, TRIED, NotSet, composed

STACKS = ((MAIN,), (MAIN, DEVELOPMENT), (MAIN, CLUSTER), (MAIN, MONITORING), (MAIN, CLUSTER, MONITORING))
BY_NAME = {process.name: process for process in CONTAINERS}


@pytest.mark.parametrize("name", files())
def test_the_file_is_the_generated_one(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == files()[name], "run python -m deploy.generate"


# --- compose ----------------------------------------------------------------------------------------


def test_each_compose_file_and_each_stack_of_them_is_valid(tmp_path: Path) -> None:
    stacks = []
    for number, names in enumerate(STACKS):
        stacks.append(tmp_path / f"{number}.yml")
        stacks[-1].write_text(yaml.safe_dump(composed(*names)))
    files = [*(ROOT / name for name in (MAIN, DEVELOPMENT, CLUSTER, MONITORING)), *stacks]
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", *map(str, files)]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("names", STACKS)
def test_whatever_a_service_names_is_there(names: tuple[str, ...]) -> None:
    stack = composed(*names)
    for name, service in stack["services"].items():
        for kind in ("secrets", "configs", "networks"):
            named = [each if isinstance(each, str) else each["source"] for each in service.get(kind, ())]
            assert set(named) <= stack.get(kind, {}).keys(), (name, kind)
        assert set(service.get("depends_on", ())) <= stack["services"].keys(), name
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            if source.startswith("./deploy"):
                assert (ROOT / source).exists(), (name, source)
            assert source.startswith((".", "/")) or source in stack["volumes"], (name, source)
        for other in service.get("depends_on", ()):
            assert stack["services"][other]["healthcheck"].get("test"), f"{name} waits for {other} to be healthy"
            shared = set(service["networks"]) & set(stack["services"][other]["networks"])
            assert shared, f"{name} cannot reach {other}"


@pytest.mark.parametrize("names", STACKS)
def test_every_process_reaches_what_it_is_told(names: tuple[str, ...]) -> None:
    stack = composed(*names)["services"]
    for process in CONTAINERS:
        told = " ".join(stack[process.name]["environment"].values())
        for other, service in stack.items():
            if f"//{other}:" in told or f"@{other}:" in told or f",{other}:" in told:
                assert set(stack[process.name]["networks"]) & set(service["networks"]), (process.name, other)


def test_in_a_cluster_queues_are_declared_when_every_node_of_the_broker_is_there() -> None:
    stack = composed(MAIN, CLUSTER)["services"]
    for process in CONTAINERS:
        if process.needs_broker:
            first = stack[process.name]["depends_on"]
            assert all(first[node] == {"condition": "service_healthy"} for node in RABBITMQ), process.name


@pytest.mark.parametrize("names", STACKS)
def test_every_container_starts_a_process_as_one_machine_does(names: tuple[str, ...]) -> None:
    """The same module and kind; what one process does for several services there, one does for each here."""
    stack = composed(*names)["services"]
    for process in CONTAINERS:
        assert stack[process.name]["command"] == ["python", "-m", *process.command]
    assert {PORTAL, *HTTP, RELAY} <= set(PROCESSES) & set(CONTAINERS)
    for kind, containers in (("react", REACT_EACH), ("projector", PROJECTOR_EACH)):
        (together,) = (process for process in PROCESSES if process.name == kind)
        assert together.command[:2] == ("deploy.run", kind)
        assert [process.command for process in containers] == [
            (f"services.{service}", kind) for service in together.command[2:]
        ]
        assert {name for process in containers for name in process.told} == set(together.told)


@pytest.mark.parametrize("names", STACKS)
def test_every_setting_of_a_container_is_known_and_can_be_read(names: tuple[str, ...]) -> None:
    stack = composed(*names)["services"]
    for process in CONTAINERS:
        environment = stack[process.name]["environment"]
        settings = Settings.from_environment(environment)
        assert all(name.startswith(PREFIX) for name in environment)
        assert (settings.host, settings.port) == ("0.0.0.0", process.default_port)
        told = {name.removeprefix(PREFIX).lower() for name in environment}
        assert told - {"host", "port", "log_level", "log_format"} == set(process.told)
    assert Settings.from_environment(stack["tools"]["environment"]).erasures.parent == Path("/erasures")
    portal = Settings.from_environment(stack[PORTAL.name]["environment"])
    assert portal.services.keys() == set(SERVICES)
    for address in (*portal.services.values(), *portal.processes.values()):
        host, port = address.removeprefix("http://").split(":")
        assert BY_NAME[host].default_port == int(port)


def test_urls_are_what_the_clients_of_stores_and_broker_understand() -> None:
    for names, nodes in (((MAIN,), 1), ((MAIN, CLUSTER), 3)):
        settings = Settings.from_environment(composed(*names)["services"]["react-casework"]["environment"])
        store = ConnectionSpec(settings.eventstore)
        assert len(store.targets) == nodes
        assert store.options.tls is True
        assert (store.username, store.options.tls_ca_file) == ("admin", CA_FILE)
        broker = kombu.Connection(settings.broker_url)
        assert len(broker.alt) == (nodes if nodes > 1 else 0)
        assert (broker.hostname, broker.userid, broker.port) == ("rabbitmq", "wegmarken", 5672)


def test_nothing_starts_without_a_password_of_ones_own() -> None:
    for variable in VARIABLES:
        if variable.optional:
            continue
        others = {name: value for name, value in TRIED.items() if name != variable.name}
        with pytest.raises(NotSet, match=variable.name):
            composed(MAIN, CLUSTER, MONITORING, environment=others)
    assert all(line.startswith("#") or line.endswith("=") for line in _lines("deploy/env.example"))


def _lines(name: str) -> list[str]:
    return [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line]


def test_our_containers_can_do_nothing_but_their_work() -> None:
    stack = composed(MAIN)["services"]
    for name in (*BY_NAME, "tools"):
        service = stack[name]
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and "cap_add" not in service
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert not service["user"].startswith("0")
        assert "ports" not in service and "privileged" not in service
    assert [name for name, service in stack.items() if "ports" in service] == ["proxy"]


# --- what a process may know ------------------------------------------------------------------------


def test_a_process_is_given_the_secrets_that_it_opens_and_no_others() -> None:
    stack = composed(MAIN)["services"]
    for process in CONTAINERS:
        assert stack[process.name].get("secrets", []) == list(process.secrets)
        if process.secrets:
            assert Settings.from_environment(stack[process.name]["environment"]).secrets == Path(SECRETS)


@pytest.mark.parametrize("process", [*HTTP, *PROJECTOR_EACH, *REACT_EACH], ids=lambda process: process.name)
def test_a_service_s_process_works_with_its_own_secrets(process: Process, tmp_path: Path) -> None:
    create_secrets(tmp_path / "all")
    own = tmp_path / "secrets"
    own.mkdir()
    for name in process.secrets:
        (own / name).write_bytes((tmp_path / "all" / name).read_bytes())
    settings = Settings.from_environment({"WEGMARKEN_DATA": str(tmp_path)})
    module = import_module(f"{process.command[0]}.service")
    service = module.REACT if process in REACT_EACH else module.HTTP
    platform = Platform.open(settings, service.name, service.classes)
    platform.close()
    masters = {name for name in process.secrets if name.startswith("master-")}
    assert masters == {f"master-{personal_class}.key" for personal_class in service.classes}


@pytest.mark.parametrize("service", ["eligibility", "reporting"])
def test_who_decides_and_who_counts_never_sees_who_somebody_is(service: str) -> None:
    for process in CONTAINERS:
        if service in process.name:
            assert "master-identity.key" not in process.secrets


def test_relay_and_portal_hold_no_key_of_personal_data() -> None:
    assert RELAY.secrets == ()
    assert not [name for name in PORTAL.secrets if name.startswith("master")]
