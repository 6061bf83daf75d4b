"""Seals what stands in clear in a database of before: every content column, and every name of others'
records. Done once, while nobody works on it; cut off, it goes on where it stood, and nobody starts before its
end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, select, text, tuple_, update

from gateway import jsontext
from gateway.errors import ConfigurationError
from gateway.hub.content import CLEAR, TENANT, pack
from gateway.hub.names import NativeId
from gateway.hub.opened import prove
from gateway.hub.schema import SEALED, SEALING, is_sealed, set_floor
from gateway.hub.schema.every import metadata
from gateway.hub.schema.isolation import lifted
from gateway.hub.schema.tables import lane
from gateway.hub.store import Store
from gateway.keys.keyring import FORM, Keyring, SealBroken

CHUNK: Final = 500  # rows in one transaction
PATIENCE: Final = 3.0  # seconds: connections that were given back are counted until they have ended
_OTHERS: Final = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND pid <> pg_backend_pid()"
)
COLUMNS: Final = ("content", "answers")  # where JSON stands


def tables() -> list[Table]:
    """Those that hold something to be sealed or hidden."""
    return [table for table in metadata.sorted_tables if _contents(table) or _names(table)]


def whose(row: Any) -> str:
    """Whose key seals a row: the person's that it is about, else the tenant's."""
    own = row._mapping
    return str(own["person"] if "person" in own else own.get("kept", TENANT))


def seal(store: Store, owner_url: str, tenants: Iterable[str]) -> Iterator[int]:
    """Seal everything of these tenants, and of whoever else has rows; yields how many rows so far. owner_url:
    as who it is said that the database is sealed. Raises ConfigurationError where somebody is at work on it,
    and where it was begun with another key store."""
    keys = store.keys
    assert keys is not None
    with store.outside() as connection:
        if is_sealed(connection):
            return
        _demand_alone(connection)
    prove(store, keys)
    _close_doors(store, owner_url)
    done = 0
    for tenant in sorted({*tenants, *_with_rows(owner_url)}):
        for table in tables():
            for chunk in _chunks(store, tenant, table, keys):
                done += chunk
                yield done
        _forget_words(store, tenant)
    keys.seals = True
    _wipe(store)
    set_floor(owner_url, SEALED)


def _forget_words(store: Store, tenant: str) -> None:
    """Why a lane is held was written freely once, in clear; it is a code now."""
    with store.write(tenant) as connection:
        own = (lane.c.tenant == tenant, lane.c.state == "held")
        connection.execute(update(lane).where(*own).values(last_error=None))


def _close_doors(store: Store, owner_url: str) -> None:
    """Nobody starts from now on, and nobody has started since we looked."""
    before = set_floor(owner_url, SEALING)
    try:
        with store.outside() as connection:
            _demand_alone(connection)
    except ConfigurationError:
        set_floor(owner_url, str(before))
        raise


def _with_rows(owner_url: str) -> set[str]:
    """Every tenant that has something here, also where the configuration names it no more."""
    wanted = tables()
    store = Store(owner_url)
    try:
        with store.outside(write=True) as connection, lifted(connection, *(table.name for table in wanted)):
            found = (connection.execute(select(table.c.tenant).distinct()).scalars() for table in wanted)
            return {tenant for some in found for tenant in some}
    finally:
        store.close()


def _wipe(store: Store) -> None:
    """What stood in clear in the free pages of a SQLite file goes too, and what of it stands beside the
    file. (PostgreSQL's owner does it by VACUUM FULL: docs/operations.md.)"""
    if not store.sqlite:
        return
    with closing(store.engine.raw_connection()) as raw:
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            raw.cursor().execute(statement).fetchall()


def _chunks(store: Store, tenant: str, table: Table, keys: Keyring) -> Iterator[int]:
    """Row by row in the order of the key; a key that is hidden itself changes its place, so all of these are
    listed first."""
    own = list(table.primary_key)
    with store.read(tenant) as connection:
        moving = any(isinstance(column.type, NativeId) for column in own)
        listed = iter(_keys(connection, tenant, table, keys)) if moving else None
    last: tuple[Any, ...] | None = None
    while True:
        with store.write(tenant) as connection:
            keys.seals = False
            if listed is not None:
                wanted = list(islice(listed, CHUNK))
                rows = _rows(connection, table, tuple_(*own).in_(wanted)) if wanted else []
            else:
                here = [table.c.tenant == tenant, *([tuple_(*own) > last] if last is not None else [])]
                rows = _rows(connection, table, *here)
            for row in rows:
                _seal(connection, table, row, keys)
        if not rows:
            return
        last = tuple(rows[-1]._mapping[column.name] for column in own)
        yield len(rows)


def _rows(connection: Connection, table: Table, *which: Any) -> list[Row[Any]]:
    found = select(table).where(*which).order_by(*table.primary_key).limit(CHUNK)
    return list(connection.execute(found).all())


def _keys(connection: Connection, tenant: str, table: Table, keys: Keyring) -> list[tuple[Any, ...]]:
    keys.seals = False
    rows = connection.execute(select(*table.primary_key).where(table.c.tenant == tenant))
    return [tuple(row) for row in rows]


def _seal(connection: Connection, table: Table, row: Row[Any], keys: Keyring) -> None:
    """The row as it is to stand. Names that are part of its key are what it is bound to, as others say
    them."""
    own = row._mapping
    shown = {name: _shown(keys, own[name]) for name in _names(table)}
    key = [shown.get(column.name, own[column.name]) for column in table.primary_key]
    here = [column == own[column.name] for column in table.primary_key]
    keys.seals = True
    values: dict[str, Any] = {
        name: keys.hide(value) for name, value in shown.items() if value is not None and value == own[name]
    }
    for name in _contents(table):
        if own[name] and own[name][:1] != FORM:
            values[name] = pack(connection, jsontext.decode(own[name]), whose(row), table, *key)
    keys.seals = False
    if values:
        connection.execute(update(table).where(*here).values(values))


def _shown(keys: Keyring, name: str | None) -> str | None:
    """What is hidden already, as it was."""
    try:
        return None if name is None else keys.show(name)
    except SealBroken:
        return name


def _contents(table: Table) -> list[str]:
    return [name for name in COLUMNS if name in table.c and table.name not in CLEAR]


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns if isinstance(column.type, NativeId)]


def _demand_alone(connection: Connection) -> None:
    """On PostgreSQL nobody else may be connected; a SQLite file's processes hold locks beside it, which the
    command has asked for."""
    if connection.dialect.name != "postgresql":
        return
    end = time.monotonic() + PATIENCE
    while (others := connection.execute(_OTHERS).scalar_one()) and time.monotonic() < end:
        time.sleep(0.1)
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    if others:
        raise ConfigurationError(f"{others} connections to the database are open: stop the gateway first")
