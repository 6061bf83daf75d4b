"""What is remembered of ended sharing: of which of a person's things each recipient has been told, or is to
be, that it will get no more of them. Rows in, rows out; decides and sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from gateway.hub.schema.endings import ended
from gateway.hub.schema.instant import Instant


class Told(StrEnum):
    """How far a notice has come."""

    OPEN = "open"
    TOLD = "told"
    REFUSED = "refused"
    NO_FORM = "no-form"  # the recipient can hold no such notice


@dataclass(frozen=True, slots=True)
class Ended:
    """One thing that a recipient holds and may have no more. stored: when that was seen."""

    ref: str
    notice: str
    state: Told
    stored: datetime


def of_person(connection: Connection, tenant: str, system: str, person: str) -> dict[str, Ended]:
    """Everything of this person of which sharing with the system has ended, by reference."""
    rows = connection.execute(_OF_PERSON, {"tenant": tenant, "system": system, "person": person})
    return {r.ref: Ended(r.ref, r.notice, Told(r.state), r.stored) for r in rows}


def add(connection: Connection, tenant: str, system: str, person: str, new: Iterable[Ended]) -> None:
    """Note what has ended."""
    rows = [
        {
            "tenant": tenant,
            "system": system,
            "person": person,
            "ref": one.ref,
            "notice": one.notice,
            "state": one.state.value,
            "stored": one.stored,
            "closed": None,
        }
        for one in new
    ]
    if rows:
        connection.execute(insert(ended), rows)


def lift(connection: Connection, tenant: str, system: str, refs: Iterable[str]) -> None:
    """The recipient may have these again; should that end, it is told anew."""
    wanted = list(refs)
    if wanted:
        columns = ended.c
        connection.execute(
            delete(ended).where(columns.tenant == tenant, columns.system == system, columns.ref.in_(wanted))
        )


def close(connection: Connection, tenant: str, system: str, told: Mapping[str, Told], now: datetime) -> None:
    """How notices ended, by the id of each."""
    rows = [
        {"in_tenant": tenant, "in_system": system, "in_notice": own, "to_state": state.value, "at": now}
        for own, state in told.items()
    ]
    if rows:
        connection.execute(_CLOSE, rows)


_OF_PERSON = select(ended).where(
    ended.c.tenant == bindparam("tenant"),
    ended.c.system == bindparam("system"),
    ended.c.person == bindparam("person"),
)
_CLOSE = (
    update(ended)
    .where(
        ended.c.tenant == bindparam("in_tenant"),
        ended.c.system == bindparam("in_system"),
        ended.c.notice == bindparam("in_notice"),
    )
    .values(state=bindparam("to_state"), closed=bindparam("at", type_=Instant()))
)
