"""Starting the platform on one machine: what stands in the way is one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.broker import PrivateBroker
from deploy.one_machine import BrokerUnusable, OneMachine
from shared.bus import topology
from shared.bus.connection import connected


def test_a_broker_on_which_another_platform_runs_is_refused(broker: PrivateBroker, tmp_path: Path) -> None:
    url = broker.url
    with connected(url) as other:
        other.channel().queue_declare(topology.LEADER, exclusive=True, auto_delete=False)
        with pytest.raises(BrokerUnusable, match="another platform runs"), OneMachine(tmp_path, broker=url):
            pass


def test_a_broker_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    nowhere = "amqp://nobody@127.0.0.1:1/"
    with pytest.raises(BrokerUnusable, match="does not answer"), OneMachine(tmp_path, broker=nowhere):
        pass
