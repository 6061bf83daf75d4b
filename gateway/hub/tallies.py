"""Counts by day, kind and system, which a page can read without counting anything: added to as things happen,
or set to what was counted. Numbers and days alone; no count says of whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.schema.tallies import tally


class Kind(StrEnum):
    """What is counted, at most 12 characters."""

    TAKEN = "taken"  # items that came in, each new version once
    REFUSED_IN = "refused-in"  # records that were refused at intake, each time they came
    DELIVERED = "delivered"  # the recipient's system has said that it took it
    REFUSED = "refused"  # it said no
    HELD = "held"  # held back before it was tried: nothing of it left
    UNKNOWN = "unknown"  # it may have arrived
    RECEIPTS = "receipts"  # acknowledged by a person or system at the recipient, by a receipt of its own
    WAIT = "wait"  # seconds: of what waited longest, at any look that day


LONGEST: Final = frozenset({Kind.WAIT})  # of several, the greatest counts and not the sum
IN: Final = frozenset({Kind.TAKEN, Kind.REFUSED_IN})  # by the system they came from; the others by recipient
ByDay = Mapping[tuple[date, Kind], int]
_KEY: Final = ("tenant", "day", "kind", "system")


@dataclass(frozen=True, slots=True)
class Count:
    """One number."""

    day: date
    kind: Kind
    system: str
    number: int


def add(connection: Connection, tenant: str, counts: Iterable[Count]) -> None:
    """Add to what stands; of kinds that tell the longest, the greater stays. In the order of their keys, so
    that those who add at the same time wait for each other and never in a ring."""
    for longest in (False, True):
        rows = [_row(tenant, one) for one in counts if (one.kind in LONGEST) is longest]
        if rows:
            statement = _upsert(connection.dialect.name, longest=longest)
            connection.execute(statement, sorted(rows, key=lambda row: tuple(row[k] for k in _KEY)))


def replace(
    connection: Connection, tenant: str, day: date, kinds: Iterable[Kind], counts: Iterable[Count]
) -> None:
    """Set all counts of these kinds of one day."""
    columns = tally.c
    wanted = sorted(kind.value for kind in kinds)
    connection.execute(
        delete(tally).where(
            columns.tenant == tenant, columns.day == day.isoformat(), columns.kind.in_(wanted)
        )
    )
    rows = [_row(tenant, one) for one in counts if one.number]
    if rows:
        connection.execute(insert(tally), rows)


def between(connection: Connection, tenant: str, first: date, last: date, system: str | None = None) -> ByDay:
    """The numbers of each day from first to last, of one system or of all together."""
    columns = tally.c
    where = [columns.tenant == tenant, columns.day.between(first.isoformat(), last.isoformat())]
    if system is not None:
        where.append(columns.system == system)
    rows = connection.execute(
        select(columns.day, columns.kind, func.sum(columns.number), func.max(columns.number))
        .where(*where)
        .group_by(columns.day, columns.kind)
    )
    known = {kind.value: kind for kind in Kind}  # a newer release may count more
    return {
        (date.fromisoformat(day), known[kind]): int(most if known[kind] in LONGEST else total)
        for day, kind, total, most in rows
        if kind in known
    }


def _row(tenant: str, one: Count) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "day": one.day.isoformat(),
        "kind": one.kind.value,
        "system": one.system,
        "number": one.number,
    }


def _upsert(dialect: str, *, longest: bool) -> Any:
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    statement = kind.insert(tally)
    given = statement.excluded.number
    greatest = func.greatest if dialect == "postgresql" else func.max
    number = greatest(tally.c.number, given) if longest else tally.c.number + given
    return statement.on_conflict_do_update(index_elements=list(_KEY), set_={"number": number})
