"""Opens the hub's database with the keys of its content: everything that reads or writes what is personal
begins here. Beside the way of a record; never migrates."""

from __future__ import annotations

from gateway.config import Settings
from gateway.hub.schema import is_sealed
from gateway.hub.store import Store
from gateway.keys.keyring import Keyring


def open_store(settings: Settings) -> Store:
    """The store and its keys; the schema must be there. Raises ConfigurationError where a key cannot be
    one."""
    return open_at(settings.database_url, Keyring.of(settings.keys, settings.state_folder))


def open_at(url: str, keys: Keyring) -> Store:
    """The store at an address, with these keys; the schema must be there."""
    store = Store(url, keys)
    with store.outside() as connection:
        keys.seals = is_sealed(connection)
    return store
