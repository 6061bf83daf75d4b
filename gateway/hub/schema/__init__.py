"""The database schema and its migrations (Alembic): expand first, contract one release later. A process of
the previous release goes on with a schema that a newer one has brought forward, and starts on it too."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from gateway.errors import ConfigurationError
from gateway.events import Event, log
from gateway.hub.roles import demand_isolated_role
from gateway.hub.schema import isolation
from gateway.hub.schema.altering import alter
from gateway.hub.store import Store

HEAD = "0026"


SEALED = "0020"  # the first revision whose release opens what is sealed
SEALING = "seal"  # in the place of that: somebody is sealing it, and nobody else may start
UNFINISHED = "the database is being sealed: run `stafettbro database seal` to its end"
NAMES_TENANTS = "0010"  # the first revision whose release says in each transaction whose data it may see


def bring_up(url: str, owner_url: str | None) -> None:
    """What a process does before it works on the database at `url`: it brings a SQLite file to the current
    schema, and a PostgreSQL database where it is told the owner's address. Raises ConfigurationError where
    nobody has, and where the role of `url` is one that PostgreSQL holds to no tenant."""
    store = Store(url)
    try:
        if store.sqlite:
            migrate(url)
        elif owner_url is not None:
            migrate(owner_url, application=store.url.username)
        with store.outside() as connection:
            demand_isolated_role(connection)
            if not serves(connection):
                raise ConfigurationError(
                    f"the database is on schema {current(connection) or 'none'}, this program on {HEAD}: run"
                    " `stafettbro migrate` with the owner's address (database_owner_url)"
                )
            if not isolation.isolated(connection):
                log(Event.NOT_ISOLATED, level=logging.WARNING)
    finally:
        store.close()


def migrate(url: str, revision: str = "head", application: str | None = None) -> None:
    """Bring the database at `url` to a revision; one that a newer release has brought further is left as it
    is. Creates the file of a SQLite database. On PostgreSQL `url` is the owner's, and `application` the role
    that may work on the tables; a database made anew is isolated from the start. Raises ConfigurationError
    for a schema that this release can no longer work with."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    store = Store(url)

    def change(connection: Connection) -> None:
        found = current(connection)
        if found == HEAD and being_sealed(connection):
            return  # so that `stafettbro database seal` can go on; nobody else starts
        if serves(connection) and found != HEAD:
            return
        hold = revision == "head" and isolation.begun(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        isolation.complete(connection, application, hold=hold)
        if found is None and revision == "head":
            raise_floor(connection, SEALED)
        elif hold and not store.sqlite:
            raise_floor(connection, NAMES_TENANTS)

    try:
        alter(store, change)
    finally:
        store.close()


def isolate(url: str, application: str) -> None:
    """Hold everyone to the tenants they name, from now on, as the owner at `url`; a table at a time, so that
    nobody waits long. Releases that name no tenants do not start any more."""
    store = Store(url)

    def allow(connection: Connection) -> None:
        isolation.complete(connection, application, hold=False)
        raise_floor(connection, NAMES_TENANTS)

    try:
        alter(store, allow)
        with store.outside() as connection:
            wanted = [one.table for one in isolation.standings(connection) if one.owned and not one.held]
        for table in wanted:
            alter(store, partial(isolation.enforce, table=table))
    finally:
        store.close()


def raise_floor(connection: Connection, oldest: str) -> None:
    """Releases of before this schema would read nothing here, or read it wrongly: they are not to start."""
    if inspect(connection).has_table("schema_floor"):
        given = {"oldest": oldest}
        connection.execute(text("UPDATE schema_floor SET oldest = :oldest WHERE oldest < :oldest"), given)


def is_sealed(connection: Connection) -> bool:
    """Whether everything personal in the database is sealed: it was made so, or `stafettbro database seal`
    has done it since."""
    oldest = connection.execute(text("SELECT max(oldest) FROM schema_floor")).scalar()
    return oldest is not None and SEALED <= str(oldest) < SEALING


def being_sealed(connection: Connection) -> bool:
    """Whether `stafettbro database seal` has begun and not ended: then it alone may work on the database."""
    return connection.execute(text("SELECT max(oldest) FROM schema_floor")).scalar() == SEALING


def set_floor(url: str, oldest: str) -> str | None:
    """Say, as the owner at `url`, who may start from now on; what was said before."""
    store = Store(url)
    try:
        with store.outside(write=True) as connection:
            before = connection.execute(text("SELECT max(oldest) FROM schema_floor")).scalar()
            connection.execute(text("UPDATE schema_floor SET oldest = :oldest"), {"oldest": oldest})
            return before
    finally:
        store.close()


def current(connection: Connection) -> str | None:
    """The revision that the database is on; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found else None


def serves(connection: Connection) -> bool:
    """Whether this program can work on the database as it is: on its own schema, or on a newer one that still
    has what this one needs. Raises ConfigurationError for a newer one that has not."""
    found = current(connection)
    if found is None or found < HEAD:
        return False
    oldest = connection.execute(text("SELECT oldest FROM schema_floor")).scalar()
    if oldest == SEALING:
        raise ConfigurationError(UNFINISHED)
    if oldest is not None and str(oldest) > HEAD:
        raise ConfigurationError(
            f"the database is on schema {found}, which releases before schema {oldest} cannot use; this"
            f" program is on {HEAD}: start the newer release"
        )
    return True
