"""The schema of the store of reports and its migrations: an Alembic environment of its own."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, make_url, text

from gateway.errors import ConfigurationError
from gateway.events import Event, log
from gateway.hub.roles import demand_isolated_role
from gateway.hub.schema import isolation
from gateway.hub.schema.altering import alter
from gateway.hub.store import Store

HEAD = "0001"
VERSION_TABLE = "welfare_version"


def open_store(url: str, owner_url: str | None = None) -> Store:
    """The store at `url`, migrated (on PostgreSQL where the owner's address is told). A SQLite file is made
    readable by its own user alone. Raises ConfigurationError where it is not on this program's schema, and
    where the role of `url` is one that PostgreSQL holds to no tenant."""
    _make_private(url)
    store = Store(url)
    try:
        if store.sqlite:
            _migrate(store, None)
        elif owner_url is not None:
            migrate(owner_url, store.url.username)
        with store.outside() as connection:
            demand_isolated_role(connection)
            _demand_current(connection)
    except BaseException:
        store.close()
        raise
    return store


def migrate(url: str, application: str | None = None) -> None:
    """Bring the store to the current schema: as its owner, on PostgreSQL, where `application` is the role
    that may work on it. A store made anew is isolated from the start."""
    store = Store(url)
    try:
        _migrate(store, application)
    finally:
        store.close()


def _migrate(store: Store, application: str | None) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))

    def change(connection: Connection) -> None:
        hold = isolation.begun(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        isolation.complete(connection, application, hold=hold)

    alter(store, change)


def isolate(url: str, application: str) -> None:
    """Hold everyone to the tenants they name, from now on, as the owner at `url`."""
    store = Store(url)
    try:
        alter(store, partial(isolation.complete, application=application, hold=True))
    finally:
        store.close()


def _demand_current(connection: Connection) -> None:
    there = inspect(connection).has_table(VERSION_TABLE)
    version = text("SELECT version_num FROM welfare_version")
    found = connection.execute(version).scalar() if there else None
    if found is None or found < HEAD:
        raise ConfigurationError(
            f"the store of reports is on schema {found or 'none'}, this program on {HEAD}: run"
            " `stafettbro migrate` with the owner's address (welfare.database_owner_url)"
        )
    if not isolation.isolated(connection):
        log(Event.NOT_ISOLATED, level=logging.WARNING)


def _make_private(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return
    path = Path(parsed.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
