"""Reads the audit's rows and blocks as they are stored, times as the numbers they are, so that a digest can
be made of them; and writes blocks. Changes nothing that is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, Table, func, insert, select, table, type_coerce
from sqlalchemy import column as named

from gateway.hub.audit.chain import Block
from gateway.hub.schema.audit import audit, audit_block
from gateway.hub.schema.instant import Instant

PAGE: Final = 2_000
Stored = Row[Any]


def as_stored(table: Table) -> list[Any]:
    """A table's columns, times as numbers."""
    return [
        type_coerce(column, BigInteger).label(column.name) if isinstance(column.type, Instant) else column
        for column in table.c
    ]


_ROW: Final = as_stored(audit)
_BLOCK: Final = as_stored(audit_block)


def numbers_after(connection: Connection, tenant: str, low: int, most: int) -> list[int]:
    """Numbers of the entries there are after one, in order."""
    found = (
        select(audit.c.number)
        .where(audit.c.tenant == tenant, audit.c.number > low)
        .order_by(audit.c.number)
        .limit(most)
    )
    return [int(one) for one in connection.execute(found).scalars()]


def of_numbers(connection: Connection, tenant: str, numbers: list[int]) -> dict[int, Stored]:
    """These entries, by number."""
    if not numbers:
        return {}
    between = audit.c.number.between(min(numbers), max(numbers))
    rows = connection.execute(select(*_ROW).where(audit.c.tenant == tenant, between))
    wanted = frozenset(numbers)
    return {row.number: row for row in rows if row.number in wanted}


def every_number(connection: Connection, tenant: str) -> Iterator[int]:
    """The number of every entry, in order."""
    last = -1
    while page := numbers_after(connection, tenant, last, PAGE):
        yield from page
        last = page[-1]


def newest(connection: Connection, tenant: str) -> Block | None:
    """The last block."""
    found = select(*_BLOCK).where(audit_block.c.tenant == tenant).order_by(audit_block.c.number.desc())
    row = connection.execute(found.limit(1)).first()
    return None if row is None else _block(row)


def blocks(connection: Connection, tenant: str, after: int = -1) -> Iterator[Block]:
    """Every block after one, in order."""
    while True:
        found = (
            select(*_BLOCK)
            .where(audit_block.c.tenant == tenant, audit_block.c.number > after)
            .order_by(audit_block.c.number)
            .limit(50)
        )
        page = [_block(row) for row in connection.execute(found)]
        yield from page
        if not page:
            return
        after = page[-1].number


def chained_after(connection: Connection, tenant: str, low: int) -> set[int]:
    """Numbers above one that stand in a block already."""
    found = (
        select(*_BLOCK)
        .where(audit_block.c.tenant == tenant, audit_block.c.highest > low)
        .order_by(audit_block.c.number)
    )
    blocks_of = (_block(row) for row in connection.execute(found))
    return {number for block in blocks_of for number, _ in block.members() if number > low}


def add(connection: Connection, block: Block) -> None:
    """Write a block. Raises IntegrityError where another has written one of its number."""
    given = {name: getattr(block, name) for name in audit_block.c.keys()}  # noqa: SIM118 - names
    connection.execute(_ADD, given)


_ADD: Final = insert(table(audit_block.name, *(named(one.name) for one in audit_block.c)))


def unchained(connection: Connection, tenant: str) -> int:
    """How many entries stand in no block yet."""
    last = newest(connection, tenant)
    low = last.low if last else 0
    found = select(func.count()).where(audit.c.tenant == tenant, audit.c.number > low)
    return int(connection.execute(found).scalar_one()) - len(chained_after(connection, tenant, low))


def _block(row: Stored) -> Block:
    said: dict[str, Any] = {
        name: bytes(v) if isinstance(v, memoryview) else v for name, v in row._mapping.items()
    }
    return Block(**said)
