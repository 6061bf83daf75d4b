"""One row for each who takes part in a log or plan, in a table of its own sort: sealed by the child's key,
and written over by the next. Rows in, rows out; what stands in them is the caller's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.content import pack, unpack


def find(connection: Connection, table: Table, tenant: str, whose: str) -> tuple[Any, datetime] | None:
    """What is kept for somebody, and since when; None where nothing is."""
    row = connection.execute(select(table).where(table.c.tenant == tenant, _whose(table) == whose)).first()
    return None if row is None else (unpack(connection, row.content, table, tenant, whose), row.at)


def keep(
    connection: Connection, table: Table, tenant: str, person: str, whose: str, said: Any, at: datetime
) -> None:
    """Keep this in the place of what was. person: whose key seals it."""
    content = pack(connection, said, person, table, tenant, whose)
    row = {"tenant": tenant, _whose(table).name: whose, "person": person, "at": at, "content": content}
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["tenant", _whose(table).name], set_=row)
    )


def _whose(table: Table) -> Any:
    """The column of who takes part: the key beside the tenant."""
    return next(column for column in table.primary_key if column.name != "tenant")
