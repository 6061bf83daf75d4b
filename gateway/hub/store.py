"""Connections to the hub's database: short whole transactions in one thread, on SQLite or PostgreSQL.

SQLite: WAL, foreign keys, busy timeout, and every write transaction begins IMMEDIATE behind one lock in
this process (a deferred BEGIN gives "database is locked" under concurrent writers).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DisconnectionError

TRUSTED_SECONDS = 1.0  # a connection that rested longer is tried before it is used
ABANDONED_SECONDS = 10  # a process stopped inside a transaction keeps its row locks no longer than this


class Store:
    """One database. `write` and `read` are the only ways to a connection."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self._writer: Any = threading.Lock() if self.sqlite else nullcontext()
        self._intent = threading.local()
        self.engine = _sqlite_engine(url, self._intent) if self.sqlite else _postgres_engine(url)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end, rolled back on any error."""
        with self._writer, self._intended(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _intended(self) -> Iterator[None]:
        """Say to what is called when the transaction begins, in this thread, that it will write. (Execution
        options on a second engine say the same and cost a tenth of each statement.)"""
        self._intent.write = True
        try:
            yield
        finally:
            self._intent.write = False

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction."""
        with self.engine.begin() as connection:
            yield connection

    def transaction_id(self, connection: Connection) -> int:
        """What orders this transaction in the feed: readers go only behind the oldest one still open."""
        if self.sqlite:
            row = connection.execute(text('SELECT coalesce(max("transaction"), 0) + 1 FROM resource_version'))
        else:
            row = connection.execute(text("SELECT pg_current_xact_id()::text::bigint"))
        return int(row.scalar_one())

    def horizon(self, connection: Connection) -> int:
        """Transactions below this are finished and visible; the feed is read only behind it."""
        if self.sqlite:
            return 2**62
        row = connection.execute(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))
        return int(row.scalar_one())

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def _sqlite_engine(url: str, intent: threading.local) -> Engine:
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
        for pragma in ("journal_mode=WAL", "busy_timeout=60000", "foreign_keys=ON", "synchronous=FULL"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = getattr(intent, "write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def _postgres_engine(url: str) -> Engine:
    engine = create_engine(url, pool_size=20, max_overflow=20, pool_recycle=1800, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(raw: Any, _record: Any) -> None:
        raw.execute(f"SET idle_in_transaction_session_timeout = '{ABANDONED_SECONDS}s'")
        raw.commit()

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
