"""Row-level security: which rows a transaction may see and write is held by PostgreSQL itself, in every table,
to the tenants that the transaction has named (gateway/hub/store.py). SQLite has nothing of the kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

POLICY: Final = "tenant"
# Unset, as before any transaction, is null or empty: then it is nobody's, and nothing is seen. The subselect
# is worked out once per statement, not once per row.
NAMED: Final = "(SELECT string_to_array(current_setting('stafettbro.tenants', true), ','))"
_OWN: Final = f"tenant = ANY ({NAMED}::text[])"


def protect(connection: Connection, *tables: str) -> None:
    """For a migration that makes tables: from now on each row is its tenant's alone, whoever asks, the
    tables' owner too. Call it with op.get_bind() and the names, after op.create_table."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        allow(connection, table)
        enforce(connection, table)


def allow(connection: Connection, table: str) -> None:
    """Say whose each row is; nothing is held to it before `enforce`."""
    connection.exec_driver_sql(f"DROP POLICY IF EXISTS {POLICY} ON {table}")
    connection.exec_driver_sql(f"CREATE POLICY {POLICY} ON {table} USING ({_OWN}) WITH CHECK ({_OWN})")


def enforce(connection: Connection, table: str) -> None:
    """Hold everyone to it, the table's owner too."""
    connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    connection.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


@contextmanager
def lifted(connection: Connection, *tables: str) -> Iterator[None]:
    """For a migration that changes what stands in tables: within it, and within its transaction, their owner
    sees every row; nobody else does at any time."""
    forced = connection.dialect.name == "postgresql" and _forced(connection, tables)
    for table in forced or ():
        connection.exec_driver_sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    yield
    for table in forced or ():
        connection.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _forced(connection: Connection, tables: tuple[str, ...]) -> list[str]:
    """Those of these tables that hold their owner to it."""
    asked = "SELECT relforcerowsecurity FROM pg_class WHERE oid = to_regclass(%s)"
    return [one for one in tables if connection.exec_driver_sql(asked, (one,)).scalar()]
