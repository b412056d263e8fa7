"""The register of views in their own database: which generation of a view is live and how far it has read.

A generation is one set of tables of a view, filled from position 0 on. A new version of the view, or a
rebuild, is a new generation beside the live one; one transaction lets it take the live one's place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    select,
)
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from shared.eventstore.port import NotYet
from shared.projections.engine import keep_no_samples, new_metadata, wait_for_readers
from shared.projections.view import Update, View
from shared.projections.writer import Writer

T = TypeVar("T")

REGISTER = Table(
    "wegmarken_views",
    MetaData(),
    Column("view", String, primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("suffix", String, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("erasures", Integer, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("stopped_by", String),
    Column("stopped_at", BigInteger),
    Column("table_names", String, nullable=False),
)

_ALL = select(REGISTER).order_by(REGISTER.c.view, REGISTER.c.generation)
_OF_A_VIEW = _ALL.where(REGISTER.c.view == bindparam("of"))


class Superseded(Exception):
    """Somebody else moved or replaced this generation; nothing was written."""


class ViewNotReady(NotYet):
    """The view has no live generation of the version this program knows: its projector must build it first, or has
    built the next release's already. Try again later, or elsewhere."""


class Generation(NamedTuple):
    """One row of the register, column by column.

    ``position``: all events up to it are folded in. ``erasures``: the number of the key ring's last
    erasure that was followed. ``stopped_by``, ``stopped_at``: id and position of the event that could
    not be folded. ``table_names``: the physical ones, between blanks.
    """

    view: str
    generation: int
    version: int
    suffix: str
    position: int
    erasures: int
    live: bool
    stopped_by: str | None
    stopped_at: int | None
    table_names: str


@dataclass(frozen=True, slots=True)
class Built(Generic[T]):
    """A view's tables under the physical names of one generation."""

    view: View[T]
    suffix: str
    tables: T
    metadata: MetaData

    @property
    def by_name(self) -> dict[str, Table]:
        """The tables by their names within the view."""
        prefix, end = f"{self.view.name.replace('.', '_')}_", f"__{self.suffix}"
        return {t.name.removeprefix(prefix).removesuffix(end): t for t in self.metadata.sorted_tables}


def build(view: View[T], suffix: str) -> Built[T]:
    """The tables as objects, always the same ones; nothing happens in a database."""
    return _build(view, suffix)


@lru_cache(maxsize=256)
def _build(view: View[Any], suffix: str) -> Built[Any]:
    metadata = new_metadata()
    return Built(view, suffix, view.tables(metadata, suffix), metadata)


def prepare(engine: Engine) -> None:
    """Create the register where it is missing."""
    with engine.begin() as connection:
        connection.execute(CreateTable(REGISTER, if_not_exists=True))


def generations(connection: Connection, view: str | None = None) -> Sequence[Generation]:
    """All generations, or those of one view, by view and generation."""
    rows = connection.execute(_ALL) if view is None else connection.execute(_OF_A_VIEW, {"of": view})
    return [Generation(*row) for row in rows]


def live_generation(connection: Connection, view: View[Any]) -> Generation:
    """The live generation of the version this program knows. Raises ViewNotReady."""
    for generation in generations(connection, view.name):
        if generation.live and generation.version == view.version:
            return generation
    raise ViewNotReady(view.name)


def create(connection: Connection, view: View[Any], *, live: bool) -> Generation:
    """Begin the view's next generation: empty tables, position 0. It is whole after ``complete``."""
    number = max((g.generation for g in generations(connection, view.name)), default=0) + 1
    suffix = f"v{view.version}g{number}"
    metadata = build(view, suffix).metadata
    for table in metadata.sorted_tables:
        connection.execute(CreateTable(table))
        keep_no_samples(connection, table)
        _create_indexes(connection, (index for index in table.indexes if index.unique or not view.only_inserts))
    generation = Generation(
        view=view.name,
        generation=number,
        version=view.version,
        suffix=suffix,
        position=0,
        erasures=0,
        live=live,
        stopped_by=None,
        stopped_at=None,
        table_names=" ".join(metadata.tables),
    )
    connection.execute(REGISTER.insert(), generation._asdict())
    return generation


def complete(connection: Connection, view: View[Any], generation: Generation) -> None:
    """Make the indexes that waited until the generation had caught up; those it has stay."""
    for table in build(view, generation.suffix).metadata.sorted_tables:
        _create_indexes(connection, table.indexes)


def _create_indexes(connection: Connection, indexes: Iterable[Index]) -> None:
    for index in indexes:
        connection.execute(CreateIndex(index, if_not_exists=True))


def changing(generation: Generation, values: Mapping[str, Any]) -> Update:
    """New values for a generation's row, if it is still where we left it; else this touches no row."""
    where = {name: getattr(generation, name) for name in ("view", "generation", "position", "live")}
    return Update(REGISTER, where, values)


def change(connection: Connection, generation: Generation, **values: Any) -> Generation:
    """Change a generation's row at once. Raises Superseded."""
    if Writer(connection.dialect).write(connection, [changing(generation, values)]) != 1:
        raise Superseded(generation.view)
    return generation._replace(**values)


def hold(connection: Connection, generation: Generation) -> None:
    """Keep a generation as it is until the transaction ends. Raises Superseded: its tables may be gone."""
    change(connection, generation, live=generation.live)


def switch(connection: Connection, generation: Generation) -> Generation:
    """Make it the live one and drop all others of the view; within the caller's transaction."""
    for other in generations(connection, generation.view):
        if other.generation != generation.generation:
            drop(connection, other)
    return change(connection, generation, live=True)


def drop(connection: Connection, generation: Generation) -> None:
    """Drop a generation, rows and all; also one whose version this program no longer knows."""
    wait_for_readers(connection, REGISTER)
    for name in generation.table_names.split():
        connection.execute(DropTable(Table(name, MetaData()), if_exists=True))
    connection.execute(
        delete(REGISTER).where(REGISTER.c.view == generation.view, REGISTER.c.generation == generation.generation)
    )
