"""The private node: apart from the machine's own broker, and clear about who runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from deploy import broker as module
from deploy.broker import PROCESSES, BrokerInUse, BrokerMissing, PrivateBroker, RunningProcess, running_url
from tests.full_disk import full_disk
from tests.waiting import until

pytestmark = pytest.mark.platform

OWNER = """
import sys, threading
from deploy.broker import PrivateBroker
threading.Thread(target=PrivateBroker(sys.argv[1]).start).start()
"""
CAREFUL = """
import sys
from deploy.broker import PrivateBroker
PrivateBroker(sys.argv[1]).start()
"""


def test_it_listens_on_loopback_only(broker: PrivateBroker) -> None:
    ports = {broker.ports.amqp, broker.ports.distribution, broker.ports.epmd}
    found = [(address, port) for address, port in listening() if port in ports]
    assert {port for _, port in found} == ports
    assert all(ip_address(address).is_loopback for address, _ in found)


def test_it_is_out_of_reach_of_the_terminal(broker: PrivateBroker) -> None:
    assert os.getsid(broker.pid) != os.getsid(0)


def test_a_second_start_names_who_runs_it(broker: PrivateBroker) -> None:
    with pytest.raises(BrokerInUse, match=f"already runs in {broker.directory}, started by process {os.getpid()}"):
        PrivateBroker(broker.directory).start()
    assert running_url(broker.directory) == broker.url


def test_what_a_dead_owner_left_is_stopped_first(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(tmp_path)])
    until(lambda: running_url(tmp_path) is not None, "the broker runs")
    owner.kill()
    owner.wait()
    said: list[str] = []
    broker = PrivateBroker(tmp_path, say=said.append)
    try:
        broker.start()
        assert len(said) == 2
        assert all("whose owner died" in line for line in said)
    finally:
        broker.stop()
    assert running_url(tmp_path) is None
    assert not broker.alive


def test_it_does_not_outlive_its_owner(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", CAREFUL, str(tmp_path)])
    until(lambda: len(recorded(tmp_path)) == 2, "both processes are recorded")
    left = recorded(tmp_path)
    owner.kill()
    assert owner.wait() == -signal.SIGKILL, "it was still at work"
    until(lambda: not any(process.alive for process in left), "nothing is left of it")


def recorded(directory: Path) -> list[RunningProcess]:
    """What runs in the directory of a broker: its node and its epmd."""
    path = directory / PROCESSES
    try:
        return [RunningProcess(**process) for process in json.loads(path.read_text()).values()]
    except (FileNotFoundError, ValueError):  # not there yet, or not whole
        return []


def test_a_secret_that_could_not_be_written_is_not_there(tmp_path: Path) -> None:
    broker = PrivateBroker(tmp_path)
    with full_disk(), pytest.raises(OSError, match="File too large"):
        broker.start()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_machine_without_rabbitmq_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SERVERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BrokerMissing, match="apt-get install rabbitmq-server"):
        PrivateBroker(tmp_path / "broker").start()


def listening() -> Iterator[tuple[bytes, int]]:
    """Address and port of every listening TCP socket of the machine, as the kernel tells them."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, _, port = local.partition(":")
            if state == "0A":
                yield in_network_order(bytes.fromhex(address)), int(port, 16)


def in_network_order(words: bytes) -> bytes:
    """The kernel writes addresses in words of the machine's order."""
    return b"".join(
        words[n : n + 4][::-1] if sys.byteorder == "little" else words[n : n + 4] for n in range(0, len(words), 4)
    )
