"""Sessions: a random id in the browser's cookie, of which the portal keeps only the hash.

A session's pocket carries what the next page needs. It is encrypted under a key that derives from the id, so nobody who
reads the database reads what people were told.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes, token_urlsafe
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.portal.login.accounts import Account, account_of
from services.portal.login.pocket import Pocket
from shared.database.plain import Database

LONGEST: Final = 12 * 3600.0
"""Seconds after which a session ends however busy it is: a day's work."""
ID_BYTES: Final = 32
NONCE_BYTES: Final = 12


@dataclass(slots=True)
class Session:
    """Somebody who is logged in. ``pocket`` is kept from page to page."""

    id: str
    account: Account
    pocket: Pocket = field(default_factory=Pocket)

    @property
    def csrf(self) -> str:
        return csrf_token(self.id)


def csrf_token(session_id: str) -> str:
    """What a form of this session (or of a visitor) must carry."""
    return hmac.digest(session_id.encode(), b"csrf", "sha256").hex()


class Sessions:
    """The sessions in the portal's database. ``idle``: seconds without a sign of life after which one ends."""

    def __init__(self, database: Database, idle: float) -> None:
        self._database, self.idle = database, idle

    def begin(self, account: Account) -> Session:
        """A new session, under an id that nobody had before; ended ones are cleared away."""
        session, now = Session(token_urlsafe(ID_BYTES), account), time.time()
        self._database.write(
            "delete from sessions where seen_at < :idle_since or began_at < :began_before",
            idle_since=now - self.idle,
            began_before=now - LONGEST,
        )
        self._database.write(
            "insert into sessions (digest, account_id, began_at, seen_at, pocket)"
            " values (:digest, :account_id, :now, :now, :pocket)",
            digest=_digest(session.id),
            account_id=account.id,
            now=now,
            pocket=b"",
        )
        return session

    def find(self, session_id: str, *, sign_of_life: bool = True) -> Session | None:
        """The session if it still lasts."""
        found = self._database.read(
            "select a.*, s.began_at, s.seen_at, s.pocket from sessions s join accounts a on a.id = s.account_id"
            " where s.digest = :digest and a.disabled = 0",
            digest=_digest(session_id),
        )
        row, now = next(iter(found), None), time.time()
        if row is None or now - row["seen_at"] > self.idle or now - row["began_at"] > LONGEST:
            return None
        if sign_of_life and now - row["seen_at"] > self.idle / 60:  # not a write for every click
            self._database.write(
                "update sessions set seen_at = :now where digest = :digest", now=now, digest=_digest(session_id)
            )
        return Session(session_id, account_of(row), Pocket(_opened(session_id, row["pocket"])))

    def keep(self, session: Session) -> None:
        """Do to the stored pocket what a visit did to its own; what other visits did meanwhile stays."""
        if not session.pocket.is_changed:
            return
        digest = _digest(session.id)
        with self._database.transaction() as statements:
            for row in statements.read("select pocket from sessions where digest = :digest", digest=digest):
                pocket = session.pocket.changed(_opened(session.id, row["pocket"]))
                statements.write(
                    "update sessions set pocket = :pocket where digest = :digest",
                    pocket=_sealed(session.id, pocket),
                    digest=digest,
                )

    def end(self, session: Session) -> None:
        self._database.write("delete from sessions where digest = :digest", digest=_digest(session.id))


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()


def _cipher(session_id: str) -> AESGCM:
    return AESGCM(hmac.digest(session_id.encode(), b"pocket", "sha256"))


def _sealed(session_id: str, pocket: Mapping[str, Any]) -> bytes:
    if not pocket:
        return b""
    nonce = token_bytes(NONCE_BYTES)
    return nonce + _cipher(session_id).encrypt(nonce, json.dumps(pocket).encode(), None)


def _opened(session_id: str, pocket: bytes) -> dict[str, Any]:
    if not pocket:
        return {}
    try:
        opened: dict[str, Any] = json.loads(
            _cipher(session_id).decrypt(pocket[:NONCE_BYTES], pocket[NONCE_BYTES:], None)
        )
    except InvalidTag:
        return {}
    return opened
