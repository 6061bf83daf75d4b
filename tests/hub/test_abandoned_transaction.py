"""A process that is stopped inside a transaction must not keep its row locks: the server ends it."""

from __future__ import annotations

from sqlalchemy import text

from gateway.hub.store import ABANDONED_SECONDS, Store


def test_a_transaction_that_nobody_goes_on_with_is_ended_by_the_server(postgres_url: str) -> None:
    store = Store(postgres_url)
    try:
        for way in (store.write, store.read):
            with way("fjordbyen") as connection:
                limit = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()
            assert limit == f"{ABANDONED_SECONDS}s"
    finally:
        store.close()
