"""Resource versions: append-only, raw JSON, the newest is the current one; and the feed over them.

Nothing is overwritten or deleted: an item registered in error gets a version that says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Executable,
    Select,
    Text,
    bindparam,
    select,
    text,
    type_coerce,
    update,
)  # fmt: skip
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub import names, writers
from gateway.hub.audit import entries
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.content import pack, unpack
from gateway.hub.schema.tables import resource, resource_version
from mappings.model import Resource

# What consent decisions rest on: a change of one of these re-evaluates everything about the person.
FACTS = frozenset({"CarePlan", "Patient", "PractitionerRole", "RelatedPerson", "Consent"})


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one resource."""

    ref: str
    version: int
    person: str
    item: str  # reference of the focal resource
    change_no: int
    source: str  # system it came from
    created_by: str  # system the item was first written in
    recorded: datetime | None
    first_recorded: datetime | None
    stored: datetime
    resource: Resource
    writers: tuple[str, ...] = ()  # of a Provenance: who has ever written in what it tells about


# A version with what its head says of the resource: `of_rows` reads it in this order.
WITH_HEAD = (
    resource_version.c.tenant,
    resource_version.c.ref,
    resource_version.c.version,
    resource_version.c.person,
    resource.c.item,
    resource_version.c.change_no,
    resource.c.created_by,
    resource.c.first_recorded,
    type_coerce(resource.c.writers, Text),  # hidden, as it is stored
    resource_version.c.source,
    resource_version.c.recorded,
    resource_version.c.stored,
    resource_version.c.content,
)


def _current() -> Select[Any]:
    return (
        select(*WITH_HEAD)
        .select_from(resource)
        .join(
            resource_version,
            (resource_version.c.tenant == resource.c.tenant)
            & (resource_version.c.ref == resource.c.ref)
            & (resource_version.c.version == resource.c.version),
        )
    )


def of_rows(connection: Connection, rows: Iterable[Any]) -> Iterator[Version]:
    """The versions of rows with these columns. Who wrote is read once for all that the same have written."""
    known: dict[str | None, tuple[str, ...]] = {None: ()}
    for row in rows:
        tenant, ref, version, person, item, change_no, by, first, hidden, source, said, stored, content = row
        if hidden not in known:
            known[hidden] = writers.read(names.shown(connection.dialect, hidden))
        yield Version(
            ref=ref,
            version=version,
            person=person,
            item=item,
            change_no=change_no,
            source=source,
            created_by=by,
            recorded=said,
            first_recorded=first,
            stored=stored,
            resource=unpack(connection, content, resource_version, tenant, ref, version),
            writers=known[hidden],
        )


def _run(connection: Connection, statement: Select[Any], given: dict[str, Any]) -> dict[str, Version]:
    return {one.ref: one for one in of_rows(connection, connection.execute(statement, given).all())}


# Statements that run often are built once: building them costs more than running them.
_TENANT = resource.c.tenant == bindparam("tenant")
_WANTED: BindParameter[Any] = bindparam("wanted", expanding=True)
_OF = (_TENANT, resource.c.person == bindparam("person"))
_AFTER = resource.c.change_no > bindparam("after")
_OF_ITEMS = _current().where(_TENANT, resource.c.item.in_(_WANTED)).order_by(resource.c.change_no)
_OF_REFS = _current().where(_TENANT, resource.c.ref.in_(_WANTED)).order_by(resource.c.change_no)
_OF_PERSON = _current().where(*_OF, _AFTER).order_by(resource.c.change_no)
_OF_TYPES = _current().where(*_OF, resource.c.type.in_(_WANTED)).order_by(resource.c.change_no)
_ONE = _current().where(_TENANT, resource.c.ref == bindparam("own")).order_by(resource.c.change_no)
_CHANGED = select(resource.c.item, resource.c.change_no).where(*_OF, _AFTER).order_by(resource.c.change_no)


def of_items(connection: Connection, tenant: str, items: Iterable[str]) -> dict[str, Version]:
    """Current versions of these items: the focal resources and what they own."""
    wanted = list(items)
    if not wanted:
        return {}
    return _run(connection, _OF_ITEMS, {"tenant": tenant, "wanted": wanted})


def of_refs(connection: Connection, tenant: str, refs: Iterable[str]) -> dict[str, Version]:
    """Current versions of these resources themselves."""
    wanted = list(refs)
    if not wanted:
        return {}
    return _run(connection, _OF_REFS, {"tenant": tenant, "wanted": wanted})


def of_person(connection: Connection, tenant: str, person: str, *, after: int = 0) -> dict[str, Version]:
    """Current versions of everything about this person that changed after a change number, in order."""
    return _run(connection, _OF_PERSON, {"tenant": tenant, "person": person, "after": after})


def of_types(connection: Connection, tenant: str, person: str, types: Iterable[str]) -> dict[str, Version]:
    """Current versions of these types of resources about this person."""
    return _run(connection, _OF_TYPES, {"tenant": tenant, "person": person, "wanted": list(types)})


def current(connection: Connection, tenant: str, ref: str) -> Version | None:
    """The current version of one resource."""
    return _run(connection, _ONE, {"tenant": tenant, "own": ref}).get(ref)


def history(connection: Connection, tenant: str, ref: str) -> list[Version]:
    """All versions of one resource, newest first."""
    head, old = resource.c, resource_version.c
    rows = connection.execute(
        select(*WITH_HEAD)
        .join(resource_version, (old.tenant == head.tenant) & (old.ref == head.ref))
        .where(head.tenant == tenant, head.ref == ref)
        .order_by(old.version.desc())
    )  # fmt: skip
    return list(of_rows(connection, rows.all()))


def items_changed(connection: Connection, tenant: str, person: str, after: int) -> list[str]:
    """References of the items of this person with a change after this number, in the order of change."""
    rows = connection.execute(_CHANGED, {"tenant": tenant, "person": person, "after": after}).all()
    return list(dict.fromkeys(row.item for row in rows))


def append(connection: Connection, tenant: str, versions: Iterable[Version], transaction: int) -> None:
    """Write new versions and move the heads. The caller holds the persons' locks and numbered them."""
    rows = list(versions)
    if not rows:
        return
    connection.execute(
        _APPEND,
        [
            {
                "tenant": tenant,
                "ref": v.ref,
                "version": v.version,
                "person": v.person,
                "change_no": v.change_no,
                "seq": seq,
                "transaction": transaction,
                "source": v.source,
                "recorded": v.recorded,
                "stored": v.stored,
                "content": pack(connection, v.resource, v.person, resource_version, tenant, v.ref, v.version),
            }
            for seq, v in enumerate(rows)
        ],
    )
    entries.write(connection, tenant, [_consent(v) for v in rows if v.ref.startswith("Consent/")])
    heads = {v.ref: v for v in rows}
    connection.execute(
        _move_heads(connection.dialect.name),
        [
            {
                "tenant": tenant,
                "ref": v.ref,
                "person": v.person,
                "type": v.ref.partition("/")[0],
                "item": v.item,
                "version": v.version,
                "change_no": v.change_no,
                "created_by": v.created_by,
                "first_recorded": v.first_recorded,
                "writers": writers.kept(v.writers) if v.writers else None,
            }
            for v in heads.values()
        ],
    )


def _consent(version: Version) -> Entry:
    """As the audit tells of it: somebody has decided, or taken back, or said it more exactly."""
    return Entry(
        Kind.DECISION,
        version.stored,
        version.person,
        "consent",
        system=version.source,
        subject=version.ref,
        details={"version": version.version},
    )


def renumber(connection: Connection, tenant: str, numbers: Mapping[str, int]) -> None:
    """Give heads a newer change number without a new version. The caller holds the persons' locks."""
    for ref, number in numbers.items():
        connection.execute(
            update(resource)
            .where(resource.c.tenant == tenant, resource.c.ref == ref)
            .values(change_no=number)
        )


_APPEND = resource_version.insert()


@cache
def _move_heads(dialect: str) -> Executable:
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    statement = kind.insert(resource)
    moved: Executable = statement.on_conflict_do_update(
        index_elements=["tenant", "ref"],
        set_={name: statement.excluded[name] for name in ("person", "version", "change_no", "writers")},
    )
    return moved


def feed(
    connection: Connection, tenant: str, after: tuple[int, int, str], horizon: int, limit: int
) -> list[tuple[tuple[int, int, str], str]]:
    """(position, reference) of versions over all persons after a position, only behind the horizon: no
    reader steps over a transaction that becomes visible late."""
    rows = connection.execute(
        text(
            'SELECT "transaction", seq, ref, version FROM resource_version WHERE tenant = :tenant'
            ' AND ("transaction", seq, ref) > (:t, :s, :r) AND "transaction" < :horizon'
            ' ORDER BY "transaction", seq, ref LIMIT :limit'
        ),
        {"tenant": tenant, "t": after[0], "s": after[1], "r": after[2], "horizon": horizon, "limit": limit},
    )
    return [((r.transaction, r.seq, r.ref), r.ref) for r in rows]
