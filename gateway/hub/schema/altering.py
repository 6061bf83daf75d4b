"""Changing tables that others work on meanwhile.

A change takes its locks one after another, while transactions that run hold some of them and want others: a
deadlock, in which PostgreSQL ends whoever notices first, be it a delivery. So the change gives up on its own
before anyone can notice, nothing of it is done, and it is tried again a little later."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from gateway.errors import ConfigurationError
from gateway.hub.store import Store

PATIENCE_MS: Final = 500  # less than PostgreSQL's deadlock_timeout (1 s), after which anyone may be ended
TRIED_SECONDS: Final = 120.0
PAUSE_SECONDS: Final = 0.2  # those who waited behind it go first
_BUSY: Final = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
_ONE_AT_A_TIME: Final = 7362011  # of all who change tables of one database; it is waited for


def alter(store: Store, change: Callable[[Connection], None]) -> None:
    """Make this change in a transaction of its own, as the tables' owner; again from its beginning where it
    met those who work on them. Raises ConfigurationError after two minutes of that, with nothing changed."""
    until = time.monotonic() + TRIED_SECONDS
    while True:
        try:
            with store.outside(write=True) as connection:
                if not store.sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})")
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
                return change(connection)
        except OperationalError as error:
            if not isinstance(error.orig, _BUSY):
                raise
            if time.monotonic() > until:
                raise ConfigurationError(
                    "the tables are never free for long enough to be changed, and are as they were: try again"
                    " when less is going on, and look in pg_stat_activity for transactions that last"
                ) from None
        time.sleep(PAUSE_SECONDS)
