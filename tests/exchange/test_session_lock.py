"""A lock that is lost is known to be lost: at once when the session ends, soon when the server is silent."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import make_url

from gateway.exchange import session_lock
from gateway.exchange.session_lock import SessionLock
from tests.end_to_end.plant import wait_until
from tests.postgres import Cluster

SOON = 1.0  # seconds; a server that ends a session is noticed in a few milliseconds
SILENCE = 0.5


@contextmanager
def locked(url: str, *, watched: bool = True) -> Iterator[tuple[SessionLock, threading.Event]]:
    """A lock, and what its watch sets when it is lost."""
    lock, lost = SessionLock(make_url(url)), threading.Event()
    if watched:
        lock.watch(lost.set)
    yield lock, lost
    lock.close()


def backend(postgres: Cluster, lock: SessionLock) -> int:
    """The server's process of the lock's session."""
    asked = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND (classid::bigint << 32) + objid::bigint"
    with postgres.connect() as connection:
        (row,) = connection.execute(f"{asked} = %s", (lock.key,)).fetchall()
    return int(row[0])


def end(postgres: Cluster, lock: SessionLock) -> None:
    """End the lock's session, and wait until it has ended."""
    pid = backend(postgres, lock)
    with postgres.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))


def test_the_end_of_the_session_is_told_at_once(postgres: Cluster, postgres_url: str) -> None:
    with locked(postgres_url) as (lock, lost):
        assert lock.held()
        end(postgres, lock)
        assert lost.wait(SOON)
        assert not lock.held()


def test_before_every_send_it_is_known_without_being_told(postgres: Cluster, postgres_url: str) -> None:
    with locked(postgres_url, watched=False) as (lock, lost):
        assert lock.held()
        end(postgres, lock)
        wait_until(lambda: not lock.held(), SOON, "the line is known to be closed")
        assert not lost.is_set()


def test_a_server_that_does_not_answer_has_taken_the_lock_away(
    postgres: Cluster, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_lock, "ANSWER", SILENCE)
    with locked(postgres_url) as (lock, lost):
        pid = backend(postgres, lock)
        os.kill(pid, signal.SIGSTOP)
        try:
            assert lost.wait(session_lock.PING + SILENCE + SOON)
            assert not lock.held()
        finally:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_answers_late_but_in_time_keeps_it(
    postgres: Cluster, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_lock, "PING", 0.05)
    with locked(postgres_url) as (lock, lost):
        pid = backend(postgres, lock)
        os.kill(pid, signal.SIGSTOP)
        assert not lost.wait(SILENCE)
        os.kill(pid, signal.SIGCONT)
        assert not lost.wait(SILENCE)
        assert lock.held()


def test_who_gives_the_lock_back_is_not_told_that_it_is_lost(postgres: Cluster, postgres_url: str) -> None:
    with locked(postgres_url) as (lock, lost):
        key = lock.key
    with postgres.connect() as connection:
        assert connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone() == (True,)
    assert not lost.is_set()


def test_the_server_frees_the_lock_of_a_machine_that_vanished_later_than_we_know_it(
    postgres_url: str,
) -> None:
    with locked(postgres_url, watched=False) as (lock, _):
        named = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        shown = lock._connection.execute(
            f"SELECT {', '.join(f'current_setting({name!r})::int' for name in named)}"
        )
        idle, interval, count = shown.fetchone() or (0, 0, 0)
        known = session_lock.PING + session_lock.ANSWER
        assert known < idle + interval * count <= session_lock.FREED
