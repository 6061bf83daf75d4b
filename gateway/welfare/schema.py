"""The schema of the store of reports and its migrations: an Alembic environment of its own."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

from gateway.hub.store import Store

HEAD = "0001"
VERSION_TABLE = "welfare_version"


def open_store(url: str) -> Store:
    """The migrated store at `url`. A SQLite file is made readable by its own user alone."""
    _make_private(url)
    store = Store(url)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with store.outside(write=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return store


def _make_private(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return
    path = Path(parsed.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
