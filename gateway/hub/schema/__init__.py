"""The database schema and its migrations (Alembic): expand first, contract one release later."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from gateway.hub.store import Store

HEAD = "0008"


def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to a revision. Creates the file of a SQLite database."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    store = Store(url)
    try:
        with store.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    finally:
        store.close()
