"""The key ring: one key per subject and class of personal data, which an erasure destroys for good.

It lives outside the event store. Keys are stored wrapped by the master key of their class, so a
process opens only the classes whose masters it was given. A destroyed key leaves a tombstone: that
subject never gets a key of that class again.
"""

from __future__ import annotations

import hmac
import os
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.model import Hidden, MasterMissing, PersonalClass
from shared.database import postgres
from shared.database.migrations import Step, migrate
from shared.database.plain import (
    Database,
    DatabaseUnavailable,
    PostgresDatabase,
    Row,
    SqliteDatabase,
    Statements,
)
from shared.eventstore.port import StoreUnavailable
from shared.privacy.erasure_watch import ErasureLease, SharedCounter, Watch, in_progress
from shared.runtime.native import threading
from shared.runtime.place import sqlite_file

KeyName: TypeAlias = tuple[PersonalClass, str]
"""A key is named by its class and its subject."""

KEY_BYTES = 32
NONCE_BYTES = 12
BUSY_SECONDS = 10.0
"""How long a write waits for another process before the key ring counts as unavailable."""
KEYS_IN_MEMORY = 20_000
"""Ready ciphers kept per process; one takes 2.7 kB, making it anew 10 µs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The tombstone of a destroyed key. ``number`` counts 1, 2, 3, … over the key ring."""

    number: int
    subject: str
    personal_class: PersonalClass
    erased_at: datetime
    reason: str


Record: TypeAlias = Callable[[Sequence[Erasure]], object]
"""Keeps erasures where no loss of the key ring reaches them."""


def nowhere(erasures: Sequence[Erasure]) -> None:
    """For erasures that are on record already."""


class SubjectErased(Exception):
    """The subject's data of this class were erased; nothing can be sealed for it any more."""


class KeyMissing(LookupError):
    """There is neither a key nor a tombstone: this key ring does not belong to these events."""


class MasterMismatch(ValueError):
    """A master key is not the one this key ring was made with."""


class KeyRingUnavailable(StoreUnavailable):
    """The key ring cannot be read or written; no key was made. Try again later."""


class KeysNotScrubbed(Exception):
    """Keys were destroyed, but a reader keeps their wrapped bytes in a file: destroy again."""


class KeyRing(Protocol):
    """What the platform needs of a key ring. All methods raise KeyRingUnavailable."""

    @overload
    def key(self, subject: str, personal_class: PersonalClass, create: Literal[True]) -> AESGCM: ...

    @overload
    def key(self, subject: str, personal_class: PersonalClass, create: bool = False) -> AESGCM | Hidden: ...

    def key(self, subject: str, personal_class: PersonalClass, create: bool = False) -> AESGCM | Hidden:
        """The subject's key, or why there is none to be had; raises KeyMissing for a key that never was.

        With ``create`` the key is made if need be, and durable on return; then raises SubjectErased
        or MasterMissing instead of returning ``Hidden``.
        """
        ...

    def ensure(self, names: Iterable[KeyName]) -> None:
        """Make all the keys that do not exist yet, in one transaction. Raises SubjectErased, MasterMissing."""
        ...

    def destroy(
        self,
        subject: str,
        classes: Collection[PersonalClass],
        reason: str,
        *,
        erased_at: datetime | None = None,
        record: Record = nowhere,
    ) -> list[Erasure]:
        """Destroy the subject's keys of these classes, whether they exist yet or not.

        Now, or again as of ``erased_at``. ``record`` hears the new tombstones before anything is destroyed, and keeps
        it from happening by an exception. On return no wrapped key is left in any file (of PostgreSQL: except its
        write-ahead log) and every process refuses the key. Returns the new tombstones; repeating it changes nothing.
        Raises KeysNotScrubbed.
        """
        ...

    def erasures(self, after: int = 0) -> list[Erasure]:
        """The tombstones with a number above ``after``, in order: for views that delete plain copies."""
        ...

    def close(self) -> None: ...


def open_keyring(url: str, masters: Mapping[PersonalClass, bytes]) -> KeyRing:
    """The key ring at a URL (``sqlite:///path`` or ``postgresql://…``).

    Raises ValueError, MasterMismatch, KeyRingUnavailable.
    """
    if postgres.is_postgres(url):
        return PostgresKeyRing(url, masters)
    if (path := sqlite_file(url)) is None:
        raise ValueError("a key ring's URL: expected sqlite:///<path> or postgresql://…")
    return SqliteKeyRing(path, masters)


PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY")
STEPS: tuple[Step, ...] = (
    (
        # In SQLite rows are only ever added at the end and overwritten in place, never deleted or grown: so it
        # never moves one to another page, and no page holds a stale copy of a wrapped key.
        """create table if not exists keys (
            number integer primary key, subject {text} not null, class {text} not null, wrapped {blob} not null,
            unique (subject, class))""",
        """create table if not exists erasures (
            number integer primary key, subject {text} not null, class {text} not null, erased_at {text} not null,
            reason {text} not null, unique (subject, class))""",
        "create table if not exists masters (class {text} primary key, proof {blob} not null)",
    ),
)
STEPS_OF_A_SCHEMA: tuple[Step, ...] = (
    *STEPS,
    # PostgreSQL's statistics would keep samples of wrapped keys, which outlive them.
    ("alter table keys alter column wrapped set statistics 0",),
)
FIND = """select (select wrapped from keys where subject = :subject and class = :class) as wrapped,
                 exists (select 1 from erasures where subject = :subject and class = :class) as erased"""
ADD = """insert into keys (number, subject, class, wrapped)
         values ((select coalesce(max(number), 0) + 1 from keys), :subject, :class, :wrapped)
         on conflict (subject, class) do nothing"""
ENTOMB = """insert into erasures (number, subject, class, erased_at, reason)
            values ((select coalesce(max(number), 0) + 1 from erasures), :subject, :class, :erased_at, :reason)
            on conflict (subject, class) do nothing"""
PROVE = "insert into masters (class, proof) values (:class, :proof) on conflict (class) do nothing"


class Closable(Protocol):
    def close(self) -> None: ...


class _KeyRing(ABC):
    """What both key rings have in common. Keys found once are kept in memory."""

    _database: Database
    _watch: Watch

    def __init__(self, masters: Mapping[PersonalClass, bytes]) -> None:
        self._masters = {personal_class: AESGCM(master) for personal_class, master in masters.items()}
        self._lock = threading.RLock()  # native, for memory only: whoever asks a database may yield
        self._ready: OrderedDict[KeyName, AESGCM | Hidden] = OrderedDict()
        self._followed = 0
        self._seen = b""

    @overload
    def key(self, subject: str, personal_class: PersonalClass, create: Literal[True]) -> AESGCM: ...

    @overload
    def key(self, subject: str, personal_class: PersonalClass, create: bool = False) -> AESGCM | Hidden: ...

    def key(self, subject: str, personal_class: PersonalClass, create: bool = False) -> AESGCM | Hidden:
        if personal_class not in self._masters:
            if create:
                raise MasterMissing(f"no master key of class {personal_class}")
            return Hidden.SEALED
        name = (personal_class, subject)
        if self._watch.read() != self._seen:
            self._follow_erasures()
        found = self._ready.get(name) or self._look_up(name)
        if found is None and create:
            self._create([name])
            found = self._look_up(name)
        if found is None:
            raise KeyMissing(f"no key of class {personal_class} for {subject}")
        if create and isinstance(found, Hidden):
            raise SubjectErased(subject)
        return found

    def ensure(self, names: Iterable[KeyName]) -> None:
        if self._watch.read() != self._seen:
            self._follow_erasures()
        absent = []
        for personal_class, subject in names:
            if personal_class not in self._masters:
                raise MasterMissing(f"no master key of class {personal_class}")
            found = self._ready.get((personal_class, subject)) or self._look_up((personal_class, subject))
            if isinstance(found, Hidden):
                raise SubjectErased(subject)
            if found is None:
                absent.append((personal_class, subject))
        if absent:
            self._create(absent)

    def destroy(
        self,
        subject: str,
        classes: Collection[PersonalClass],
        reason: str,
        *,
        erased_at: datetime | None = None,
        record: Record = nowhere,
    ) -> list[Erasure]:
        erased_at = erased_at or datetime.now(UTC)
        with _unavailable_if_it_fails():
            with self._watch.erasing(), self._database.transaction() as statements:
                new = [
                    personal_class.value
                    for personal_class in sorted(set(classes))
                    if self._entomb(statements, (personal_class, subject), erased_at, reason)
                ]
                rows = statements.read(
                    "select * from erasures where subject = :subject order by number", subject=subject
                )
                tombstones = [_erasure(row) for row in rows if row["class"] in new]
                record(tombstones)
            if not self._scrub():
                raise KeysNotScrubbed(subject)
        return tombstones

    def erasures(self, after: int = 0) -> list[Erasure]:
        with _unavailable_if_it_fails():
            rows = self._database.read("select * from erasures where number > :after order by number", after=after)
        return [_erasure(row) for row in rows]

    def close(self) -> None:
        with self._lock:
            self._ready.clear()
        self._database.close()
        self._watch.close()

    @abstractmethod
    def _overwrite(self) -> str:
        """How a key is destroyed."""

    @abstractmethod
    def _scrub(self) -> bool:
        """Remove what is left of destroyed keys; False while a reader holds on to it."""

    def _prove_all(self, masters: Mapping[PersonalClass, bytes]) -> None:
        for personal_class, master in masters.items():
            self._prove(personal_class, master)

    def _entomb(self, statements: Statements, name: KeyName, erased_at: datetime, reason: str) -> bool:
        """Destroy a key; False when it had been destroyed before."""
        is_new = statements.write(ENTOMB, **_columns(name), erased_at=erased_at.isoformat(), reason=reason)
        statements.write(self._overwrite(), **_columns(name))
        return bool(is_new)

    def _look_up(self, name: KeyName) -> AESGCM | Hidden | None:
        """From the database, kept for the next time.

        Not kept if an erasure was followed between reading and keeping: it would be undone.
        """
        followed = self._followed
        with _unavailable_if_it_fails():
            (row,) = self._database.read(FIND, **_columns(name))
        if row["erased"]:
            return self._keep(name, Hidden.ERASED, followed)
        return (
            None if row["wrapped"] is None else self._keep(name, AESGCM(self._unwrap(name, row["wrapped"])), followed)
        )

    def _keep(self, name: KeyName, key: AESGCM | Hidden, followed: int) -> AESGCM | Hidden:
        with self._lock:
            if followed == self._followed:
                if len(self._ready) >= KEYS_IN_MEMORY:
                    self._ready.popitem(last=False)
                self._ready[name] = key
        return key

    def _create(self, names: Iterable[KeyName]) -> None:
        """Make keys; where another process was faster, its key stands."""
        with _unavailable_if_it_fails(), self._database.transaction() as statements:
            for name in names:
                (row,) = statements.read(FIND, **_columns(name))
                if row["erased"]:
                    raise SubjectErased(name[1])
                statements.write(ADD, **_columns(name), wrapped=self._wrap(name, os.urandom(KEY_BYTES)))

    def _follow_erasures(self) -> None:
        stamp = self._watch.read()
        erasures = self.erasures(self._followed)
        with self._lock:
            for erasure in erasures:
                name = (erasure.personal_class, erasure.subject)
                if name in self._ready:
                    self._ready[name] = Hidden.ERASED
                self._followed = max(self._followed, erasure.number)
            if not in_progress(stamp):  # else look again at the next lookup
                self._seen = stamp

    def _wrap(self, name: KeyName, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._masters[name[0]].encrypt(nonce, key, _named(name))

    def _unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        try:
            return self._masters[name[0]].decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _named(name))
        except (InvalidTag, ValueError):
            raise MasterMismatch(f"the key of class {name[0]} for {name[1]} was altered") from None

    def _prove(self, personal_class: PersonalClass, master: bytes) -> None:
        """Compare a master with the one used first, before any key is wrapped with the wrong one."""
        proof = hmac.digest(master, f"master of {personal_class}".encode(), "sha256")
        query, name = "select proof from masters where class = :class", {"class": personal_class.value}
        with _unavailable_if_it_fails():
            if not (found := self._database.read(query, **name)):
                self._database.write(PROVE, **name, proof=proof)
                found = self._database.read(query, **name)
        if not hmac.compare_digest(found[0]["proof"], proof):
            raise MasterMismatch(f"the master key of class {personal_class} does not belong to this key ring")


class SqliteKeyRing(_KeyRing):
    """A key ring in one SQLite file, shared by any number of processes of one machine.

    ``<path>-erasing`` is a counter in shared memory that an erasure moves, so every lookup notices an erasure by
    another process without touching the file. Raises MasterMismatch, KeyRingUnavailable.
    """

    def __init__(self, path: Path, masters: Mapping[PersonalClass, bytes]) -> None:
        super().__init__(masters)
        with _unavailable_if_it_fails():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._watch = self._stamp = SharedCounter(path.with_name(f"{path.name}-erasing"))
            # SQLite does not wait when two processes turn on WAL at once.
            with _closed_if_it_fails(self._stamp), self._stamp.exclusive():
                self._database = self._file = SqliteDatabase(path, PRAGMAS, busy_seconds=BUSY_SECONDS)
                with _closed_if_it_fails(self._file):
                    migrate(self._file, STEPS)
        with _closed_if_it_fails(self):
            self._prove_all(masters)

    def _overwrite(self) -> str:
        return "update keys set wrapped = zeroblob(length(wrapped)) where subject = :subject and class = :class"

    def _scrub(self) -> bool:
        return self._file.empty_log()


class PostgresKeyRing(_KeyRing):
    """A key ring in a schema of PostgreSQL, shared by any number of machines.

    Raises MasterMismatch, KeyRingUnavailable.
    """

    def __init__(self, url: str, masters: Mapping[PersonalClass, bytes]) -> None:
        super().__init__(masters)
        self._database = self._schema = PostgresDatabase(url)
        with _unavailable_if_it_fails(), _closed_if_it_fails(self._schema):
            migrate(self._schema, STEPS_OF_A_SCHEMA)
        self._watch = ErasureLease(url)
        with _closed_if_it_fails(self):
            self._prove_all(masters)

    def _overwrite(self) -> str:
        return "delete from keys where subject = :subject and class = :class"

    def _scrub(self) -> bool:
        return self._schema.scrub("keys")


def _named(name: KeyName) -> bytes:
    return f"key\x1f{name[0]}\x1f{name[1]}".encode()


def _columns(name: KeyName) -> dict[str, str]:
    return {"class": name[0].value, "subject": name[1]}


def _erasure(row: Row) -> Erasure:
    return Erasure(
        number=row["number"],
        subject=row["subject"],
        personal_class=PersonalClass(row["class"]),
        erased_at=datetime.fromisoformat(row["erased_at"]),
        reason=row["reason"],
    )


@contextmanager
def _unavailable_if_it_fails() -> Iterator[None]:
    try:
        yield
    except (DatabaseUnavailable, OSError) as error:
        raise KeyRingUnavailable(f"key ring: {error}") from error


@contextmanager
def _closed_if_it_fails(opened: Closable) -> Iterator[None]:
    try:
        yield
    except BaseException:
        opened.close()
        raise
