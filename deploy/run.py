"""``python -m deploy.run KIND [SERVICE …]``: one process over several services, as on one machine.

A module of its own, and not a command of ``wegmarken``: http and react processes turn to eventlet before
anything else is imported.
"""

from __future__ import annotations

import sys
from typing import get_args

from shared.process.run import Kind, run

KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in KINDS:
        sys.exit(f"usage: python -m deploy.run {'|'.join(KINDS)} [SERVICE …]")
    run(KINDS[sys.argv[1]], [f"services.{service}" for service in sys.argv[2:]])
