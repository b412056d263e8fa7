"""An invented ledger under a directory, without any platform."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from scenarios.invented_log import invented_log
from services.reporting.ledger import LEDGER, Ledger
from shared.contracts.model import PersonalClass
from shared.privacy.secrets import create_secrets
from shared.projections.engine import open_engine
from shared.runtime.config import Settings
from shared.service.platform import Platform

WRITTEN_AT_ONCE: Final = 5000


def grown(data: Path, sizes: Sequence[int]) -> Iterator[int]:
    """Each size when the ledger under ``data`` has grown to it; sizes ascend."""
    create_secrets(data / "secrets")
    of = settings(data)
    platform = Platform.open(of, "benchmarks", frozenset(PersonalClass))
    engine = open_engine(of.ledger, writing=True)
    try:
        ledger, events, written = Ledger(engine), invented_log(platform.sealer), 0
        LEDGER.create(engine)
        for size in sizes:
            while written < size:
                ledger.write(list(islice(events, min(WRITTEN_AT_ONCE, size - written))))
                written = ledger.head().seq
                if written % 50_000 == 0:
                    print(f"  {written} events written", file=sys.stderr, flush=True)
            yield size
    finally:
        engine.dispose()
        platform.close()


def settings(data: Path, views: str | None = None) -> Settings:
    """Of a platform under this directory; ``views`` elsewhere, if they are named."""
    return Settings.from_environment({"WEGMARKEN_DATA": str(data), **({"WEGMARKEN_VIEWS": views} if views else {})})
