"""Opens the hub's database with the keys of its content: everything that reads or writes what is personal
begins here. Beside the way of a record; never migrates."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.config import Settings
from gateway.errors import ConfigurationError
from gateway.hub.schema import UNFINISHED, being_sealed, is_sealed
from gateway.hub.schema.key_word import key_word
from gateway.hub.store import Store
from gateway.keys.keyring import Keyring

_WORD: Final = "stafettbro"


def open_store(settings: Settings, *, to_seal: bool = False) -> Store:
    """The store and its keys; the schema must be there. to_seal: in order to seal it. Raises
    ConfigurationError where a key cannot be one, and for everybody else while it is being sealed."""
    return open_at(settings.database_url, Keyring.of(settings.keys, settings.state_folder), to_seal=to_seal)


def open_at(url: str, keys: Keyring, *, to_seal: bool = False) -> Store:
    """The store at an address, with these keys; the schema must be there. Raises as `open_store` does."""
    store = Store(url, keys)
    try:
        with store.outside() as connection:
            if being_sealed(connection) and not to_seal:
                raise ConfigurationError(UNFINISHED)
            keys.seals = is_sealed(connection)
        if keys.seals:
            prove(store, keys)
    except BaseException:
        store.close()
        raise
    return store


def prove(store: Store, keys: Keyring) -> None:
    """Hold the database to this key store from now on. Raises ConfigurationError for a key store that is not
    its own: it would open nothing, and know nobody again."""
    word = keys.hide(_WORD)
    with store.outside() as connection:
        known = connection.execute(select(key_word.c.word)).scalar()
    if known is None:
        with store.outside(write=True) as connection:
            dialect: Any = sqlite if store.sqlite else postgresql
            connection.execute(dialect.insert(key_word).on_conflict_do_nothing(), {"id": 1, "word": word})
            known = connection.execute(select(key_word.c.word)).scalar()
    if known != word:
        raise ConfigurationError(
            "the key store is not the one that this database was sealed with: put it back (docs/keys.md)"
        )
