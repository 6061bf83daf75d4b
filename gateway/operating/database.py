"""The database as it is found: is it there, and on which schema. Never creates or changes it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from gateway.hub.schema import current
from gateway.hub.store import Store


def absent(url: str) -> Path | None:
    """The file of a SQLite database that does not exist yet."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    path = Path(parsed.database)
    return None if path.exists() else path


def revision(url: str) -> str | None:
    """The schema the database is on; None when it has none. Raises OperationalError when out of reach."""
    if absent(url) is not None:
        return None
    store = Store(url)
    try:
        with store.outside() as connection:
            return current(connection)
    finally:
        store.close()
