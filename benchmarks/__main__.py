"""``./dev bench [NAME]``: progress on standard error, one JSON object on standard output."""

from __future__ import annotations

import json
import sys
from importlib import import_module

BENCHMARKS = {
    "commands": "recording a consultation over HTTP, durable, beside the peer (about 3 minutes)",
    "lag": "from a command's answer to the view and to the reaction's event (about 3 minutes)",
    "entry": "a person records a talk with a known family, by keyboard in a browser (about 4 minutes)",
    "figures": "every figure on a day and over three years, with 100,000 persons (some minutes)",
    "pages": "each page on the server and at first sight; the same with 100,000 persons more (about half an hour)",
    "rebuild": "all reporting views from nothing over 200,000 and 1,000,000 events (some minutes); also in the"
    " PostgreSQL database that WEGMARKEN_VIEWS names, which holds none yet",
    "stores": "append, read and follow 60,000 events in SQLite and in KurrentDB: a stand-in, or the server that"
    " WEGMARKEN_EVENTSTORE names (about 7 minutes)",
}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in BENCHMARKS:
        print("usage: ./dev bench NAME", *(f"  {name:<10} {what}" for name, what in BENCHMARKS.items()), sep="\n")
        return 0 if not arguments else 2
    print(json.dumps(import_module(f"benchmarks.{arguments[0]}").run(), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
