"""Row-level security: which rows a transaction may see and write is held by PostgreSQL itself, in all tables,
to the tenants that the transaction has named (gateway/hub/store.py). SQLite has nothing of the kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from gateway.hub.roles import claimer_of

POLICY: Final = "tenant"
# Unset, as before any transaction, is null or empty: then it is nobody's, and nothing is seen. The subselect
# is worked out once per statement, not once per row.
NAMED: Final = "(SELECT string_to_array(current_setting('stafettbro.tenants', true), ','))"
_OWN: Final = f"tenant = ANY ({NAMED}::text[])"
# What `Store.across` sees, to find out which tenants have something to do. Nothing else of any table.
CLAIMED: Final[Mapping[str, tuple[str, ...]]] = {
    "lane": (
        "tenant",
        "id",
        "recipient",
        "state",
        "owner",
        "waiting_since",
        "next_at",
        "deadline",
        "backfill",
    ),
    "recipient": ("tenant", "system"),
    "timer": ("tenant", "kind", "due"),
    "dispatch": ("tenant", "recipient", "urgent", "state", "next_at", "until"),  # of the store of reports
}
# Of no tenant: which workers live, which proofs of possession have been shown (one is refused before it is
# known whose data it was to open), and what the schema and the store of reports know of themselves.
OF_NO_TENANT: Final = frozenset(
    {"worker", "shown_proof", "alembic_version", "schema_floor", "welfare_version", "key_check", "key_word"}
)
FIRST: Final = frozenset(
    {"person", "report"}
)  # of the hub, of the store of reports: there from the first schema
READ_ONLY: Final = frozenset({"alembic_version", "schema_floor", "welfare_version"})
ADDED_TO: Final = frozenset({"audit", "audit_block"})  # what is there is neither changed nor deleted


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one table. owned: its rows have a tenant; held: everyone is held to it."""

    table: str
    owned: bool
    allowed: bool
    claimable: bool
    held: bool


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
    connection.exec_driver_sql(f"CREATE POLICY {POLICY} ON {table} USING ({_OWN}) WITH CHECK ({_OWN})")


def enforce(connection: Connection, table: str) -> None:
    """Hold everyone to it, the table's owner too."""
    connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    connection.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


@contextmanager
def lifted(connection: Connection, *tables: str) -> Iterator[None]:
    """For a migration that changes what stands in tables: within it, and within its transaction, their owner
    sees every row; nobody else does at any time."""
    held = {one.table for one in standings(connection) if one.held}.intersection(tables)
    for table in sorted(held):
        connection.exec_driver_sql(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    yield
    for table in sorted(held):
        connection.exec_driver_sql(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def isolated(connection: Connection) -> bool:
    """Whether every table is held to it."""
    return all(one.held for one in standings(connection) if one.owned)


def begun(connection: Connection) -> bool:
    """Whether this database has been isolated, so that what a migration adds is too; an empty one is."""
    return all(one.held for one in standings(connection) if one.table in FIRST)


def complete(connection: Connection, application: str | None, *, hold: bool) -> None:
    """After migrations, as the owner: every table says whose its rows are, and the application may work on
    them. hold: everyone is held to it from now on. Doing it twice does no harm."""
    for one in standings(connection):
        if one.owned and not one.allowed:
            allow(connection, one.table)
        if one.owned and hold and not one.held:
            enforce(connection, one.table)
        if application is not None:
            _grant(connection, one, application)


def standings(connection: Connection) -> list[Standing]:
    """How it stands with each table, by name; none on SQLite."""
    if connection.dialect.name != "postgresql":
        return []
    rows = connection.exec_driver_sql(
        """
        SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity,
            EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant'),
            EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenant'),
            EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'claimer')
        FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        ORDER BY c.relname
        """
    )
    return [
        Standing(table, owned, allowed, claimable, held) for table, held, owned, allowed, claimable in rows
    ]


def _grant(connection: Connection, one: Standing, application: str) -> None:
    every = ("SELECT", "INSERT", "UPDATE", "DELETE")
    kept = 1 if one.table in READ_ONLY else 2 if one.table in ADDED_TO else len(every)
    if taken := ", ".join(every[kept:]):
        connection.exec_driver_sql(f'REVOKE {taken} ON {one.table} FROM "{application}"')
    rights = ", ".join(every[:kept])
    connection.exec_driver_sql(f'GRANT {rights} ON {one.table} TO "{application}"')
    if one.table not in CLAIMED:
        return
    claimer, seen = claimer_of(application), CLAIMED[one.table]
    there = connection.exec_driver_sql(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND NOT attisdropped", (one.table,)
    )
    columns = ", ".join(row.attname for row in there if row.attname in seen)
    connection.exec_driver_sql(f'GRANT SELECT ({columns}) ON {one.table} TO "{claimer}"')
    if not one.claimable:
        connection.exec_driver_sql(
            f'CREATE POLICY claimer ON {one.table} FOR SELECT TO "{claimer}" USING (true)'
        )
