"""A notice is raised once, cleared, and comes again only then; also where two raise it at the same time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gateway.hub.notices import Kind, clear_notice, raise_notice
from gateway.hub.schema.notices import notice
from gateway.hub.store import Store
from tests.intake.world import TENANT

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
KIND = Kind.VANISHED


@pytest.fixture
def store(database_url: str) -> Store:
    return Store(database_url)


def rows(store: Store) -> list[tuple[str, str, datetime, datetime | None]]:
    with store.read(TENANT, "annen") as connection:
        found = connection.execute(select(notice).order_by(notice.c.about, notice.c.at)).all()
    return [(r.person, r.about, r.at, r.settled) for r in found]


def test_raised_once_until_it_is_cleared(store: Store) -> None:
    with store.write(TENANT, "annen") as connection:
        raise_notice(connection, TENANT, KIND, "p1", "Goal/1", NOW)
        raise_notice(connection, TENANT, KIND, "p1", "Goal/1", LATER)
        raise_notice(connection, TENANT, KIND, "p1", "Goal/2", LATER)
        raise_notice(connection, TENANT, KIND, "p2", "Goal/1", LATER)
        raise_notice(connection, "annen", KIND, "p1", "Goal/1", LATER)
        raise_notice(connection, TENANT, Kind.UNACKNOWLEDGED, "p1", "Goal/1", LATER)
    assert len(rows(store)) == 5
    for _ in range(2):
        with store.write(TENANT) as connection:
            clear_notice(connection, TENANT, KIND, "p1", "Goal/1", LATER)
    assert [row for row in rows(store) if row[3]] == [("p1", "Goal/1", NOW, LATER)]
    with store.write(TENANT) as connection:
        raise_notice(connection, TENANT, KIND, "p1", "Goal/1", LATER)
    assert len(rows(store)) == 6
    store.close()


def test_one_that_is_done_does_not_come_again_before_it_was_cleared(store: Store) -> None:
    with store.write(TENANT) as connection:
        raise_notice(connection, TENANT, KIND, "p1", "Goal/1", NOW)
        connection.execute(notice.update().values(done=NOW))
        raise_notice(connection, TENANT, KIND, "p1", "Goal/1", LATER)
    assert len(rows(store)) == 1
    store.close()


def test_two_at_the_same_time_raise_one(postgres_url: str) -> None:
    store, inside, leave = Store(postgres_url), threading.Event(), threading.Event()

    def other() -> None:
        inside.wait(10)
        with store.write(TENANT) as connection:
            leave.set()
            raise_notice(connection, TENANT, KIND, "p1", "Goal/1", LATER)

    second = threading.Thread(target=other)
    second.start()
    with store.write(TENANT) as connection:
        raise_notice(connection, TENANT, KIND, "p1", "Goal/1", NOW)
        inside.set()
        leave.wait(10)
    second.join()
    assert rows(store) == [("p1", "Goal/1", NOW, None)]
    store.close()


def test_kinds_have_room_in_their_column() -> None:
    assert max(len(kind) for kind in Kind) <= notice.c.kind.type.length
