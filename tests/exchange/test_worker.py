"""A worker outlives its database connections: it never sends under a lock it has lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from gateway.exchange.worker import Worker
from gateway.service import Service, build
from tests.end_to_end.plant import wait_until
from tests.intake.world import settings


@contextmanager
def working(url: str, folder: Path) -> Iterator[tuple[Service, Worker]]:
    """A worker at work in a thread of its own."""
    service = build(settings(url, folder))
    worker = service.add_worker()
    thread = threading.Thread(target=lambda: asyncio.run(worker.run()))
    thread.start()
    wait_until(lambda: worker.id is not None, 20, "the worker has its lock")
    yield service, worker
    worker.stop()
    thread.join(20)
    assert not thread.is_alive()
    service.close()


def cut_connections(service: Service) -> None:
    """Cut every other connection to the database, the locks' among them."""
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with service.store.write("fjordbyen") as connection:
        connection.execute(text(f"{others} AND datname = current_database()"))


def test_a_worker_that_loses_its_lock_goes_on_under_a_new_name(postgres_url: str, tmp_path: Path) -> None:
    with working(postgres_url, tmp_path) as (service, worker):
        before = worker.id
        cut_connections(service)
        wait_until(lambda: worker.id not in (before, None), 20, "it has begun anew")
        life = worker._life
        assert before is not None
        assert life is not None
        assert life.dead(before)  # so that what it had begun can be taken over
        assert life.held()


def test_a_stopped_worker_gives_its_lock_back(database_url: str, tmp_path: Path) -> None:
    with working(database_url, tmp_path) as (_, first):
        name = first.id
    with working(database_url, tmp_path) as (_, second):
        life = second._life
        assert life is not None
        assert name is not None
        assert life.dead(name)


def test_a_living_worker_is_never_called_dead(database_url: str, tmp_path: Path) -> None:
    with working(database_url, tmp_path) as (_, first), working(database_url, tmp_path) as (_, second):
        life = second._life
        assert life is not None
        assert first.id is not None
        assert not life.dead(first.id)
