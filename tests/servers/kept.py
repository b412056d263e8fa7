"""Where a platform on servers keeps what."""

from __future__ import annotations

from typing import Final

USES: Final = ("VIEWS", "LEDGER", "KEYRING", "ACCESS_LOG", "PORTAL")


def kept(store: str, database: str) -> dict[str, str]:
    """Settings: the log in the store at one URL, all else in the PostgreSQL database at another."""
    return {"WEGMARKEN_EVENTSTORE": store, **{f"WEGMARKEN_{use}": database for use in USES}}
