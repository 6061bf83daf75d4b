"""Connections to the hub's database: short whole transactions in one thread, on SQLite or PostgreSQL.

Every transaction says whose data it may see. PostgreSQL holds it to that (gateway/hub/schema/isolation.py);
on SQLite, which is one file of one process, the tenants are checked for form and otherwise ignored.

SQLite: WAL, foreign keys, busy timeout, and every write transaction begins IMMEDIATE behind one lock in
this process (a deferred BEGIN gives "database is locked" under concurrent writers).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DisconnectionError

from gateway.hub.names import give_keys
from gateway.hub.roles import claimer_of
from gateway.keys.keyring import Keyring

TRUSTED_SECONDS = 1.0  # a connection that rested longer is tried before it is used
ABANDONED_SECONDS = 10  # a process stopped inside a transaction keeps its row locks no longer than this
LINE = {  # a database that vanished without a word is given up; one that is slow to answer is waited for
    "connect_timeout": 10,  # seconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")  # stands in the statement that begins a transaction


class Store:
    """One database. `read`, `write`, `across` and `outside` are the only ways to a connection."""

    def __init__(self, url: str, keys: Keyring | None = None, *, lasting: bool = True) -> None:
        """keys: what content is sealed and opened with; without them what is sealed cannot be read. lasting:
        on SQLite, what is committed is on the disk, and outlasts a loss of power."""
        self.keys = keys
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._writer: Any = threading.Lock() if self.sqlite else nullcontext()
        self._opening = _Opening()
        claimer = claimer_of(self.url.username or "")
        self._above = "BEGIN" if self.sqlite else f'BEGIN; SET LOCAL ROLE "{claimer}"'
        self._passing: Store | None = None
        if self.sqlite:
            self.engine = _sqlite_engine(url, self._opening, "FULL" if lasting else "NORMAL")
        else:
            self.engine = _postgres_engine(url, self._opening)
        give_keys(self.engine, keys)

    @contextmanager
    def write(self, tenant: str, *more: str) -> Iterator[Connection]:
        """A write transaction on the data of these tenants, and of no other: committed at the end, rolled
        back on any error."""
        with self._writer, self._begun(self._said(True, (tenant, *more))) as connection:
            yield connection

    @contextmanager
    def read(self, tenant: str, *more: str) -> Iterator[Connection]:
        """A read transaction on the data of these tenants, and of no other."""
        with self._begun(self._said(False, (tenant, *more))) as connection:
            yield connection

    @contextmanager
    def across(self) -> Iterator[Connection]:
        """A read transaction above the tenants, for asking which of them has something to do: it sees ids,
        tenants, recipients and times of lanes and timers, and nothing else of anybody."""
        with self._begun(self._above) as connection:
            yield connection

    @contextmanager
    def outside(self, *, write: bool = False) -> Iterator[Connection]:
        """A transaction on what belongs to no tenant (workers, the schema's own tables): it sees nothing of
        any tenant."""
        with self._writer if write else nullcontext(), self._begun(self._said(write, ())) as connection:
            yield connection

    def _said(self, write: bool, tenants: tuple[str, ...]) -> str:
        """The statement that begins a transaction on these tenants' data."""
        said = _naming(tenants)
        if self.sqlite:
            return "BEGIN IMMEDIATE" if write else "BEGIN"
        return said

    @contextmanager
    def _begun(self, statement: str) -> Iterator[Connection]:
        """Say in this thread how the transaction begins, until it has. (Execution options on a second engine
        say the same and cost a tenth of each statement.)"""
        with ExitStack() as stack:
            self._opening.statement = statement
            try:
                connection = stack.enter_context(self.engine.begin())
            finally:
                self._opening.statement = "BEGIN"
            yield connection

    def passing(self) -> Store:
        """The same database, for what may be lost with the machine's power: on SQLite it does not wait for
        the disk. On PostgreSQL tables are so or not, and it is this one. Closed with this one."""
        if not self.sqlite or self.url.database in (None, "", ":memory:"):
            return self
        if self._passing is None:
            self._passing = Store(str(self.url), lasting=False)
            self._passing._writer = self._writer
        return self._passing

    def transaction_id(self, connection: Connection) -> int:
        """What orders this transaction in the feed: readers go only behind the oldest one still open."""
        if self.sqlite:
            row = connection.execute(_NEXT)
        else:
            row = connection.execute(_XID)
        return int(row.scalar_one())

    def horizon(self, connection: Connection) -> int:
        """Transactions below this are finished and visible; the feed is read only behind it."""
        if self.sqlite:
            return 2**62
        row = connection.execute(_XMIN)
        return int(row.scalar_one())

    def close(self) -> None:
        """Give back all connections, and forget the keys."""
        self.engine.dispose()
        if self._passing is not None:
            self._passing.close()
        if self.keys is not None:
            self.keys.close()


_NEXT = text('SELECT coalesce(max("transaction"), 0) + 1 FROM resource_version')
_XID = text("SELECT pg_current_xact_id()::text::bigint")
_XMIN = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")


class _Opening(threading.local):
    """How the next transaction of a thread begins."""

    statement = "BEGIN"


@lru_cache(maxsize=4096)
def _naming(tenants: tuple[str, ...]) -> str:
    """BEGIN and whose data it may see, in one round trip. Raises ValueError for what is no tenant's id."""
    wrong = [one for one in tenants if not TENANT.fullmatch(one)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} cannot be the id of a tenant")
    return f"BEGIN; SET LOCAL stafettbro.tenants = '{','.join(tenants)}'"  # set_config(…, true), but cheaper


def _sqlite_engine(url: str, opening: _Opening, synchronous: str) -> Engine:
    path = make_url(url).database
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": 60, "check_same_thread": False},
        pool_size=20,
        hide_parameters=True,  # errors must not carry content
    )

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # we say BEGIN ourselves
        settled = f"synchronous={synchronous}"
        for pragma in ("journal_mode=WAL", "busy_timeout=60000", "foreign_keys=ON", settled):
            raw.execute(f"PRAGMA {pragma}")

    def _begin(raw: Any) -> None:
        raw.driver_connection.execute(opening.statement)

    # An event of the engine would be asked after with every statement.
    engine.dialect.do_begin = _begin  # type: ignore[assignment,method-assign]
    return engine


def _postgres_engine(url: str, opening: _Opening) -> Engine:
    own = make_url(url).query
    engine = create_engine(
        url,
        connect_args={name: value for name, value in LINE.items() if name not in own},
        pool_size=20,
        max_overflow=20,
        pool_recycle=1800,
        hide_parameters=True,
    )

    def _begin(raw: Any) -> None:
        raw.driver_connection.execute(opening.statement, prepare=False)  # two statements: not to be prepared

    # Here, and not in an event, so that a lost connection is noticed as it is with any other statement.
    engine.dialect.do_begin = _begin  # type: ignore[assignment,method-assign]

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.autocommit = True  # we say BEGIN ourselves
        raw.execute(f"SET idle_in_transaction_session_timeout = '{ABANDONED_SECONDS}s'")

    @event.listens_for(engine, "checkin")
    def _returned(_raw: Any, record: Any) -> None:
        record.info["returned"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _taken(raw: Any, record: Any, _proxy: Any) -> None:
        rested = time.monotonic() - record.info.get("returned", time.monotonic())
        if rested > TRUSTED_SECONDS:
            _try(raw)

    return engine


def _try(raw: Any) -> None:
    """Raises DisconnectionError for a connection that has been lost; the pool then makes another."""
    try:
        raw.execute("")
        raw.rollback()
    except psycopg.Error as error:
        raise DisconnectionError from error
