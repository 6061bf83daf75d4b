"""The schema is changed while others work on the tables: nobody is ended for it, and nobody waits long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from gateway.errors import ConfigurationError
from gateway.hub.schema import HEAD, altering, current, migrate
from gateway.hub.store import Store
from tests.databases import APPLICATION, OWNER, as_role, installed
from tests.end_to_end.plant import wait_until
from tests.intake.world import TENANT
from tests.postgres import Cluster

LOOKED_AT = 1.5  # seconds, a little more than PostgreSQL's deadlock_timeout
LOCKED = (
    "SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
    " WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND c.relname = :table AND l.mode = 'AccessExclusiveLock' AND l.granted = :granted"
)


@pytest.fixture
def before(postgres: Cluster) -> Iterator[Store]:
    """A database on the schema of before 0013, which changes `person` and then `person_identifier`."""
    url = installed(postgres, "0012")
    store = Store(url)
    yield store
    store.close()


def locked(connection: Connection, table: str, *, granted: bool) -> bool:
    return bool(connection.execute(text(LOCKED), {"table": table, "granted": granted}).scalar())


def test_who_works_on_two_tables_in_the_other_order_goes_on(before: Store) -> None:
    owner = as_role(before.url.render_as_string(hide_password=False), OWNER)
    with ThreadPoolExecutor(1) as pool:
        with before.write(TENANT) as working:
            working.execute(text("SELECT count(*) FROM person_identifier"))
            migrating = pool.submit(migrate, owner, application=APPLICATION)
            with before.outside() as watching:
                wait_until(
                    lambda: locked(watching, "person", granted=True), 30, "the migration has the first"
                )
                wait_until(
                    lambda: locked(watching, "person_identifier", granted=False), 30, "it waits for the other"
                )
            time.sleep(LOOKED_AT)  # PostgreSQL has looked at who waits already; next it would look at us
            assert working.execute(text("SELECT count(*) FROM person")).scalar() == 0
        migrating.result(60)
    with before.outside() as connection:
        assert current(connection) == HEAD


def test_a_table_that_is_never_free_is_left_as_it_was_and_the_operator_told(
    before: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(altering, "TRIED_SECONDS", 0.0)
    owner = as_role(before.url.render_as_string(hide_password=False), OWNER)
    with before.write(TENANT) as working:
        working.execute(text("SELECT count(*) FROM person_identifier"))
        with pytest.raises(ConfigurationError, match="as they were: try again"):
            migrate(owner, application=APPLICATION)
        assert working.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0012"
    migrate(owner, application=APPLICATION)
