"""A private RabbitMQ node in a directory of its own, bound to loopback, apart from any broker of the machine.

Own AMQP, distribution and epmd port, own cookie, home, user and password; the package's real server
binary, not the distribution's wrapper, which insists on the system's user. The ports are kept in the
directory, so that the URL stays the same from one start to the next.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import amqp

from deploy.children import dying_with_us, end
from deploy.ports import free_ports, is_free
from shared.runtime import disk

SERVERS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",  # Debian, Ubuntu, Fedora; /usr/sbin has only the wrapper
    "/opt/rabbitmq/sbin/rabbitmq-server",  # the generic archive, the official image
    "/opt/homebrew/sbin/rabbitmq-server",
    "/usr/local/sbin/rabbitmq-server",
)
NODE = "wegmarken@localhost"
"""The same name for every node that is alone: the epmd of its own keeps them apart, and queues keep their owner."""
USER = "wegmarken"
PORTS_FILE, PROCESSES = "ports.json", "processes.json"
START_SECONDS = 60.0
STOP_SECONDS = 20.0

CONFIGURATION = """\
listeners.tcp.local = 127.0.0.1:{amqp}
default_user = {user}
default_pass = {password}
# Nudges are small: a few hundred bytes each. A machine that is shared keeps its memory and its disk.
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 16777216
collect_statistics = none
log.console = false
log.file = broker.log
log.file.level = warning
log.file.rotation.size = 5242880
log.file.rotation.count = 2
"""
CLUSTERED = """\
cluster_partition_handling = pause_minority
net_ticktime = 15
cluster_formation.peer_discovery_backend = classic_config
"""
NEIGHBOUR = "cluster_formation.classic_config.nodes.{number} = {node}\n"
VM = " ".join(
    (
        "+S 2:2",  # two schedulers
        "+sbwt none +sbwtdcpu none +sbwtdio none",  # and no busy waiting: others work here too
        "+B i",  # an interrupt in the terminal is not for the broker
        "-kernel inet_dist_use_interface {127,0,0,1}",
    )
)


class BrokerMissing(Exception):
    """No RabbitMQ server is installed. The text says in one line what to do."""


class BrokerInUse(Exception):
    """Somebody else runs a broker on this directory. The text names both in one line."""


class BrokerFailed(Exception):
    """The node did not come up, or is not there. The text says where to read why."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the node listens on 127.0.0.1: clients, other Erlang nodes (the command line tools), names."""

    amqp: int
    distribution: int
    epmd: int


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process that outlives its parent's memory of it: the start time tells a process id used again apart."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid, _start_time(pid) or "")

    @property
    def alive(self) -> bool:
        return self.started != "" and _start_time(self.pid) == self.started


@dataclass(frozen=True, slots=True)
class Seat:
    """A node's place in a cluster, whose nodes share one epmd (its port), cookie and password.

    ``nodes`` are those that it looks for at its first start, itself among them; it joins the first that is there.
    """

    node: str
    nodes: tuple[str, ...]
    epmd: int
    cookie: str = field(repr=False)
    password: str = field(repr=False)


class PrivateBroker:
    """One private node on one directory. Not thread-safe; the file lock guards against other processes.

    ``start`` returns when the node accepts AMQP: about six seconds. All calls raise
    BrokerMissing, BrokerInUse, BrokerFailed or NoFreePort, each with one line for people.
    ``seat`` makes it a node of a cluster, whose epmd is somebody else's.
    """

    def __init__(
        self, directory: Path | str, *, seat: Seat | None = None, say: Callable[[str], None] = lambda line: None
    ) -> None:
        self.directory = Path(directory).absolute()
        self._seat, self._say = seat, say
        self._lock: IO[str] | None = None
        self._ports: Ports | None = None
        self._node: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """What RabbitMQ calls the node."""
        return self._seat.node if self._seat else NODE

    @property
    def url(self) -> str:
        """The AMQP URL with user and password, the same at every start while the port is free."""
        return _url(self.directory, self.ports)

    @property
    def ports(self) -> Ports:
        """Where the node listens. Raises BrokerFailed before the first start."""
        if self._ports is None:
            raise BrokerFailed(f"the broker in {self.directory} was not started")
        return self._ports

    @property
    def alive(self) -> bool:
        """Whether the node's process is there; a frozen one is, too."""
        return self._node is not None and self._node.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the Erlang VM. Raises BrokerFailed while none runs."""
        if self._node is None or not self.alive:
            raise BrokerFailed(f"no broker runs in {self.directory}")
        return self._node.pid

    def start(self) -> str:
        """Start the node and return its URL. A node that a dead owner left behind is stopped first."""
        program = server()
        self._prepare()
        self._take_lock()
        try:
            self._stop_left_over()
            self._ports = _choose_ports(self.directory, self._seat.epmd if self._seat else None)
            if self._seat is None:
                self._start_epmd()
            self._start_node(program)
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Stop the node and its epmd in order, by force after ``STOP_SECONDS``; whatever state they are in."""
        end(self._node, within=STOP_SECONDS)
        end(self._epmd, within=STOP_SECONDS)
        self._node = self._epmd = None
        if self._lock is not None:
            (self.directory / PROCESSES).unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self) -> None:
        """Everything in the directory belongs to the owner alone: it holds the cookie and the password."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        for name in ("home", "data", "log"):
            (self.directory / name).mkdir(exist_ok=True)
        cookie, password = (self._seat.cookie, self._seat.password) if self._seat else (_secret(), _secret())
        for name, secret in (("home/.erlang.cookie", cookie), ("password", password)):
            disk.create(self.directory / name, secret.encode(), mode=0o400)

    def _take_lock(self) -> None:
        if self._lock is not None:
            raise BrokerInUse(f"the broker in {self.directory} was started before by this very program")
        lock = open(self.directory / "lock", "a+")  # noqa: SIM115  (held until stop)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip()
            lock.close()
            raise BrokerInUse(f"a broker already runs in {self.directory}, started by process {owner}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock

    def _stop_left_over(self) -> None:
        for name, process in _recorded_processes(self.directory).items():
            if process.alive:
                self._say(f"stopping {name} ({process.pid}) of a broker whose owner died, in {self.directory}")
                _end_process(process)

    def _record_processes(self) -> None:
        children = {"node": self._node, "epmd": self._epmd}
        running = {name: asdict(RunningProcess.of(child.pid)) for name, child in children.items() if child is not None}
        (self.directory / PROCESSES).write_text(json.dumps(running))

    def environment(self) -> dict[str, str]:
        """Of the node and of its command line tools. Raises BrokerFailed before the first start."""
        return {
            "PATH": _path(),
            "LANG": "C.UTF-8",
            "HOME": str(self.directory / "home"),
            "ERL_EPMD_PORT": str(self.ports.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(self.ports.distribution),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "data"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.directory / "broker.conf"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.directory / "data"),
            "RABBITMQ_PID_FILE": str(self.directory / "data" / "pid"),
            # What does not exist in our directory keeps the machine's files of that kind from being read.
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.directory / "none.config"),
            "RABBITMQ_CONF_ENV_FILE": str(self.directory / "none.env"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "none.plugins"),
            "RABBITMQ_SCHEDULER_BIND_TYPE": "u",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": VM,
            # The script then becomes the VM instead of waiting for it: one process to signal and to wait for.
            "RABBITMQ_ALLOW_INPUT": "1",
            "RABBITMQ_SERVER_START_ARGS": "-noinput -start_epmd false",
        }

    def _start_epmd(self) -> None:
        """Our own, and as our child: the one that Erlang would start by itself outlives everything."""
        self._epmd = self._spawn(*epmd_command(self.ports.epmd))
        self._record_processes()
        _until(lambda: _answers(self.ports.epmd), 10.0, self._epmd, "epmd did not start")

    def _start_node(self, program: str) -> None:
        configuration = CONFIGURATION.format(amqp=self.ports.amqp, user=USER, password=_password(self.directory))
        if self._seat is not None:
            nodes = enumerate(self._seat.nodes, start=1)
            configuration += CLUSTERED + "".join(NEIGHBOUR.format(number=number, node=node) for number, node in nodes)
        (self.directory / "broker.conf").write_text(configuration)
        self._node = self._spawn(program)
        self._record_processes()
        why = f"the broker did not start, see {self.directory / 'log'}"
        _until(self._accepts, START_SECONDS, self._node, why)

    def _spawn(self, *command: str) -> subprocess.Popen[bytes]:
        """In a session of its own: a Ctrl-C in the terminal reaches us, who then stop it in order."""
        with open(self.directory / "log" / f"{Path(command[0]).name}.out", "wb") as log:
            return subprocess.Popen(
                command,
                cwd=self.directory,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dying_with_us(),
            )

    def _accepts(self) -> bool:
        connection = amqp.Connection(
            host=f"127.0.0.1:{self.ports.amqp}", userid=USER, password=_password(self.directory), connect_timeout=2
        )
        try:
            connection.connect()
            connection.close()
        except (OSError, amqp.AMQPError):
            return False
        return True


def epmd_command(port: int) -> tuple[str, ...]:
    """How the names' server is run on a port of its own. Raises BrokerMissing."""
    epmd = shutil.which("epmd", path=_path())
    if epmd is None:
        raise BrokerMissing("epmd is missing: install Erlang (Debian: apt-get install erlang-base)")
    return epmd, "-address", "127.0.0.1", "-port", str(port)


def running_url(directory: Path | str) -> str | None:
    """The URL of the node that another process runs on a directory (for tools), or None if none does."""
    directory = Path(directory)
    node = _recorded_processes(directory).get("node")
    ports = _recorded_ports(directory)
    return _url(directory, ports) if node is not None and node.alive and ports is not None else None


def _url(directory: Path, ports: Ports) -> str:
    return f"amqp://{USER}:{_password(directory)}@127.0.0.1:{ports.amqp}/"


def _password(directory: Path) -> str:
    return (directory / "password").read_text()


def _recorded_processes(directory: Path) -> dict[str, RunningProcess]:
    """The node and its epmd, as they were when last started here."""
    try:
        recorded = json.loads((directory / PROCESSES).read_text())
    except (OSError, ValueError):
        return {}
    return {name: RunningProcess(**process) for name, process in recorded.items()}


def _recorded_ports(directory: Path) -> Ports | None:
    try:
        return Ports(**json.loads((directory / PORTS_FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _choose_ports(directory: Path, epmd: int | None = None) -> Ports:
    """Those of the last time if they are free, else new ones; ``epmd`` is that of somebody else."""
    ports = _recorded_ports(directory)
    if ports is None or not all(map(is_free, {ports.amqp, ports.distribution, ports.epmd} - {epmd})):
        ports = Ports(*free_ports(3))
    if epmd is not None:
        ports = replace(ports, epmd=epmd)
    (directory / PORTS_FILE).write_text(json.dumps(asdict(ports)))
    return ports


def _secret() -> str:
    return secrets.token_hex(16)


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin:/usr/bin:/sbin:/bin"))


def server() -> str:
    """RabbitMQ's own server program; its tools lie beside it. Raises BrokerMissing."""
    found = next((path for path in SERVERS if os.access(path, os.X_OK)), None) or shutil.which("rabbitmq-server")
    if found is None:
        raise BrokerMissing(
            "RabbitMQ is missing: install it (Debian: apt-get install rabbitmq-server) or set WEGMARKEN_BROKER"
        )
    return found


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _until(ready: Callable[[], bool], seconds: float, process: subprocess.Popen[bytes], otherwise: str) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise BrokerFailed(otherwise)
        time.sleep(0.02)


def _end_process(process: RunningProcess) -> None:
    """As ``children.end``, for a process that is not our child."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(process.pid, how)
            os.kill(process.pid, signal.SIGCONT)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + STOP_SECONDS
        while process.alive and time.monotonic() < deadline:
            time.sleep(0.02)
        if not process.alive:
            return


def _start_time(pid: int) -> str | None:
    """When a process started, in the kernel's ticks; None when there is none, or only its remains."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
