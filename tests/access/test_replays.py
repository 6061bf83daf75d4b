"""A proof counts once, whichever process it is shown to first; and it is forgotten when it has long ended."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from gateway.access.replays import Replays
from gateway.hub import shown_proofs
from gateway.hub.schema.proofs import shown_proof
from gateway.hub.store import Store

ENDS = 1_795_000_060.0


@pytest.fixture
def stores(database_url: str) -> Iterator[list[Store]]:
    """Two processes' stores of one database."""
    made = [Store(database_url), Store(database_url)]
    yield made
    for store in made:
        store.close()


def test_one_of_many_at_once_is_the_first(stores: list[Store]) -> None:
    doors = [Replays(store) for store in stores] * 8
    with ThreadPoolExecutor(16) as threads:
        for attempt in range(5):
            found = list(threads.map(lambda door, n=attempt: door.first("key", f"proof-{n}", ENDS), doors))
            assert found.count(True) == 1


def test_keys_do_not_share_their_names(stores: list[Store]) -> None:
    door = Replays(stores[0])
    assert [door.first(key, "same", ENDS) for key in ("a", "b", "a")] == [True, True, False]


def test_what_is_kept_names_nobody_and_goes_when_it_has_long_ended(stores: list[Store]) -> None:
    Replays(stores[0]).first("key", "emma", ENDS)
    with stores[0].outside(write=True) as connection:
        (row,) = connection.execute(select(shown_proof)).all()
        assert "emma" not in row.digest
        assert shown_proofs.forget(connection, datetime.fromtimestamp(ENDS + 300, UTC)) == 0
        assert shown_proofs.forget(connection, datetime.fromtimestamp(ENDS + 301, UTC)) == 1
        assert connection.execute(select(func.count()).select_from(shown_proof)).scalar() == 0
