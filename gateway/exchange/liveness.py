"""Proof of life: each worker holds a lock as long as its process lives, so that a lane is taken over only
from the dead. PostgreSQL: an advisory lock (gateway/exchange/session_lock.py); SQLite: flock on a file."""

from __future__ import annotations

import fcntl
import os
import socket
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import insert, select, text, update

from gateway.exchange.session_lock import SessionLock
from gateway.hub.schema.tables import worker
from gateway.hub.store import Store


class Liveness(Protocol):
    """This process's own lock, and a look at others'."""

    id: str

    def held(self) -> bool:
        """Whether this process still has its lock, as far as can be known without asking anyone; without it,
        it must stop sending at once."""

    def watch(self, lost: Callable[[], None]) -> None:
        """Call this, in a thread of its own, as soon as the lock is lost."""

    def dead(self, owner: str) -> bool:
        """Whether the lock of another worker is free. True is proof; False may mean stopped."""

    def close(self) -> None:
        """Give the lock back."""


def take(store: Store, state_folder: Path, now: datetime) -> Liveness:
    """Take this process's lock and note the worker."""
    life: Liveness = FileLiveness(state_folder / "workers") if store.sqlite else PostgresLiveness(store)
    key = life.key if isinstance(life, PostgresLiveness) else 0
    noted = {"id": life.id, "lock_key": key, "host": socket.gethostname()[:255], "pid": os.getpid()}
    try:
        with store.outside(write=True) as connection:
            connection.execute(insert(worker), {**noted, "gone": False, "started": now})
    except BaseException:
        life.close()  # nobody will ever know this lock
        raise
    return life


class FileLiveness:
    """flock on a file named after the worker; the kernel frees it when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.id = str(uuid.uuid4())
        self._file: IO[str] = (folder / f"{self.id}.lock").open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def held(self) -> bool:
        """A file lock is held as long as the process lives."""
        return not self._file.closed

    def watch(self, lost: Callable[[], None]) -> None:
        """There is nothing to be told of."""

    def dead(self, owner: str) -> bool:
        """Try the other's lock; a missing file is the file of one that ended in order."""
        if owner == self.id:
            return False
        path = self._folder / f"{owner}.lock"
        try:
            with path.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Remove the file, then the lock."""
        (self._folder / f"{self.id}.lock").unlink(missing_ok=True)
        self._file.close()


class PostgresLiveness:
    """The advisory lock of a database session."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.id = str(uuid.uuid4())
        self._lock = SessionLock(store.url)
        self.key = self._lock.key

    def held(self) -> bool:
        """A lost connection has lost the lock."""
        return self._lock.held()

    def watch(self, lost: Callable[[], None]) -> None:
        """Told of within moments when the server ends the session, within seconds when it falls silent."""
        self._lock.watch(lost)

    def dead(self, owner: str) -> bool:
        """Try the other's lock for one statement."""
        if owner == self.id:
            return False
        with self._store.outside() as connection:
            key = connection.execute(select(worker.c.lock_key).where(worker.c.id == owner)).scalar()
            if key is None:
                return True
            free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": key}).scalar()
        if free:
            with self._store.outside(write=True) as connection:
                connection.execute(update(worker).where(worker.c.id == owner).values(gone=True))
        return bool(free)

    def close(self) -> None:
        """End the session, and with it the lock."""
        self._lock.close()
