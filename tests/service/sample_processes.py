"""Processes for the tests: ``react`` and ``relay`` as they are, ``failing`` with work that dies."""

from __future__ import annotations

import sys

from shared.process import run as process

if __name__ == "__main__" and sys.argv[1] == "react":
    process.make_green()

from shared.bus.consumer import reaction
from shared.bus.nudge import Nudge
from shared.projections.read import ViewReader
from shared.runtime.config import Settings
from shared.runtime.logs import get_logger
from shared.service.platform import Platform
from shared.service.reactions import ServiceReact
from shared.service.timers import every_beat


class Reactions(ServiceReact):
    name = "eligibility"

    @reaction
    def on_event(self, nudge: Nudge) -> None:
        get_logger().info("nudged", head=self.platform.store.head(), type=nudge.type)

    @every_beat
    def look(self) -> None:
        raise RuntimeError("something about Erika Beispiel")

    @classmethod
    def due(cls, platform: Platform, reader: ViewReader) -> int:
        return 3


def fail(stop: object) -> None:
    raise RuntimeError("something about Erika Beispiel")


def run(kind: str, settings: Settings) -> bool:
    match kind:
        case "react":
            return process.run_react([Reactions], settings)
        case "relay":
            return process.run_relay(settings)
        case _:
            from shared.process import plain
            from shared.runtime import logs

            logs.configure("failing")
            with process.listening(settings) as listener:
                return plain.run_until_stopped([fail, lambda stop: stop.wait()], listener, lambda: (True, {}))


if __name__ == "__main__":
    with process.one_line():
        worked = run(sys.argv[1], Settings.from_environment())
    sys.exit(0 if worked else process.FAILED)
