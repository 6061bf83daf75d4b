"""Items that their source no longer tells of: flagged, and current everywhere all the same. Rows in, rows
out; what is flagged is decided in gateway/intake/vanished.py, and nothing is ever withdrawn for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select

from gateway.hub.notices import Kind, clear_notice, raise_notice
from gateway.hub.schema.receipts import absence

OMITTED: Final = "utelatt"  # left out of a whole, without a reason
DELETED: Final = "slettet"
OVERDUE: Final = "evalueringsfrist"  # the deadline of its evaluation has passed
OTHER: Final = "annet"  # a reason that has no code here
REASONS: Final = (OMITTED, DELETED, OVERDUE, "arkivert", "flyttet", OTHER)


@dataclass(frozen=True, slots=True)
class Absence:
    """One item that one source no longer tells of."""

    system: str
    ref: str
    person: str
    since: datetime
    reason: str
    frame: str | None = None  # of a new one: the log or plan whose coordinators are told; None: nobody


def of_person(connection: Connection, tenant: str, person: str) -> list[Absence]:
    """What is missing of a person, over all systems."""
    columns = absence.c
    return _read(connection, columns.tenant == tenant, columns.person == person)


def of_system(connection: Connection, tenant: str, system: str, *, after: str, limit: int) -> list[Absence]:
    """What a system no longer tells of, in the order of references, from after this one on."""
    columns = absence.c
    return _read(
        connection, columns.tenant == tenant, columns.system == system, columns.ref > after, limit=limit
    )


def known(connection: Connection, tenant: str, system: str, refs: Iterable[str]) -> set[str]:
    """Those of these that are flagged already."""
    wanted = list(refs)
    columns = absence.c
    found = _read(connection, columns.tenant == tenant, columns.system == system, columns.ref.in_(wanted))
    return {one.ref for one in found} if wanted else set()


def flag(connection: Connection, tenant: str, new: Iterable[Absence], now: datetime) -> int:
    """Note items as missing, and tell those who coordinate. The caller holds the persons, and passes none
    that is flagged. Returns how many."""
    found = list(new)
    rows = [
        {
            "tenant": tenant,
            "system": one.system,
            "ref": one.ref,
            "person": one.person,
            "since": one.since,
            "reason": one.reason,
        }
        for one in found
    ]
    if rows:
        connection.execute(insert(absence), rows)
    for one in found:
        if one.frame is not None:
            raise_notice(connection, tenant, Kind.VANISHED, one.person, one.ref, now, frame=one.frame)
    return len(rows)


def lift(connection: Connection, tenant: str, system: str, refs: Iterable[str], now: datetime) -> int:
    """The source tells of these again. Returns how many had been missing."""
    wanted = sorted(set(refs))
    if not wanted:
        return 0
    rows = connection.execute(_LIFT, {"tenant": tenant, "system": system, "wanted": wanted}).all()
    for row in rows:
        clear_notice(connection, tenant, Kind.VANISHED, row.person, row.ref, now)
    return len(rows)


def _read(connection: Connection, *where: Any, limit: int | None = None) -> list[Absence]:
    rows = connection.execute(select(absence).where(*where).order_by(absence.c.ref).limit(limit))
    return [Absence(r.system, r.ref, r.person, r.since, r.reason) for r in rows]


_WANTED: Any = bindparam("wanted", expanding=True)
_LIFT = (
    delete(absence)
    .where(
        absence.c.tenant == bindparam("tenant"),
        absence.c.system == bindparam("system"),
        absence.c.ref.in_(_WANTED),
    )
    .returning(absence.c.person, absence.c.ref)
)
