"""Entries of the audit as they are asked for, newest first, each with what its disclosure told and how that
ended. Reads alone; whom it may be told to is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, exists, or_, select

from gateway.hub.audit.entries import Kind, Outcome
from gateway.hub.content import unpack
from gateway.hub.schema.audit import audit
from gateway.hub.schema.tables import disclosure, person

CHANNELS: Final = {"read": Kind.READ, "page": Kind.READ}  # of a disclosure that moved here; others were sent
ENDED: Final = {"delivered": Outcome.DONE, "sending": Outcome.DONE, "refused": Outcome.REFUSED}


@dataclass(frozen=True, slots=True)
class Looked:
    """One entry. person: whom it is about now. items: (reference, version) of what was told; grounds: why,
    by reference. state: how the disclosure stands; None where nothing was told."""

    number: int
    at: datetime
    kind: Kind
    action: str
    outcome: Outcome
    source: str
    person: str | None
    client: str | None
    system: str | None
    subject: str | None
    details: Mapping[str, Any]
    items: tuple[tuple[str, int], ...] = ()
    consents: tuple[str, ...] = ()
    state: str | None = None
    grounds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. person: about this one, and about whoever became the same person. system: only what
    this system asked for or got. before: numbers below this one."""

    person: str | None = None
    number: int | None = None
    system: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


def looked(connection: Connection, tenant: str, wanted: Wanted) -> list[Looked]:
    """The entries, newest first."""
    columns = audit.c
    where = [columns.tenant == tenant, columns.kind != Kind.CLOSED, *_where(wanted)]
    if wanted.person is None:
        where.append(columns.kind != Kind.MOVED)
    else:
        people = same_person(connection, tenant, wanted.person)
        where += [columns.person.in_(people), *_theirs(tenant, people)]
    rows = connection.execute(
        select(audit).where(*where).order_by(columns.number.desc()).limit(wanted.limit)
    ).all()
    told = _told(connection, tenant, [row.subject for row in rows if row.pin is not None])
    return [_looked(connection, row, told.get(row.subject) if row.pin is not None else None) for row in rows]


def _theirs(tenant: str, people: list[str]) -> Iterable[ColumnElement[bool]]:
    """Of what was told, what is about these now; and that it moved to them only where they were not told
    before, nor since."""
    columns, other = audit.c, audit.alias()
    about = exists().where(
        disclosure.c.tenant == tenant, disclosure.c.id == columns.subject, disclosure.c.person.in_(people)
    )
    told = exists().where(
        other.c.tenant == tenant,
        other.c.person.in_(people),
        other.c.subject == columns.subject,
        other.c.pin.is_not(None),
        or_(other.c.kind != Kind.MOVED, other.c.number < columns.number),
    )
    yield or_(columns.pin.is_(None), about)
    yield or_(columns.kind != Kind.MOVED, ~told)


def _where(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    columns = audit.c
    if wanted.number is not None:
        yield columns.number == wanted.number
    if wanted.system is not None:
        yield columns.system == wanted.system
    if wanted.since is not None:
        yield columns.at >= wanted.since
    if wanted.until is not None:
        yield columns.at < wanted.until
    if wanted.before is not None:
        yield columns.number < wanted.before


def same_person(connection: Connection, tenant: str, own: str) -> list[str]:
    """The person, and everyone who was merged into them: entries stay with whom they were written about."""
    found, asked = [own], [own]
    while asked:
        merged = select(person.c.id).where(person.c.tenant == tenant, person.c.merged_into.in_(asked))
        asked = [one for one in connection.execute(merged).scalars() if one not in found]
        found += asked
    return found


def _told(connection: Connection, tenant: str, ids: list[str]) -> dict[str, Row[Any]]:
    found = select(disclosure).where(disclosure.c.tenant == tenant, disclosure.c.id.in_(ids))
    return {row.id: row for row in connection.execute(found)} if ids else {}


def _looked(connection: Connection, row: Row[Any], told: Row[Any] | None) -> Looked:
    items = []
    if told is not None:
        items = unpack(connection, told._mapping["items"], disclosure, told.tenant, told.id)
    kind, action, at = Kind(row.kind), row.action, row.at
    if kind is Kind.MOVED and told is not None:
        kind, action, at = CHANNELS.get(told.channel, Kind.DISCLOSURE), told.channel, told.started
    return Looked(
        number=row.number,
        at=at,
        kind=kind,
        action=action,
        outcome=ENDED.get(told.state, Outcome.FAILED) if told is not None else Outcome(row.outcome),
        source=row.source,
        person=told.person if told is not None else row.person,
        client=row.client,
        system=row.system,
        subject=row.subject,
        details=unpack(connection, row.content, audit, row.tenant) if row.content else {},
        items=tuple((one["ref"], int(one["version"])) for one in items),
        consents=tuple(sorted({ref for one in items for ref in one["consents"]})),
        state=told.state if told is not None else None,
        grounds={one["ref"]: one["ground"] for one in items},
    )
