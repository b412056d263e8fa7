"""PostgreSQL: everything that knows how it is reached.

One URL may serve all: each use of a database has a schema of its own, which ``schema`` in the URL's query names
and the first connection makes. Under eventlet a connection waits like any green socket, so the hub goes on;
on native threads it waits natively.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from eventlet import patcher
from eventlet.green import select as green_select
from psycopg import sql
from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait

from shared.runtime.native import aside, on_hub
from shared.runtime.turns import Turns

T = TypeVar("T")

SCHEMES: Final = ("postgresql", "postgres")
CONNECT_SECONDS: Final = 5
LOCK_SECONDS: Final = 10
"""How long a statement waits for somebody else's lock; SQLite waits as long."""
MOST: Final = 8
"""Connections of a pool at the same time. A process computes one thing at a time: more of them make nobody faster."""
IDLE: Final = 4
"""Those that a pool keeps open for the next ones."""
TURN_SECONDS: Final = 30
"""How long one waits for a connection while all are in use."""
SETTINGS: Final = " ".join(
    f"-c {setting}"
    for setting in (
        f"lock_timeout={LOCK_SECONDS}s",
        "client_min_messages=warning",
        "datestyle=ISO",
        r"default_transaction_isolation=read\ committed",
        "synchronous_commit=on",
        "tcp_keepalives_idle=5",  # the server's end: who vanished holds no lock for hours
        "tcp_keepalives_interval=2",
        "tcp_keepalives_count=3",
        "tcp_user_timeout=10s",
    )
)
"""Of each connection, whatever the operator chose for the database."""
NETWORK: Final = {
    "connect_timeout": str(CONNECT_SECONDS),
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""Our end: a network that says nothing more is a lost connection after some ten seconds. The URL may say otherwise."""
TURN: Final = "select pg_advisory_xact_lock(hashtext('wegmarken'), hashtext(current_schema()))"
"""One writer at a time in a schema, until the transaction ends: what SQLite does of itself."""
PASSING: Final = ("08", "25", "40", "53", "55", "57", "58")
"""Classes of trouble that may pass: connection, read-only standby, deadlock, resources, lock, shutdown, disk.
(https://www.postgresql.org/docs/current/errcodes-appendix.html)"""


def is_postgres(url: str) -> bool:
    """Whether a setting names a PostgreSQL database and no file."""
    return url.partition("://")[0].partition("+")[0] in SCHEMES


class Connection(psycopg.Connection[Any]):
    """A connection that lets the hub go on while it waits."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if timeout is not None or not on_hub():
            return super().wait(gen, interval, timeout)
        try:
            wanted = next(gen)
            while True:
                wanted = gen.send(_ready(self.pgconn.socket, wanted))
        except StopIteration as done:
            found: T = done.value
            return found
        except BaseException as error:
            if not isinstance(error, Exception):  # killed in the middle of an answer: nobody can use it any more
                self.close()
            raise


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """A connection of its own to the URL's schema, which is made where it is missing. Raises psycopg.Error."""
    conninfo, schema = target(url)
    # In green processes the libraries' own waiting is patched; a native thread waits for the first answer.
    connection = aside(lambda: Connection.connect(conninfo, autocommit=True))
    try:
        if schema not in _made(conninfo):
            _make(connection, schema)
            _made(conninfo).add(schema)
        connection.autocommit = autocommit
    except BaseException:
        connection.close()
        raise
    return connection


class AllInUse(psycopg.OperationalError):
    """So many wait for a connection that it was not their turn in time."""


class Pool:
    """Connections that commit each statement by themselves, each lent to one (green) thread at a time.

    There are at most ``MOST``; while all are in use, the others wait in the order in which they came.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: deque[Connection] = deque()
        self._turns = Turns(MOST)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Raises psycopg.Error. A lost connection is replaced by the next one asked for."""
        connection = self._take()
        try:
            yield connection
        except BaseException:
            with suppress(psycopg.Error):
                connection.rollback()
            raise
        finally:
            self._give_back(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> Connection:
        try:
            self._turns.take(TURN_SECONDS)
        except TimeoutError:
            raise AllInUse from None
        try:
            return self._usable()
        except BaseException:
            self._turns.give_back()
            raise

    def _usable(self) -> Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = connect(self._url, autocommit=True)
                connection.prepare_threshold = None  # a plan of "select *" would not outlive a migration
                return connection
            if is_usable(connection):
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        try:
            usable = not connection.closed and connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            if usable and len(self._idle) < IDLE:
                self._idle.append(connection)
            else:
                connection.close()
        finally:
            self._turns.give_back()


def scrub(connection: Connection, tables: Iterable[str]) -> bool:
    """Write tables anew without their deleted rows. False while somebody's snapshot holds on to some: try again.

    VACUUM alone would leave the bytes in their pages until something else needs the room. What PostgreSQL logged
    of them stays in its write-ahead log and in backups as long as the operator keeps these (docs/guarantees.md).
    """
    told: list[str] = []

    def hear(notice: psycopg.errors.Diagnostic) -> None:
        told.append(notice.message_detail or "")

    connection.add_notice_handler(hear)
    try:
        connection.execute("set client_min_messages = info")
        for table in tables:
            told.clear()
            connection.execute(sql.SQL("vacuum (full, verbose) {}").format(sql.Identifier(table)))
            # "0 dead row versions cannot be removed yet": the number comes first in every language.
            kept = [found[0] for detail in told if (found := re.match(r"\d+", detail))]
            if kept != ["0"]:
                return False
    except psycopg.errors.LockNotAvailable:
        return False
    finally:
        connection.remove_notice_handler(hear)
        with suppress(psycopg.Error):
            connection.execute("set client_min_messages = warning")
    return True


def _ready(descriptor: int, wanted: Wait) -> Ready:
    """Let others work until the socket can be read or written."""
    reads, writes = ([descriptor] if wanted & way else [] for way in (Wait.R, Wait.W))
    readable, writable, _ = green_select.select(reads, writes, [])
    return Ready((Ready.R if readable else 0) | (Ready.W if writable else 0))


def is_usable(connection: Connection) -> bool:
    """Whether an idle connection is still there: the server has nothing to say to it but farewell."""
    if connection.closed:
        return False
    select = patcher.original("select")
    poll = select.poll()  # select.select() takes no descriptor above 1023
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)


def target(url: str) -> tuple[str, str]:
    """How libpq writes the URL of a setting, and the schema that the setting names."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    schema = query.pop("schema", "public")
    quoted = '"{}"'.format(schema.replace('"', '""'))  # else PostgreSQL would read it in small letters
    path = re.sub(r"([\\\s])", r"\\\1", quoted)
    options = f"{query.pop('options', '')} {SETTINGS} -c search_path={path}".strip()
    query = {**NETWORK, **query, "options": options}
    written = urlencode(query, quote_via=quote)
    return urlunsplit(parts._replace(scheme=SCHEMES[0], query=written)), schema


def _make(connection: Connection, schema: str) -> None:
    if connection.execute("select 1 from pg_namespace where nspname = %s", (schema,)).fetchone():
        return
    with suppress(psycopg.errors.UniqueViolation):  # another process was faster
        connection.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))


@cache
def _made(conninfo: str) -> set[str]:
    """The schemas that this process has seen in a database."""
    return set()
