"""What `database seal` and `keys …` do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from gateway import config
from gateway.cli import database
from gateway.cli.backup_work import demand_nobody_works
from gateway.hub import sealing
from gateway.hub.journal import Journal
from gateway.hub.opened import open_store
from gateway.hub.schema import migrate
from gateway.keys.key_store import KeyStore
from gateway.keys.keyring import store_url
from gateway.keys.wrapping import LocalKeys


def seal(path: Path, owner_url: str | None) -> int:
    """How many rows were sealed. Raises Impossible while somebody works on the database."""
    settings = database.owned(config.load(path), owner_url)
    demand_nobody_works(settings.state_folder / "workers")
    owner = settings.database_owner_url or settings.database_url
    migrate(owner, application=make_url(settings.database_url).username)
    store = open_store(settings, to_seal=True)
    try:
        rows = max(sealing.seal(store, owner, settings.tenant_ids), default=0)
        Journal(settings.journal_folder or settings.state_folder / "journal").seal(store, settings.tenant_ids)
        return rows
    finally:
        store.close()


def rewrap(path: Path) -> int:
    """How many keys were wrapped anew. Raises KeyUnknown where the one that wraps them is not configured."""
    settings = config.load(path)
    kept = KeyStore(
        store_url(settings.keys, settings.state_folder), LocalKeys.of(settings.keys, settings.state_folder)
    )
    try:
        return max(kept.rewrap(), default=0)
    finally:
        kept.close()
