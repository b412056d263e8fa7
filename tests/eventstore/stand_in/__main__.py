"""The stand-in as a process of its own: prints its URL, does what lines on standard input tell it, each a method and
numbers, answers each with a line, and runs until it is told to end (SIGTERM)."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from tests.eventstore.stand_in import Secured, StandIn


def obey(stand_in: StandIn) -> None:
    for line in sys.stdin:
        what, *numbers = line.split()
        getattr(stand_in, what)(*map(int, numbers))
        print("done", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.eventstore.stand_in", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="of the first node; a free one if none is given")
    parser.add_argument("--nodes", type=int, default=1, help="how many servers to start over the one log")
    parser.add_argument("--data", type=Path, help="file that keeps the log; in memory if none is given")
    files = ("CERTIFICATE", "KEY", "AUTHORITY")
    parser.add_argument(
        "--secured", type=Path, nargs=3, metavar=files, help="PEM files; the nodes' certificate and key"
    )
    options = parser.parse_args()
    secured = Secured(*options.secured) if options.secured else None
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)  # before any thread starts, so that only we are told
    with StandIn(options.data, port=options.port, nodes=options.nodes, secured=secured) as stand_in:
        print(stand_in.url, flush=True)
        threading.Thread(target=obey, args=(stand_in,), daemon=True).start()
        signal.sigwait(ending)


if __name__ == "__main__":
    main()
