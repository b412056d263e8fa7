"""Accounts: a name, a password as argon2id, roles. The name is the account under which the services know somebody."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import choice
from typing import Final, cast
from uuid import uuid4

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.api.said import Language
from shared.database.plain import Database, Row
from shared.runtime.native import aside

NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{0,38}[a-z0-9]")
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 200
"""Characters; more is only work for the hash."""


class AccountRefused(Exception):
    """An account cannot be made or changed like this. The text is one line for whoever administers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """``id`` stays the same for ever and is never given again; ``ags``: the one municipality it is bound to."""

    id: str
    name: str
    shown_as: str
    roles: frozenset[str]
    ags: str | None = None
    language: Language | None = None
    disabled: bool = False


class Accounts:
    """The accounts in the portal's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hasher = PasswordHasher()
        self._nobodys = self._hasher.hash(made_password())

    def add(
        self, name: str, roles: Collection[str], password: str, *, shown_as: str | None = None, ags: str | None = None
    ) -> Account:
        """Raises AccountRefused for a name that is taken or does not fit, and for a password that is too short."""
        if NAME.fullmatch(name) is None:
            raise AccountRefused("a name has 2 to 40 small letters, digits, dots and dashes")
        account = Account(id=str(uuid4()), name=name, shown_as=shown_as or name, roles=frozenset(roles), ags=ags)
        added = self._database.write(
            "insert into accounts (id, name, shown_as, roles, ags, password, created_at)"
            " values (:id, :name, :shown_as, :roles, :ags, :password, :created_at) on conflict (name) do nothing",
            id=account.id,
            name=name,
            shown_as=account.shown_as,
            roles=json.dumps(sorted(roles)),
            ags=ags,
            password=self._hashed(password),
            created_at=datetime.now(UTC).isoformat(),
        )
        if not added:
            raise AccountRefused(f"there is an account {name} already")
        return account

    def all(self) -> list[Account]:
        """In order of their names."""
        return [account_of(row) for row in self._database.read("select * from accounts order by name")]

    def set_password(self, name: str, password: str) -> None:
        """Whoever is logged in under it is logged out. Raises AccountRefused."""
        self._change(name, "password", self._hashed(password))

    def disable(self, name: str) -> None:
        """Nobody logs in under it any more, and whoever is logged in is logged out. Raises AccountRefused."""
        self._change(name, "disabled", 1)

    def speak(self, account: Account, language: Language) -> None:
        """Remember somebody's language."""
        self._database.write(
            "update accounts set language = :language where id = :id", language=language, id=account.id
        )

    def verify(self, name: str, password: str) -> Account | None:
        """The account if name and password belong together. Takes its time (50 ms), the same for a name nobody has."""
        row = self._row(name)
        hashed = self._nobodys if row is None else row["password"]
        matches = aside(lambda: self._matches(hashed, password[: LONGEST_PASSWORD + 1]))
        return account_of(row) if matches and row is not None and not row["disabled"] else None

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _row(self, name: str) -> Row | None:
        return next(iter(self._database.read("select * from accounts where name = :name", name=name)), None)

    def _change(self, name: str, column: str, value: object) -> None:
        with self._database.transaction() as statements:
            if not statements.write(
                f"update accounts set {column} = :value where name = :name", value=value, name=name
            ):
                raise AccountRefused(f"there is no account {name}")
            statements.write(
                "delete from sessions where account_id = (select id from accounts where name = :name)", name=name
            )

    def _hashed(self, password: str) -> str:
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise AccountRefused(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
        return self._hasher.hash(password)


def account_of(row: Row) -> Account:
    """A row of ``accounts``."""
    return Account(
        id=row["id"],
        name=row["name"],
        shown_as=row["shown_as"],
        roles=frozenset(cast(Iterable[str], json.loads(row["roles"]))),
        ags=row["ags"],
        language=row["language"],
        disabled=bool(row["disabled"]),
    )


def made_password() -> str:
    """A password that can be read out and typed: ``kamo-tilu-sepa-9274``; 47 bits."""
    syllables = ["".join((choice("bdfghklmnprstvwz"), choice("aeiou"))) for _ in range(6)]
    words = ["".join(syllables[n : n + 2]) for n in (0, 2, 4)]
    return "-".join((*words, "".join(choice("23456789") for _ in range(4))))
