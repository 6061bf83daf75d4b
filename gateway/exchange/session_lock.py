"""An advisory lock of a PostgreSQL session on a connection of its own (never through a transaction pooler),
watched by a thread: who has lost the connection has lost the lock, and must know before anybody else may act
on it.

A server that ends the session is noticed at once; one that falls silent, within PING + ANSWER seconds. The
server itself frees the lock of a machine that vanished after about FREED seconds, which is later.
"""

from __future__ import annotations

import secrets
import select
import socket
import threading
import time
from collections.abc import Callable

import psycopg
from psycopg import pq
from sqlalchemy import URL

PING = 1.0  # seconds between two questions whether the server is there
ANSWER = 5.0  # seconds it may take to answer, or to let us in
FREED = 15  # seconds without a sign of life from us after which the server ends the session
CLIENT = {"connect_timeout": 5, "keepalives_idle": 2, "keepalives_interval": 1, "keepalives_count": 3}
SERVER = f"""SET tcp_keepalives_idle = 6; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3;
SET tcp_user_timeout = {FREED * 1000}; SET idle_session_timeout = 0"""
GONE = select.POLLHUP | select.POLLERR | select.POLLRDHUP | select.POLLNVAL


class SessionLock:
    """One lock, taken when made. key: what others try it by."""

    def __init__(self, url: URL) -> None:
        self.key = secrets.randbits(62)
        _, given = url.get_dialect()().create_connect_args(url)
        self._connection = psycopg.connect(**{**CLIENT, **given}, autocommit=True)
        self._connection.execute(SERVER, prepare=False)
        self._connection.execute("SELECT pg_advisory_lock(%s)", (self.key,))
        self._lost = False
        self._mine, self._others = socket.socketpair()  # a byte in it ends the watch
        self._thread: threading.Thread | None = None

    def held(self) -> bool:
        """Whether neither the watch nor the kernel knows of a loss. Asks nobody, so it may be asked right
        before every send."""
        if self._lost:
            return False
        look = select.poll()
        look.register(self._connection.fileno(), GONE)
        return not any(event & GONE for _, event in look.poll(0))

    def watch(self, lost: Callable[[], None]) -> None:
        """Call `lost` once, in a thread of its own, when the lock is lost."""
        self._thread = threading.Thread(target=self._watch, args=(lost,), name="liveness", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the watch and the session, and with it the lock."""
        self._others.send(b"x")
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._connection.close()
        self._mine.close()
        self._others.close()

    def _watch(self, lost: Callable[[], None]) -> None:
        try:
            while not self._ended(PING):
                self._ask()
        except psycopg.Error:
            self._lost = True
            lost()

    def _ended(self, seconds: float) -> bool:
        """Wait until the server says something unasked (the end of the session, most likely), or time is up.
        Whether the watch is over."""
        look = select.poll()
        look.register(self._connection.fileno(), select.POLLIN | GONE)
        look.register(self._mine.fileno(), select.POLLIN)
        return any(fd == self._mine.fileno() for fd, _ in look.poll(seconds * 1000))

    def _ask(self) -> None:
        """Raises psycopg.Error when the server does not answer in time, or the session has ended."""
        line = self._connection.pgconn
        line.send_query(b"SELECT 1")
        until = time.monotonic() + ANSWER
        while line.flush():
            self._await(select.POLLIN | select.POLLOUT, until)
        while True:
            while line.is_busy():
                self._await(select.POLLIN, until)
                line.consume_input()
            result = line.get_result()
            if result is None:
                return
            if result.status != pq.ExecStatus.TUPLES_OK:
                raise psycopg.OperationalError("the session has ended")

    def _await(self, events: int, until: float) -> None:
        look = select.poll()
        look.register(self._connection.fileno(), events)
        if not look.poll(max(0.0, until - time.monotonic()) * 1000):
            raise psycopg.OperationalError("the server does not answer")
