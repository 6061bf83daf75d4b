"""Messages of a lane or a system, newest first: what each was about by type and category, how it ended.
References, codes and times; never content."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select

from gateway.exchange.disclosures import EXEMPT
from gateway.hub.content import unpack
from gateway.hub.schema.tables import disclosure, resource_version
from gateway.operating.trace import item_of
from gateway.web.operations.entrance import Operator
from gateway.web.operations.naming import sealed

MOST: Final = 50
SENT: Final = ("push", "pull", EXEMPT)


@dataclass(frozen=True, slots=True)
class Listed:
    """One message. items: (type, name in addresses) of each; categories: of consent. state: of what came in
    it is nothing."""

    at: datetime
    items: tuple[tuple[str, str], ...]
    state: str = ""
    error: str | None = None
    categories: tuple[str, ...] = ()
    person: str = ""


def of_lane(connection: Connection, who: Operator, person: str, recipient: str) -> list[Listed]:
    """What was sent, or tried, about one person to one recipient."""
    columns = disclosure.c
    return _sent(connection, who, columns.person == person, columns.recipient == recipient)


def to_system(connection: Connection, who: Operator, system: str) -> list[Listed]:
    """What was sent to one system last."""
    return _sent(connection, who, disclosure.c.recipient == system)


def from_system(connection: Connection, who: Operator, system: str) -> list[Listed]:
    """What came from one system last."""
    columns = resource_version.c
    rows = connection.execute(
        select(columns.ref, columns.stored, columns.person)
        .where(columns.tenant == who.tenant, columns.source == system)
        .order_by(columns.stored.desc(), columns.ref)
        .limit(3 * MOST)
    ).all()
    items = item_of(connection, who.tenant, frozenset(row.ref for row in rows))
    focal = [row for row in rows if items.get(row.ref) == row.ref]  # what an item owns came with it
    return [Listed(row.stored, _named(who, [row.ref]), person=row.person) for row in focal[:MOST]]


def _sent(connection: Connection, who: Operator, *where: ColumnElement[bool]) -> list[Listed]:
    columns = disclosure.c
    rows = connection.execute(
        select(disclosure)
        .where(columns.tenant == who.tenant, columns.channel.in_(SENT), *where)
        .order_by(columns.started.desc(), columns.id)
        .limit(MOST)
    ).all()
    told = [unpack(connection, r._mapping["items"], disclosure, r.tenant, r.id) for r in rows]
    items = item_of(connection, who.tenant, frozenset(one["ref"] for several in told for one in several))
    return [_one(who, row, several, items) for row, several in zip(rows, told, strict=True)]


def _one(who: Operator, row: Row[Any], told: list[dict[str, Any]], items: dict[str, str]) -> Listed:
    return Listed(
        at=row.started,
        items=_named(who, dict.fromkeys(items.get(one["ref"], one["ref"]) for one in told)),
        state=row.state,
        error=row.error,
        categories=tuple(dict.fromkeys(c for one in told for c in one["categories"])),
        person=row.person,
    )


def _named(who: Operator, refs: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((ref.partition("/")[0], sealed(who.session, "item", ref)) for ref in refs)
