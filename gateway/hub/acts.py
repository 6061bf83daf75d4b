"""What named persons decide about a person beside consents: something of a protected child let go, an
objection or its override, a finding that care is necessary, what is withheld from guardians, danger to life
or health, that somebody is none of an organization's patients. Kept as said, with who and why; never changed
but to say that it has ended or was told.

Source: law.md B1, B2, B3, W3, G4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry
from gateway.hub.audit.entries import Kind as Audited
from gateway.hub.content import pack, unpack
from gateway.hub.schema.acts import act


class Kind(StrEnum):
    """What was decided."""

    RELEASE = "release"  # B1: parts that address protection holds may go; `keys`
    OBJECTION = "objection"  # B2: the person objects to health care sharing among itself
    OVERRIDE = "override"  # B2: an objection is set aside for weighty reasons
    FINDING = "finding"  # W3: care is necessary, so one guardian suffices
    WITHHOLDING = "withholding"  # B3: items are withheld from guardians
    EMERGENCY = "emergency"  # G4: danger to life or health; one item to one system
    WRONG_PERSON = "wrong-person"  # an organization says that this is none of its patients: it sees no more
    RIGHT_PERSON = "right-person"  # the answer to that: it is, and the report has ended
    STAYS_CLOSED = "stays-closed"  # the other answer: it is not, and the report goes on standing


# Sharing becomes less while they stand.
NARROWING = frozenset({Kind.OBJECTION, Kind.WITHHOLDING, Kind.WRONG_PERSON})


@dataclass(frozen=True, slots=True)
class Act:
    """One act. by, reason: the named person's. items: hub references. recipients: organization numbers or
    service codes; for an emergency one system's id. keys: what is released. ends: when it ends by itself.
    ended: when somebody ended it. told: when those concerned were told."""

    id: str
    person: str
    kind: Kind
    by: str
    reason: str
    client: str
    created: datetime
    ends: datetime | None = None
    ended: datetime | None = None
    told: datetime | None = None
    items: frozenset[str] = frozenset()
    recipients: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    weighty: bool = False
    presumed: bool = False

    def stands(self, at: datetime) -> bool:
        """Whether nobody had ended it then, and it had been made."""
        return self.created <= at and (self.ended is None or self.ended > at)


_SETS = ("items", "recipients", "categories", "keys")


def content(one: Act) -> dict[str, Any]:
    """What of it stands in the content column."""
    said: dict[str, Any] = {"by": one.by, "reason": one.reason}
    said |= {name: sorted(getattr(one, name)) for name in _SETS}
    return said | {"weighty": one.weighty, "presumed": one.presumed}


def of_content(said: dict[str, Any], **clear: Any) -> Act:
    """The act of its content and its clear columns."""
    sets = {name: frozenset(said[name]) for name in _SETS}
    return Act(**clear, **{**said, **sets})


def of_person(connection: Connection, tenant: str, person: str) -> list[Act]:
    """All acts about a person, ended ones too, oldest first."""
    rows = connection.execute(_OF_PERSON, {"tenant": tenant, "person": person}).all()
    return [_act(connection, row) for row in rows]


_OF_PERSON = (  # built once: building it costs more than running it
    select(act)
    .where(act.c.tenant == bindparam("tenant"), act.c.person == bindparam("person"))
    .order_by(act.c.created, act.c.id)
)


def one_of(connection: Connection, tenant: str, person: str, own: str) -> Act | None:
    """One act about a person."""
    return next((one for one in of_person(connection, tenant, person) if one.id == own), None)


def by_id(connection: Connection, tenant: str, own: str) -> Act | None:
    """One act, whomever it is about by now."""
    row = connection.execute(select(act).where(act.c.tenant == tenant, act.c.id == own)).first()
    return None if row is None else _act(connection, row)


def keep(connection: Connection, tenant: str, made: Iterable[Act]) -> None:
    """Write acts; one that is there already gets its end."""
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    made = list(made)
    rows = [
        {
            "tenant": tenant,
            "id": one.id,
            "person": one.person,
            "kind": one.kind,
            "client": one.client,
            "created": one.created,
            "ends": one.ends,
            "ended": one.ended,
            "told": one.told,
            "content": pack(connection, content(one), one.person, act, tenant, one.id),
        }
        for one in made
    ]
    if rows:
        statement = dialect.insert(act)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["tenant", "id"], set_={"ended": statement.excluded.ended}
            ),
            rows,
        )
        entries.write(connection, tenant, [_said(one) for one in made])


def _said(one: Act) -> Entry:
    """As the audit tells of it: that it was made, or has ended."""
    kind = Audited.EMERGENCY if one.kind is Kind.EMERGENCY else Audited.DECISION
    action = f"act {one.kind.value}" + (" ended" if one.ended is not None else "")
    return Entry(kind, one.ended or one.created, one.person, action, client=one.client, subject=one.id)


def tell(connection: Connection, tenant: str, person: str, own: str, now: datetime) -> bool:
    """Note that those concerned were told. False where that had been noted, or there is no such act."""
    told = connection.execute(
        update(act)
        .where(act.c.tenant == tenant, act.c.person == person, act.c.id == own, act.c.told.is_(None))
        .values(told=now)
    )
    if told.rowcount == 1:
        entries.write(connection, tenant, [Entry(Audited.EMERGENCY, now, person, "act told", subject=own)])
    return told.rowcount == 1


def ended(one: Act, now: datetime) -> Act:
    """The act as ended now; one that had ended stays as it was."""
    return one if one.ended is not None else replace(one, ended=now)


def ending(one: Act, ends: datetime) -> Act:
    """The act, to end by itself then."""
    return replace(one, ends=ends)


def open_at(found: Iterable[Act], at: datetime | None) -> list[Act]:
    """Those that stand at a time; None: that nobody has ended."""
    return [one for one in found if (one.stands(at) if at is not None else one.ended is None)]


def _act(connection: Connection, row: Any) -> Act:
    return of_content(
        unpack(connection, row.content, act, row.tenant, row.id),
        id=row.id,
        person=row.person,
        kind=Kind(row.kind),
        client=row.client,
        created=row.created,
        ends=row.ends,
        ended=row.ended,
        told=row.told,
    )
