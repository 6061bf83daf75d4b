"""The database as commands find it: is it there, and on which schema. Never creates or changes it."""

from __future__ import annotations

from gateway.cli.outcome import Impossible
from gateway.config import Settings
from gateway.hub.opened import open_store
from gateway.hub.schema import HEAD
from gateway.hub.store import Store
from gateway.operating.database import absent as absent
from gateway.operating.database import revision as revision


def owned(settings: Settings, owner_url: str | None) -> Settings:
    """The configuration with the owner's address that a command was given, if it was. Raises Impossible on
    PostgreSQL where there is none."""
    if owner_url is not None:
        settings = settings.model_copy(update={"database_owner_url": owner_url})
    if settings.database_owner_url is None and not settings.database_url.startswith("sqlite"):
        raise Impossible("Only the tables' owner may do this: set database_owner_url, or say --owner-url.")
    return settings


def open_current(settings: Settings) -> Store:
    """The store, for a command that only reads. Raises Impossible unless the schema is the current one."""
    missing = absent(settings.database_url)
    if missing is not None:
        raise Impossible(f"There is no database yet ({missing}). `stafettbro serve` creates it.")
    found = revision(settings.database_url)
    if found is None or found < HEAD:
        raise Impossible(
            f"The database is on schema {found or 'none'}, this program on {HEAD}: run `stafettbro migrate`."
        )
    return open_store(settings)
