"""``python -m tests.contracts.write_golden``: write the golden files that are missing, and never touch others.

To change a published event, raise its version, add an upcaster, and run this.
"""

from __future__ import annotations

import shared.contracts  # noqa: F401  registers every contract
from shared.contracts.registry import contracts
from tests.contracts.golden_files import write_missing


def main() -> None:
    written = [path for contract in contracts().values() if (path := write_missing(contract))]
    for path in written:
        print(path.name)
    print(f"{len(written)} written, {len(contracts()) - len(written)} were there")


if __name__ == "__main__":
    main()
