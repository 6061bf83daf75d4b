"""A proof counts once, whichever process it is shown to first; where that may have been forgotten, older ones
count no more."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count

import pytest
from sqlalchemy import func, select

from gateway.access.replays import Replays, Shown
from gateway.hub import shown_proofs
from gateway.hub.schema.proofs import shown_proof
from gateway.hub.store import Store
from tests.postgres import Cluster

NOW = 1_795_000_000.0
ENDS = NOW + 60


def show(door: Replays, name: str, key: str = "key") -> Shown:
    """As whoever checks a proof asks, with a nonce of now."""
    return door.show(key, name, ENDS, door.since)


@pytest.fixture
def doors(database_url: str) -> Iterator[list[Replays]]:
    """Two processes' memories in one database, the second started later."""
    stores, ticks = [Store(database_url), Store(database_url)], count(int(NOW))
    made = [Replays(store, lambda: float(next(ticks))) for store in stores]
    for one in made:
        one.begin()
    assert show(made[0], "before the second began") is Shown.UNSURE
    yield made
    for store in stores:
        store.close()


def test_one_of_many_at_once_is_the_first(doors: list[Replays]) -> None:
    with ThreadPoolExecutor(16) as threads:
        for attempt in range(5):
            found = list(threads.map(lambda one, n=attempt: show(one, f"proof-{n}"), doors * 8))
            assert (found.count(Shown.FIRST), found.count(Shown.BEFORE)) == (1, 15)


def test_keys_do_not_share_their_names(doors: list[Replays]) -> None:
    shown = [show(doors[0], "same", key) for key in ("a", "b", "a")]
    assert shown == [Shown.FIRST, Shown.FIRST, Shown.BEFORE]


def test_what_was_lost_is_noticed_by_every_process_once(doors: list[Replays], database_url: str) -> None:
    assert show(doors[0], "lost") is Shown.FIRST
    store = Store(database_url)
    with store.outside(write=True) as connection:
        connection.execute(shown_proof.delete())
    store.close()
    before = doors[0].since
    assert [show(one, "lost") for one in (*doors, *doors)] == [
        Shown.UNSURE, Shown.UNSURE, Shown.BEFORE, Shown.BEFORE,
    ]  # fmt: skip
    assert doors[0].since == doors[1].since != before
    assert doors[0].show("key", "made before it was lost", ENDS, before) is Shown.UNSURE


def test_a_crash_of_the_database_is_noticed(postgres: Cluster, postgres_url: str) -> None:
    store = Store(postgres_url)
    ticks = count(int(NOW))
    door = Replays(store, lambda: float(next(ticks)))
    door.begin()
    before = door.since
    assert show(door, "shown") is Shown.FIRST
    store.close()
    postgres.stop(signal.SIGQUIT)
    postgres.start()
    assert show(door, "shown") is Shown.UNSURE
    assert door.since != before
    store.close()


def test_only_proofs_may_be_lost_with_the_power(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    door = Replays(store, lambda: NOW)
    for one, synchronous in ((store, 2), (door._store, 1)):  # FULL, NORMAL
        with one.outside() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == synchronous
    store.close()


def test_what_is_kept_names_nobody_and_goes_when_it_has_long_ended(
    doors: list[Replays], database_url: str
) -> None:
    show(doors[0], "emma")
    store = Store(database_url)
    with store.outside(write=True) as connection:
        rows = select(func.count()).select_from(shown_proof)
        assert all("emma" not in row.digest for row in connection.execute(select(shown_proof)))
        assert shown_proofs.forget(connection, datetime.fromtimestamp(ENDS + 300, UTC)) == 0
        assert connection.execute(rows).scalar() == 3
        assert shown_proofs.forget(connection, datetime.fromtimestamp(ENDS + 301, UTC)) == 2
        assert connection.execute(rows).scalar() == 1  # that says since when
    store.close()
