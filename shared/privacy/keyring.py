"""The key ring: one key per subject and class of personal data, which an erasure destroys for good.

It lives outside the event store. Keys are stored wrapped by the master key of their class, so a
process opens only the classes whose masters it was given. A destroyed key leaves a tombstone: that
subject never gets a key of that class again.
"""

from __future__ import annotations

import fcntl
import hmac
import mmap
import os
import sqlite3
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, overload

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.contracts.model import Hidden, MasterMissing, PersonalClass
from shared.eventstore.port import StoreUnavailable
from shared.runtime.native import threading

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


class SubjectErased(Exception):
    """The subject's data of this class were erased; nothing can be sealed for it any more."""


class KeyMissing(LookupError):
    """There is neither a key nor a tombstone: this key ring does not belong to these events."""


class MasterMismatch(ValueError):
    """A master key is not the one this key ring was made with."""


class KeyRingUnavailable(StoreUnavailable):
    """The key ring cannot be read or written; no key was made. Try again later."""


class KeysNotScrubbed(Exception):
    """Keys were destroyed, but their wrapped bytes may still be in the write-ahead log: destroy again."""


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

    def destroy(self, subject: str, classes: Collection[PersonalClass], reason: str) -> list[Erasure]:
        """Destroy the subject's keys of these classes, whether they exist yet or not.

        On return no wrapped key is left in any file and every process refuses the key. Returns the
        new tombstones; repeating it changes nothing. Raises KeysNotScrubbed.
        """
        ...

    def erasures(self, after: int = 0) -> list[Erasure]:
        """The tombstones with a number above ``after``, in order: for views that delete plain copies."""
        ...

    def close(self) -> None: ...


def open_keyring(url: str, masters: Mapping[PersonalClass, bytes]) -> KeyRing:
    """The key ring at a URL (``sqlite:///path``). Raises ValueError, MasterMismatch, KeyRingUnavailable."""
    scheme, separator, path = url.partition(":///")
    if scheme != "sqlite" or not separator or not path:
        raise ValueError(f"key ring URL {url!r}: expected sqlite:///<path>")
    return SqliteKeyRing(Path(path), masters)


PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY")
TABLES = (
    # Rows are only ever added at the end and overwritten in place, never deleted or grown: so SQLite
    # never moves one to another page, and no page holds a stale copy of a wrapped key.
    """CREATE TABLE IF NOT EXISTS keys (
        number INTEGER PRIMARY KEY, subject TEXT NOT NULL, class TEXT NOT NULL, wrapped BLOB NOT NULL,
        UNIQUE (subject, class))""",
    """CREATE TABLE IF NOT EXISTS erasures (
        number INTEGER PRIMARY KEY, subject TEXT NOT NULL, class TEXT NOT NULL, erased_at TEXT NOT NULL,
        reason TEXT NOT NULL, UNIQUE (subject, class))""",
    "CREATE TABLE IF NOT EXISTS masters (class TEXT PRIMARY KEY, proof BLOB NOT NULL)",
)
FIND = """SELECT (SELECT wrapped FROM keys WHERE subject = :subject AND class = :class),
                 EXISTS (SELECT 1 FROM erasures WHERE subject = :subject AND class = :class)"""
OVERWRITE = "UPDATE keys SET wrapped = zeroblob(length(wrapped)) WHERE subject = ? AND class = ?"


class SqliteKeyRing:
    """A key ring in one SQLite file, shared by any number of processes of one machine.

    Keys found once are kept in memory. ``<path>-erasing`` is a counter in shared memory that an
    erasure moves, so every lookup notices an erasure by another process without touching the file.
    Raises MasterMismatch, KeyRingUnavailable.
    """

    def __init__(self, path: Path, masters: Mapping[PersonalClass, bytes]) -> None:
        self._masters = {personal_class: AESGCM(master) for personal_class, master in masters.items()}
        self._lock = threading.RLock()  # native: nothing under it yields to eventlet's hub
        self._ready: OrderedDict[KeyName, AESGCM | Hidden] = OrderedDict()
        self._followed = 0
        self._seen = b""
        with _unavailable_if_it_fails():
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            self._stamp = _ErasureStamp(path.with_name(f"{path.name}-erasing"))
            with self._stamp.exclusive():  # SQLite does not wait when two processes turn on WAL at once
                self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
                for pragma in PRAGMAS:
                    self._db.execute(f"PRAGMA {pragma}")
                for table in TABLES:
                    self._db.execute(table)
        try:
            for personal_class, master in masters.items():
                self._prove(personal_class, master)
        except BaseException:
            self.close()
            raise

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
        if self._stamp.read() != self._seen:
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
        if self._stamp.read() != self._seen:
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

    def destroy(self, subject: str, classes: Collection[PersonalClass], reason: str) -> list[Erasure]:
        erased_at = datetime.now(UTC)
        new = []
        with self._lock, _unavailable_if_it_fails():
            with self._stamp.erasing(), self._transaction():
                for personal_class in sorted(set(classes)):
                    added = self._db.execute(
                        "INSERT OR IGNORE INTO erasures (subject, class, erased_at, reason) VALUES (?, ?, ?, ?)",
                        (subject, personal_class.value, erased_at.isoformat(), reason),
                    )
                    self._db.execute(OVERWRITE, (subject, personal_class.value))
                    if added.rowcount:
                        new.append(
                            Erasure(
                                number=added.lastrowid or 0,
                                subject=subject,
                                personal_class=personal_class,
                                erased_at=erased_at,
                                reason=reason,
                            )
                        )
            (busy, _, _) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise KeysNotScrubbed(subject)
        return new

    def erasures(self, after: int = 0) -> list[Erasure]:
        with self._lock, _unavailable_if_it_fails():
            rows = self._db.execute(
                "SELECT number, subject, class, erased_at, reason FROM erasures WHERE number > ? ORDER BY number",
                (after,),
            ).fetchall()
        return [
            Erasure(
                number=number,
                subject=subject,
                personal_class=PersonalClass(personal_class),
                erased_at=datetime.fromisoformat(erased_at),
                reason=reason,
            )
            for number, subject, personal_class, erased_at, reason in rows
        ]

    def close(self) -> None:
        with self._lock:
            self._ready.clear()
            self._db.close()
            self._stamp.close()

    def _look_up(self, name: KeyName) -> AESGCM | Hidden | None:
        """From the file, kept for the next time.

        Under the lock from reading to keeping: else an erasure followed in between would be undone.
        """
        with self._lock:
            with _unavailable_if_it_fails():
                wrapped, erased = self._db.execute(FIND, {"class": name[0].value, "subject": name[1]}).fetchone()
            if erased:
                return self._keep(name, Hidden.ERASED)
            return None if wrapped is None else self._keep(name, AESGCM(self._unwrap(name, wrapped)))

    def _keep(self, name: KeyName, key: AESGCM | Hidden) -> AESGCM | Hidden:
        if len(self._ready) >= KEYS_IN_MEMORY:
            self._ready.popitem(last=False)
        self._ready[name] = key
        return key

    def _create(self, names: Iterable[KeyName]) -> None:
        """Make keys; where another process was faster, its key stands."""
        with self._lock, _unavailable_if_it_fails(), self._transaction():
            for name in names:
                parameters = {"class": name[0].value, "subject": name[1]}
                _, erased = self._db.execute(FIND, parameters).fetchone()
                if erased:
                    raise SubjectErased(name[1])
                self._db.execute(
                    "INSERT OR IGNORE INTO keys (subject, class, wrapped) VALUES (:subject, :class, :wrapped)",
                    {**parameters, "wrapped": self._wrap(name, os.urandom(KEY_BYTES))},
                )

    def _follow_erasures(self) -> None:
        with self._lock:
            stamp = self._stamp.read()
            for erasure in self.erasures(self._followed):
                name = (erasure.personal_class, erasure.subject)
                if name in self._ready:
                    self._ready[name] = Hidden.ERASED
                self._followed = erasure.number
            if not _in_progress(stamp):  # else look again at the next lookup
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
        query = "SELECT proof FROM masters WHERE class = ?"
        with self._lock, _unavailable_if_it_fails():
            if (row := self._db.execute(query, (personal_class.value,)).fetchone()) is None:
                with self._transaction():
                    self._db.execute(
                        "INSERT OR IGNORE INTO masters (class, proof) VALUES (?, ?)", (personal_class.value, proof)
                    )
                row = self._db.execute(query, (personal_class.value,)).fetchone()
        if not hmac.compare_digest(row[0], proof):
            raise MasterMismatch(f"the master key of class {personal_class} does not belong to this key ring")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # after some failures SQLite has rolled back already
                self._db.execute("ROLLBACK")
            raise


class _ErasureStamp:
    """A counter in shared memory: odd while keys are being destroyed, another even number after that.

    If the destroying process dies, the counter stays odd: lookups then ask the file each time, until
    the next erasure or start makes it even.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size < 8:
            os.ftruncate(self._file, 8)
        self._memory = mmap.mmap(self._file, 8)

    def read(self) -> bytes:
        return self._memory[:8]

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One process at a time; the operating system lets go if it dies."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            if _in_progress(self.read()):
                self._move(1)
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def erasing(self) -> Iterator[None]:
        with self.exclusive():
            self._move(1)
            try:
                yield
            finally:
                self._move(1)

    def close(self) -> None:
        self._memory.close()
        os.close(self._file)

    def _move(self, by: int) -> None:
        self._memory[:8] = (int.from_bytes(self.read(), "little") + by).to_bytes(8, "little")


def _in_progress(stamp: bytes) -> bool:
    return bool(stamp[0] & 1)


def _named(name: KeyName) -> bytes:
    return f"key\x1f{name[0]}\x1f{name[1]}".encode()


@contextmanager
def _unavailable_if_it_fails() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise KeyRingUnavailable(f"key ring: {error}") from error
