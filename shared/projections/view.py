"""A view: the answer to one question, folded from events into tables of its own.

    class Residences(View[ResidenceTables]):
        name, version = "reporting.residences", 1
        types = types_of(MovedIn, MovedOut)

        def tables(self, metadata, suffix):
            return ResidenceTables(
                entries=self.table(metadata, suffix, "entries",
                    Column("position", POSITION, primary_key=True), Column("person_id", String, index=True),
                    Column("since", Day), Column("ags", String)))

        def fold(self, tables, fact):
            data = fact.data
            yield Insert(tables.entries, {"position": fact.position, "person_id": data["person_id"],
                                          "since": fact.occurred_on, "ags": data.get("ags")})

A fold is pure: it sees one fact, never the tables. What it needs to know about other rows, the query joins.
Facts that come in order of position are fastest under a primary key that grows (``position``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar

from sqlalchemy import BigInteger, Dialect, Integer, MetaData, String, Table
from sqlalchemy.sql.schema import SchemaItem
from sqlalchemy.types import TypeDecorator

from shared.contracts.model import PersonalClass
from shared.projections.changes import Change, Delete, Insert, Row, Update, Upsert
from shared.projections.facts import Fact

__all__ = [
    "PLAIN",
    "POSITION",
    "Change",
    "Day",
    "Delete",
    "Erasure",
    "Fact",
    "Insert",
    "Row",
    "Update",
    "Upsert",
    "View",
]

T = TypeVar("T")


class Erasure(Protocol):
    """A subject whose keys were destroyed, as the key ring lists it; see ``shared.privacy``."""

    @property
    def number(self) -> int:
        """Counts the erasures of the key ring, 1, 2, 3, …"""
        ...

    @property
    def subject(self) -> str: ...

    @property
    def personal_class(self) -> PersonalClass: ...


class View(ABC, Generic[T]):
    """A pure fold into tables. ``T`` is a frozen dataclass of the view's ``Table`` objects.

    A change of ``tables``, ``types`` or ``fold`` needs a new ``version``: it is built beside the live one and then
    takes its place.
    """

    name: ClassVar[str]
    """``<service>.<name>``, for example "intake.persons". Its tables bear it, so it stays as it is."""
    version: ClassVar[int]
    types: ClassVar[frozenset[str]]
    """The stored type names it reads: ``types_of`` event classes."""
    only_inserts: ClassVar[bool] = False
    """The fold yields nothing but ``Insert``. Then nobody needs the indexes while the view is built, and
    they are made when it has caught up: sorting a million keys at the end costs a fifth of sorting in each."""

    @abstractmethod
    def tables(self, metadata: MetaData, suffix: str) -> T:
        """The tables under their physical names; make each with ``self.table``."""

    @abstractmethod
    def fold(self, tables: T, fact: Fact) -> Iterable[Change]:
        """What this fact changes. Any exception stops the view at this fact."""

    def erase(self, tables: T, erasure: Erasure) -> Iterable[Change]:
        """What an erasure changes; a view that keeps plain personal data deletes its rows here.

        It may be asked several times. ``fold`` must agree: facts of an erased subject fold into nothing,
        or into what this leaves, so that a fresh fold gives the same.
        """
        return ()

    def table(self, metadata: MetaData, suffix: str, name: str, *items: SchemaItem) -> Table:
        """One table of the view, physically ``<view>_<name>__<suffix>``."""
        return Table(f"{self.name.replace('.', '_')}_{name}__{suffix}", metadata, *items)


PLAIN: Final[dict[Any, Any]] = {"plain": True}
"""``info`` of columns of which an erasure must leave no trace, as names: PostgreSQL keeps no samples of them."""
POSITION: Final = BigInteger().with_variant(Integer, "sqlite")
"""A position of the log. Some stores' need 64 bits; SQLite's own row number has them under the name INTEGER."""


class Day(TypeDecorator[date]):
    """A date kept as ISO text, as the events hold it: ``date`` in queries and results, text in folds."""

    impl = String(10)
    cache_ok = True

    def process_bind_param(self, value: date | str | None, dialect: Dialect) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)
