"""The database schema and its migrations (Alembic): expand first, contract one release later. A process of
the previous release goes on with a schema that a newer one has brought forward, and starts on it too."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from gateway.errors import ConfigurationError
from gateway.hub.store import Store

HEAD = "0015"


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to a revision; one that a newer release has brought further is left as it
    is. Creates the file of a SQLite database. Raises ConfigurationError for a schema that this release can no
    longer work with."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    store = Store(url)
    try:
        with store.outside(write=True) as connection:
            if serves(connection) and current(connection) != HEAD:
                return
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
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
    if oldest is not None and str(oldest) > HEAD:
        raise ConfigurationError(
            f"the database is on schema {found}, which releases before schema {oldest} cannot use; this"
            f" program is on {HEAD}: start the newer release"
        )
    return True
