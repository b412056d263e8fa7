"""What the database must do for us, whatever it is."""

from __future__ import annotations

import random
from pathlib import Path
from uuid import UUID

from sqlalchemy import Column, MetaData, String, Table, delete, insert, select

from shared.projections.engine import forget_deleted, open_engine, reading

METADATA = MetaData()
PEOPLE = Table("people", METADATA, Column("id", String, primary_key=True), Column("name", String, index=True))


def traces(folder: Path, names: list[str]) -> int:
    files = [path.read_bytes() for path in folder.iterdir()]
    return sum(name.encode() in file for name in names for file in files)


def test_secure_delete_is_not_enough_but_forgetting_is(tmp_path: Path) -> None:
    dice = random.Random(1)
    people = [
        {"id": str(UUID(int=dice.getrandbits(128))), "name": f"Probe {dice.getrandbits(64)}"} for _ in range(3000)
    ]
    engine = open_engine(f"sqlite:///{tmp_path}/views.db", writing=True)
    METADATA.create_all(engine)
    for n in range(0, len(people), 50):
        with engine.begin() as connection:
            connection.execute(insert(PEOPLE), people[n : n + 50])
    gone = dice.sample([person["name"] for person in people], 1500)
    with engine.begin() as connection:
        connection.execute(delete(PEOPLE).where(PEOPLE.c.name.in_(gone)))
    raw = engine.raw_connection()
    raw.cursor().execute("pragma wal_checkpoint(truncate)")
    raw.close()
    assert traces(tmp_path, gone) > 0, "SQLite leaves copies of rows that moved to another page"
    assert forget_deleted(engine)
    assert traces(tmp_path, gone) == 0
    with reading(engine) as reader:
        assert len(reader.execute(select(PEOPLE)).all()) == 1500
    engine.dispose()


def test_reading_waits_for_no_writer_and_sees_one_state(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/deep/down/views.db", writing=True)
    METADATA.create_all(engine)
    with engine.begin() as writer:
        writer.execute(insert(PEOPLE), {"id": "1", "name": "Probe"})
        with reading(engine) as reader:
            assert reader.execute(select(PEOPLE)).all() == []
    engine.dispose()
