"""What may befall a broker: a power cut, a standstill, a restart; and three of them as a cluster."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from deploy.broker import PrivateBroker, Seat, epmd_command, server
from deploy.children import dying_with_us
from deploy.ports import free_ports
from tests.waiting import until


def kill(broker: PrivateBroker) -> None:
    """End the node as a power cut would (SIGKILL)."""
    os.kill(broker.pid, signal.SIGKILL)
    until(lambda: not broker.alive, "the node has ended")


def freeze(broker: PrivateBroker) -> None:
    """Let the node stand still with all its connections open."""
    os.kill(broker.pid, signal.SIGSTOP)


def thaw(broker: PrivateBroker) -> None:
    os.kill(broker.pid, signal.SIGCONT)


def restart(broker: PrivateBroker) -> None:
    """Stop what is left of it, and start it on the same ports."""
    broker.stop()
    broker.start()


class BrokerCluster:
    """Three private nodes on one machine, as a context; each can be killed and restarted by itself."""

    def __init__(self, directory: Path, nodes: int = 3) -> None:
        names = [f"wegmarken-{number}@localhost" for number in range(1, nodes + 1)]
        cookie, password, epmd = secrets.token_hex(16), secrets.token_hex(16), free_ports(1)[0]
        self._epmd = epmd
        self.nodes = [
            PrivateBroker(directory / name, seat=Seat(name, tuple(names[: place + 1]), epmd, cookie, password))
            for place, name in enumerate(names)
        ]
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            epmd = subprocess.Popen(epmd_command(self._epmd), preexec_fn=dying_with_us())
            opening.callback(epmd.wait)
            opening.callback(epmd.terminate)
            for node in self.nodes:  # one after the other: each joins those before it
                opening.callback(node.stop)
                node.start()
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def url(self) -> str:
        """Of all nodes, as the setting holds them."""
        return ";".join(node.url for node in self.nodes)

    def node(self, name: str) -> PrivateBroker:
        """By the name that RabbitMQ knows it by."""
        return next(node for node in self.nodes if node.name == name)

    def tool(self, program: str, *arguments: str) -> str:
        """What one of RabbitMQ's command line tools says, asked at the first node that runs."""
        asked = next(node for node in self.nodes if node.alive)
        done = subprocess.run(
            [Path(server()).parent / program, "--quiet", *arguments],
            env=asked.environment(),
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    def holder(self, queue: str) -> str:
        """The node on which a queue lies that has no members: of an exclusive one that of its connection."""
        listed = self.tool("rabbitmqctl", "list_queues", "--no-table-headers", "name", "pid")
        (process,) = (pid for name, pid in map(str.split, listed.splitlines()) if name == queue)
        return process.strip("<>").rsplit(".", 3)[0]

    def queues(self) -> dict[str, dict[str, Any]]:
        """By name: the nodes on which each quorum queue has a member, those at work, and the one that leads."""
        listed = self.tool("rabbitmqctl", "list_queues", "name", "members", "online", "leader", "--formatter", "json")
        return {queue.pop("name"): queue for queue in json.loads(listed)}
