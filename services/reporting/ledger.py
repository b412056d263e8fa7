"""Reporting's ledger: the whole log, byte for byte, numbered without gaps and chained by hashes.

It is a copy: what it lost, it reads from the store again. But nobody can change, remove or reorder
what it holds without breaking the chain from there on, and a sealed report names the chain's hash.

What another program has recorded in the store is chained like all else; the history does not show it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    RowMapping,
    Select,
    String,
    Table,
    bindparam,
    case,
    inspect,
    select,
)

from shared.contracts.codec import NoEnvelope, Sealer, metadata_of
from shared.contracts.registry import contract_named
from shared.eventstore.chain import GENESIS, link
from shared.eventstore.instants import instant_of
from shared.eventstore.port import CaughtUp, EventStore, StoredEvent
from shared.projections.changes import Insert
from shared.projections.engine import UNAVAILABLE, reading
from shared.projections.facts import Fact
from shared.projections.source import Facts
from shared.projections.writer import Writer
from shared.runtime.collector import undisturbed
from shared.runtime.native import Stop, threading

BATCH: Final = 1000
"""Events the tail writes in one transaction at most."""
PAGE: Final = 5000
"""Entries a verification holds in memory."""
LOOK_UP: Final = 0.25
"""Seconds after which a follower looks up though nobody told it of new entries."""
RETRY: Final = 1.0

log = structlog.get_logger()

LEDGER = Table(
    "ledger",
    MetaData(),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("event_id", String, nullable=False),
    Column("stream", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("type", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("metadata", LargeBinary, nullable=False),
    Column("recorded_at", BigInteger, nullable=False, index=True),  # microseconds since 1970, UTC
    Column("chain", LargeBinary, nullable=False),
    # From the metadata, for the history's filters; empty where another program recorded the event:
    Column("actor", String, nullable=False, index=True),
    Column("learnt_on", String(10), nullable=False),
    Column("correlation_id", String, nullable=False, index=True),
    Index("ix_ledger_stream", "stream", "revision"),
    Index("ix_ledger_type", "type"),
)
OURS: Final = LEDGER.c.learnt_on != ""
"""What the platform recorded."""
_END: Final = 2**63 - 1
"""Above all positions."""
_NEWEST: Final = (
    select(LEDGER.c.seq, LEDGER.c.position, LEDGER.c.chain)
    .where(LEDGER.c.position <= bindparam("until"))
    .order_by(LEDGER.c.position.desc())
    .limit(1)
)
NOBODY: Final = {"actor": "", "learnt_on": "", "correlation_id": ""}
"""The columns for the history's filters where another program recorded the event."""
STORED: Final = ("position", "event_id", "stream", "revision", "type", "data", "metadata", "recorded_at")


class Stored(NamedTuple):
    """The columns of the event store, as the chain covers them."""

    position: int
    event_id: str
    stream: str
    revision: int
    type: str
    data: bytes
    metadata: bytes
    recorded_at: int


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry: its number, its position in the store, and the hash over everything up to it (hex)."""

    seq: int
    position: int
    chain: str


NOTHING: Final = Head(0, 0, GENESIS.hex())


class EndsElsewhere(Exception):
    """The ledger does not end where its writer left it: another wrote, or the database lost what it had confirmed."""

    def __init__(self, found: Head) -> None:
        super().__init__(f"at {found.position}")
        self.found = found


@dataclass(frozen=True, slots=True)
class Verified:
    """The outcome of a verification of the entries ``first`` to ``last``; ``broken`` is the first that is wrong."""

    first: int
    last: int
    broken: int | None


class Ledger:
    """The ledger in its database; ``engine`` is a writing one for ``tail``, else a reading one.

    Shared by threads. All methods raise OperationalError while the database is away.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.written = 0
        """How often this object has added entries."""
        self._news = threading.Condition()
        self._writer = Writer(engine.dialect)
        self._exists = False

    # --- writing --------------------------------------------------------------------------------

    def tail(self, store: EventStore, stop: Stop, leads: Callable[[], bool] = lambda: True) -> None:
        """Copy the store's events as they come until ``stop`` is set. What is away is waited for.

        ``leads`` says whether this process, among several on the ledger, is the one to write.
        """
        while not stop.is_set():
            try:
                if not leads():
                    stop.wait(LOOK_UP)
                    continue
                with self.engine.begin() as connection:
                    LEDGER.create(connection, checkfirst=True)
                head = self.head()
                for item in store.subscribe_all(after=head.position, batch=BATCH):
                    if not isinstance(item, CaughtUp):
                        head = self.write(item, after=head)
                    if stop.is_set() or not leads():
                        break
            except EndsElsewhere as error:
                log.warning("ledger.ends-elsewhere", seq=error.found.seq, position=error.found.position)
            except self.engine.dialect.loaded_dbapi.IntegrityError:
                log.warning("ledger.written-by-another")  # look again where it ends
                stop.wait(RETRY)
            except UNAVAILABLE as error:
                log.warning("ledger.waiting", error=type(error).__name__)
                stop.wait(RETRY)

    def write(self, events: Sequence[StoredEvent], *, after: Head | None = None) -> Head:
        """Add the next events of the store in one transaction and tell the followers.

        Raises EndsElsewhere if ``after`` is not the newest entry.
        """
        with self.engine.begin() as connection:
            head = self._newest(connection)
            if after not in (None, head):
                raise EndsElsewhere(head)
            seq, chain = head.seq, bytes.fromhex(head.chain)
            entries = []
            for event in (Stored(*event.columns) for event in events):
                seq, chain, filters = seq + 1, link(chain, event), _filters(event)
                if filters is NOBODY:
                    log.warning("ledger.foreign", seq=seq, position=event.position, event_id=event.event_id)
                entries.append(Insert(LEDGER, {"seq": seq, **event._asdict(), "chain": chain, **filters}))
            self._writer.write(connection, entries)
        with self._news:
            self.written += 1
            self._news.notify_all()
        return Head(seq, events[-1].position, chain.hex())

    # --- reading --------------------------------------------------------------------------------

    def head(self) -> Head:
        """The newest entry; number and position 0 while the ledger is empty."""
        with reading(self.engine) as connection:
            return self._newest(connection)

    def at(self, position: int) -> Head:
        """The newest entry at or below a position of the store, which a sealed report names."""
        with reading(self.engine) as connection:
            return self._newest(connection, position)

    def recorded_at(self, position: int) -> datetime | None:
        """When the newest entry at or below a position of the store was recorded; None without one."""
        with reading(self.engine) as connection:
            seq = self._newest(connection, position).seq
            found = (
                connection.execute(select(LEDGER.c.recorded_at).where(LEDGER.c.seq == seq)).scalar() if seq else None
            )
        return None if found is None else instant_of(found)

    def check_known(self, *, until: int) -> None:
        """Raises NewerThanThisCode if the platform recorded something up to a position that this code does not know:
        views pass a type that they do not read, and nobody here can say whether they would."""
        recorded = select(LEDGER.c.type, LEDGER.c.metadata).where(OURS, LEDGER.c.position <= until)
        with reading(self.engine) as connection:
            if self._there(connection):
                for event_type, metadata in connection.execute(recorded, execution_options={"yield_per": PAGE}):
                    contract_named(event_type, metadata_of(metadata)["version"])

    def verify(self, first: int = 1, last: int | None = None) -> Verified:
        """Compute the chain anew from entry ``first`` to ``last``, or to the end.

        An entry is broken when its number is missing, its hash is not that of its columns and of the
        entry before, or a column for the history's filters does not say what the metadata say. What is
        cut off at the end leaves no trace here: compare the head with one noted before.
        """
        with reading(self.engine) as connection:
            end = last if last is not None else self._newest(connection).seq
            chain, expected = self._chain_before(connection, first), first
            for entry in self._entries(connection, first, end):
                event = Stored(*(entry[name] for name in STORED))
                computed = link(chain, event)
                if entry["seq"] != expected or entry["chain"] != computed or not _agree(entry, event):
                    return Verified(first, end, expected)
                chain, expected = computed, expected + 1
        return Verified(first, end, None if expected > end else expected)

    def read(
        self, *, after: int, limit: int, until: int | None = None, types: Collection[str] | None = None
    ) -> Sequence[tuple[Any, ...]]:
        """The stored columns of the next entries above a position and not above ``until``, as plain tuples.

        Given ``types``, entries of others are left out, except the last of the ``limit`` looked at.
        """
        with reading(self.engine) as connection:
            # Entries lie in order of their number: so look up the numbers, then read on.
            first = self._newest(connection, after).seq
            last = min(first + limit, self._newest(connection, until).seq)
            if last <= first:
                return []
            query = _window(None if types is None else tuple(types))
            result = connection.execute(query, {"first": first, "last": last})
            return result.cursor.fetchall()  # the driver's own tuples: half the time of SQLAlchemy's rows

    def wait(self, seen: int, seconds: float) -> None:
        """Block until this object has written more often than ``seen`` times, at most so long."""
        with self._news:
            self._news.wait_for(lambda: self.written > seen, seconds)

    def select(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """Rows of a query over ``LEDGER``; none while there is no ledger."""
        with reading(self.engine) as connection:
            return connection.execute(query).all() if self._there(connection) else []

    def _newest(self, connection: Connection, until: int | None = None) -> Head:
        if not self._there(connection):
            return NOTHING
        found = connection.execute(_NEWEST, {"until": _END if until is None else until}).first()
        return NOTHING if found is None else Head(found.seq, found.position, found.chain.hex())

    def _chain_before(self, connection: Connection, seq: int) -> bytes:
        query = select(LEDGER.c.chain).where(LEDGER.c.seq == seq - 1)
        found = connection.execute(query).scalar() if self._there(connection) else None
        return GENESIS if found is None else found

    def _entries(self, connection: Connection, first: int, last: int) -> Iterator[RowMapping]:
        if self._there(connection):
            query = select(LEDGER).where(LEDGER.c.seq.between(first, last)).order_by(LEDGER.c.seq)
            yield from connection.execute(query, execution_options={"yield_per": PAGE}).mappings()

    def _there(self, connection: Connection) -> bool:
        self._exists = self._exists or inspect(connection).has_table(LEDGER.name)
        return self._exists


class LedgerSource:
    """The ledger as a source of facts of ``types``; woken at once by a ``tail`` on the same ``Ledger``."""

    def __init__(self, ledger: Ledger, sealer: Sealer, types: Collection[str] | None = None) -> None:
        self._ledger, self._sealer, self._types = ledger, sealer, None if types is None else sorted(types)

    @undisturbed()
    def read(self, *, after: int, limit: int, until: int | None = None) -> Facts:
        sealer = self._sealer
        rows = self._ledger.read(after=after, limit=limit, until=until, types=self._types)
        return [Fact(sealer, *row) for row in rows]

    def follow(self, *, after: int, batch: int) -> Iterator[Facts | CaughtUp]:
        while True:
            seen = self._ledger.written
            while facts := self.read(after=after, limit=batch):
                after = facts[-1].position
                yield facts
            yield CaughtUp(after)
            self._ledger.wait(seen, LOOK_UP)

    def head(self) -> int:
        return self._ledger.head().position

    def facts_after(self, position: int) -> int:
        return self._ledger.head().seq - self._ledger.at(position).seq


@cache
def _window(types: tuple[str, ...] | None) -> Select[Any]:
    """The stored columns of the entries above ``first`` up to ``last``; of ``types`` only, except the last."""
    seq = LEDGER.c.seq
    query = select(*(LEDGER.c[name] for name in STORED)).where(seq > bindparam("first"), seq <= bindparam("last"))
    if types is not None:
        # As a CASE, which no index serves: read on in order, not type by type.
        query = query.where(case((LEDGER.c.type.in_(types), True), else_=seq == bindparam("last")))
    return query.order_by(seq)


def _filters(event: Stored) -> dict[str, str]:
    """The columns for the history's filters."""
    try:
        metadata = metadata_of(event.metadata)
    except NoEnvelope:
        return NOBODY
    return {name: metadata[name] for name in NOBODY}


def _agree(entry: RowMapping, event: Stored) -> bool:
    return all(entry[name] == value for name, value in _filters(event).items())
