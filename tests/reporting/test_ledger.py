"""The ledger: the whole log byte for byte, and nobody changes it unnoticed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, delete, select, update
from structlog.testing import capture_logs

from services.reporting.ledger import LEDGER, Head, Ledger, LedgerSource, Verified
from shared.contracts.registry import NewerThanThisCode
from shared.eventstore.chain import Chain
from shared.eventstore.port import CaughtUp, NewEvent, StoredEvent
from shared.eventstore.sqlite import SqliteEventStore
from shared.privacy.sealer import ClosedSealer
from shared.projections.engine import open_engine, reading

EVENTS = 12
FINE = Verified(1, EVENTS, None)


ENVELOPE = {
    "version": 1,
    "occurred_on": "2018-05-01",
    "learnt_on": "2018-05-02",
    "actor": "probe",
    "on_behalf_of": None,
    "command_id": "command",
    "body_digest": "",
    "correlation_id": "act",
    "causation_id": "act",
}


def metadata(n: int) -> bytes:
    return orjson.dumps(ENVELOPE | {"actor": f"actor {n % 2}", "correlation_id": f"act {n % 3}"})


def stored(n: int, position: int) -> StoredEvent:
    at = datetime(2018, 5, 2, tzinfo=UTC) + timedelta(seconds=n, microseconds=n)
    return StoredEvent(
        position, f"event-{n}", f"case-{n % 2}", n // 2, "probe.Happened", b"\x00data %d" % n, metadata(n), at
    )


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    engine = open_engine(database, writing=True)
    yield engine
    engine.dispose()


@pytest.fixture
def ledger(engine: Engine) -> Ledger:
    """Twelve entries; the positions of the store have gaps."""
    ledger = Ledger(engine)
    LEDGER.create(engine)
    for n in range(0, EVENTS, 5):
        ledger.write([stored(k, 10 * k + 10) for k in range(n, min(n + 5, EVENTS))])
    return ledger


def test_it_numbers_without_gaps_and_keeps_every_byte(ledger: Ledger) -> None:
    rows = ledger.select(select(LEDGER).order_by(LEDGER.c.seq))
    assert [row.seq for row in rows] == list(range(1, EVENTS + 1))
    source = LedgerSource(ledger, ClosedSealer())
    assert [fact.stored for fact in source.read(after=0, limit=100)] == [stored(n, 10 * n + 10) for n in range(EVENTS)]
    assert ledger.head() == Head(EVENTS, 10 * EVENTS, rows[-1].chain.hex())
    assert source.head() == 10 * EVENTS


def test_it_knows_when_what_stands_at_a_position_was_recorded(ledger: Ledger) -> None:
    assert ledger.recorded_at(10) == ledger.recorded_at(15) == stored(0, 10).recorded_at
    assert ledger.recorded_at(10**12) == stored(EVENTS - 1, 10 * EVENTS).recorded_at
    assert ledger.recorded_at(9) is None


def test_a_source_leaves_out_what_nobody_reads_but_not_where_it_has_read_to(ledger: Ledger) -> None:
    def positions(types: set[str] | None, **window: int) -> list[int]:
        return [fact.position for fact in LedgerSource(ledger, ClosedSealer(), types).read(**window)]

    other = {"probe.Other"}
    assert positions(other, after=0, limit=5) == [50]
    assert positions(other, after=50, limit=5, until=70) == [70]
    assert positions(other, after=50, limit=100) == [10 * EVENTS]
    assert positions(other, after=10 * EVENTS, limit=5) == []
    assert positions(other | {"probe.Happened"}, after=0, limit=100) == positions(None, after=0, limit=100)
    assert positions(None, after=10, limit=5, until=40) == [20, 30, 40]


def test_the_chain_is_what_the_decision_record_says(ledger: Ledger) -> None:
    """SHA-256(previous ‖ for each column: length in 8 bytes ‖ bytes), from 32 zero bytes on."""
    chain = bytes(32)
    for n in range(EVENTS):
        event = stored(n, 10 * n + 10)._asdict()
        event["recorded_at"] = 1525219200000000 + n * 1000001
        digest = sha256(chain)
        for name in ("position", "event_id", "stream", "revision", "type", "data", "metadata", "recorded_at"):
            value = event[name] if isinstance(event[name], bytes) else str(event[name]).encode()
            digest.update(len(value).to_bytes(8, "big") + value)
        chain = digest.digest()
        assert ledger.at(10 * n + 10) == ledger.at(10 * n + 19) == Head(n + 1, 10 * n + 10, chain.hex())
    assert ledger.at(9) == Head(0, 0, bytes(32).hex())


@pytest.mark.parametrize(
    ("type", "version"), [("intake.Unheard", 1), ("intake.ConsentGiven", 99)], ids=["type", "version"]
)
def test_it_tells_up_to_where_this_code_knows_what_it_holds(engine: Engine, type: str, version: int) -> None:
    ledger = Ledger(engine)
    ledger.check_known(until=100)
    LEDGER.create(engine)
    known = stored(0, 10)._replace(type="intake.ConsentGiven")
    foreign = stored(1, 20)._replace(type="theirs", metadata=b"{}")
    newer = stored(2, 30)._replace(type=type, metadata=orjson.dumps(ENVELOPE | {"version": version}))
    ledger.write([known, foreign, newer])
    ledger.check_known(until=29)
    with pytest.raises(NewerThanThisCode, match=type):
        ledger.check_known(until=30)


def test_copies_and_backups_compute_the_same_chain(ledger: Ledger) -> None:
    chain = Chain()
    for n in range(EVENTS):
        chain.add(stored(n, 10 * n + 10))
    assert Head(chain.events, 10 * EVENTS, chain.digest) == ledger.head()


def test_an_untouched_ledger_is_verified_whole_and_in_parts(ledger: Ledger) -> None:
    assert ledger.verify() == FINE
    assert ledger.verify(4, 9) == Verified(4, 9, None)
    assert ledger.verify(4, EVENTS + 5).broken == EVENTS + 1  # there is no such entry


FLIPS: dict[str, Any] = {
    "position": 71,
    "event_id": "event-66",
    "stream": "case-9",
    "revision": 9,
    "type": "probe.Happened2",
    "data": b"\x00data 7",
    "metadata": metadata(8),
    "recorded_at": 1,
    "chain": bytes(32),
    "actor": "somebody else",
    "learnt_on": "2018-05-01",
    "correlation_id": "act 9",
}


@pytest.mark.parametrize("column", FLIPS)
def test_a_changed_column_is_found(ledger: Ledger, column: str) -> None:
    change(ledger, update(LEDGER).where(LEDGER.c.seq == 7).values({column: FLIPS[column]}))
    assert ledger.verify().broken == 7
    assert ledger.verify(1, 6).broken is None


ODD = [
    b"",
    b"\xff",
    b"null",
    b"[1]",
    *(orjson.dumps({name: ENVELOPE[name] for name in ENVELOPE if name != missing}) for missing in ENVELOPE),
    *(orjson.dumps(ENVELOPE | {name: []}) for name in ENVELOPE if name != "on_behalf_of"),
    orjson.dumps(ENVELOPE | {"learnt_on": "the day before yesterday"}),
    orjson.dumps(ENVELOPE | {"actor": "a\0b"}),
]
"""Metadata that are not the platform's."""


def test_what_another_program_recorded_is_chained_and_named_and_stops_nothing(ledger: Ledger) -> None:
    seqs = range(EVENTS + 1, EVENTS + 1 + len(ODD))
    foreign = [stored(n, 10 * n)._replace(metadata=odd, data=b"\xff") for n, odd in zip(seqs, ODD, strict=True)]
    last = seqs[-1] + 1
    with capture_logs() as lines:
        ledger.write([*foreign, stored(last, 10 * last)])
    named = [(line["event"], line["seq"], line["event_id"]) for line in lines]
    assert named == [("ledger.foreign", seq, event.event_id) for seq, event in zip(seqs, foreign, strict=True)]
    assert ledger.verify() == Verified(1, last, None)
    facts = LedgerSource(ledger, ClosedSealer()).read(after=10 * EVENTS, limit=len(ODD))
    assert [fact.stored for fact in facts] == foreign
    change(ledger, update(LEDGER).where(LEDGER.c.seq == seqs[0]).values(actor="anna"))
    assert ledger.verify().broken == seqs[0]


@pytest.mark.parametrize("bit", range(0, 64, 7))
def test_one_flipped_bit_is_found(ledger: Ledger, bit: int) -> None:
    data = bytearray(stored(3, 40).data)
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    change(ledger, update(LEDGER).where(LEDGER.c.seq == 4).values(data=bytes(data)))
    assert ledger.verify().broken == 4


def test_a_removed_entry_is_found(ledger: Ledger) -> None:
    change(ledger, delete(LEDGER).where(LEDGER.c.seq == 5))
    assert ledger.verify().broken == 5


def test_a_removed_entry_is_found_though_the_others_moved_up(ledger: Ledger) -> None:
    change(ledger, delete(LEDGER).where(LEDGER.c.seq == 5))
    for seq in range(6, EVENTS + 1):
        change(ledger, update(LEDGER).where(LEDGER.c.seq == seq).values(seq=seq - 1))
    assert ledger.verify().broken == 5


def test_entries_in_another_order_are_found(ledger: Ledger) -> None:
    for old, new in ((5, 99), (6, 5), (99, 6)):
        change(ledger, update(LEDGER).where(LEDGER.c.seq == old).values(seq=new))
    assert ledger.verify().broken == 5


def change(ledger: Ledger, statement: Any) -> None:
    with ledger.engine.begin() as connection:
        assert connection.execute(statement).rowcount == 1


# --- the tail ---------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEventStore]:
    store = SqliteEventStore(tmp_path / "events.db")
    yield store
    store.close()


def append(store: SqliteEventStore, *numbers: int) -> None:
    for n in numbers:
        event = NewEvent(event_id=f"event-{n}", type="probe.Happened", data=b"data", metadata=metadata(n))
        store.append(f"case-{n}", [event], expected=-1, command_id=f"command-{n}", digest="")


class Tail:
    """The tail at work on a thread of its own."""

    def __init__(self, ledger: Ledger, store: SqliteEventStore) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=ledger.tail, args=(store, self._stop))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


def follow(ledger: Ledger, position: int) -> None:
    """As far as a position."""
    for item in LedgerSource(ledger, ClosedSealer()).follow(after=0, batch=3):
        if (item.position if isinstance(item, CaughtUp) else item[-1].position) >= position:
            return


def test_the_tail_copies_what_is_there_and_what_comes(engine: Engine, store: SqliteEventStore) -> None:
    ledger = Ledger(engine)
    append(store, *range(5))
    with Tail(ledger, store):
        follow(ledger, 5)
        append(store, *range(5, 9))
        follow(ledger, 9)
    facts = LedgerSource(ledger, ClosedSealer()).read(after=0, limit=100)
    assert [fact.stored for fact in facts] == store.read_all()
    assert ledger.verify() == Verified(1, 9, None)


def test_the_tail_goes_on_where_it_ended(engine: Engine, store: SqliteEventStore) -> None:
    append(store, *range(3))
    with Tail(Ledger(engine), store):
        follow(Ledger(engine), 3)
    append(store, *range(3, 6))
    again = Ledger(engine)
    with Tail(again, store):
        follow(again, 6)
    assert again.verify() == Verified(1, 6, None)


def test_two_tails_do_not_write_anything_twice(engine: Engine, store: SqliteEventStore) -> None:
    one, other = Ledger(engine), Ledger(engine)
    with Tail(one, store), Tail(other, store):
        append(store, *range(40))
        follow(one, 40)
    assert one.verify() == Verified(1, 40, None)


def test_what_a_database_lost_is_read_from_the_store_again(engine: Engine, store: SqliteEventStore) -> None:
    """As one does that was promoted before it had received everything."""
    ledger = Ledger(engine)
    append(store, *range(6))
    with Tail(ledger, store):
        follow(ledger, 6)
        with engine.begin() as connection:
            connection.execute(delete(LEDGER).where(LEDGER.c.seq > 3))
        append(store, 6)
        follow(ledger, 7)
    facts = LedgerSource(ledger, ClosedSealer()).read(after=0, limit=100)
    assert [fact.stored for fact in facts] == store.read_all()
    assert ledger.verify() == Verified(1, 7, None)


def test_a_ledger_filled_anew_has_the_same_chain(tmp_path: Path, engine: Engine, store: SqliteEventStore) -> None:
    append(store, *range(20))
    second = open_engine(f"sqlite:///{tmp_path}/second.db", writing=True)
    one, other = Ledger(engine), Ledger(second)
    with Tail(one, store), Tail(other, store):
        follow(one, 20)
        follow(other, 20)
    assert one.head() == other.head()
    second.dispose()


def test_before_the_tail_came_it_is_empty(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/none.db")
    ledger = Ledger(engine)
    assert ledger.head() == Head(0, 0, bytes(32).hex())
    assert ledger.read(after=0, limit=10) == ledger.select(select(LEDGER)) == []
    assert ledger.verify() == Verified(1, 0, None)
    with reading(engine):
        pass
    engine.dispose()
