"""How far the database knows the journal beside it to reach: written in the transaction that the journal's
line belongs to. Never reads the journal itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.schema.journal_mark import journal_mark
from gateway.hub.store import Store


def note(connection: Connection, tenant: str, reached: int) -> None:
    """The tenant's newest line ends here (bytes from the journal's beginning)."""
    connection.execute(_save(connection.dialect.name), {"tenant": tenant, "reached": reached})


def reached(store: Store, tenants: Iterable[str]) -> int | None:
    """The end of the last line that any of these has written; None where the journal has not been begun."""
    found: list[int] = []
    for tenant in tenants:
        with store.read(tenant) as connection:
            mark = select(journal_mark.c.reached).where(journal_mark.c.tenant == tenant)
            found.extend(connection.execute(mark).scalars())
    return max(found, default=None)


def begin(store: Store, tenants: Iterable[str]) -> None:
    """The journal begins here, empty."""
    for tenant in tenants:
        with store.write(tenant) as connection:
            note(connection, tenant, 0)


def forget(store: Store, tenants: Iterable[str]) -> None:
    """The journal is lost, and somebody has answered for what it said."""
    for tenant in tenants:
        with store.write(tenant) as connection:
            connection.execute(delete(journal_mark).where(journal_mark.c.tenant == tenant))


@cache
def _save(dialect: str) -> Executable:
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    statement = kind.insert(journal_mark)
    saved: Executable = statement.on_conflict_do_update(
        index_elements=["tenant"], set_={"reached": statement.excluded.reached}
    )
    return saved
