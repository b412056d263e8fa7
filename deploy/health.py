"""``python -m deploy.health``: exit code 0 if the process of this container is ready. For the engine's health check.

Standard library only: it starts every few seconds and must be quick.
"""

from __future__ import annotations

import os
import sys
import urllib.request

PATIENCE = 4.0
"""Seconds."""


def is_ready(port: int) -> bool:
    """Whether the process that listens on this port of the machine says that it can do its work."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=PATIENCE):
            return True
    except OSError:  # an answer other than 2xx is one as well
        return False


if __name__ == "__main__":
    sys.exit(0 if is_ready(int(os.environ["WEGMARKEN_PORT"])) else 1)
