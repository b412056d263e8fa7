"""All tests in order of their cost: style, types, dependency rules, then behaviour."""

from __future__ import annotations

import os
import subprocess
import sys

CHECKS = (
    ("style", ["ruff", "check", "--quiet", "."]),
    ("format", ["ruff", "format", "--check", "--quiet", "."]),
    ("types", ["mypy"]),
    ("dependency rules", ["lint-imports"]),
)
SIDE_BY_SIDE = ("--numprocesses", "3", "--dist", "loadscope", "--no-loadscope-reorder")
"""The whole suite in three processes, as two leave two cores idle for a fifth of the time; what shares a costly set-up
stays together, and what takes long begins first, see ``conftest.py``."""


def main(arguments: list[str]) -> int:
    """With arguments, only pytest with them; without, everything.

    Whoever forbids Python to keep what it has compiled has each of the many processes of each platform compile it anew.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if not arguments:
        for name, command in CHECKS:
            print(f"— {name}", flush=True)
            if code := subprocess.run(command).returncode:
                print(f"{name} failed: {' '.join(command)}", file=sys.stderr)
                return code
        print("— behaviour", flush=True)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *(arguments or SIDE_BY_SIDE)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
