"""What recipients acknowledge of what they got, each said once: the same said again gives the same receipt.
Rows in, rows out. That something was sent and received is not here: disclosures say that."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.content import pack, unpack
from gateway.hub.notices import Kind as Notice
from gateway.hub.notices import clear_notice
from gateway.hub.schema.receipts import receipt
from gateway.hub.schema.tables import disclosure, resource

LEFT = ("sending", "delivered", "unknown")
SENT = ("push", "pull", "notice")
PAGES = "~min-side/"  # with an organization number: a recipient that reads at our pages; no system's id


class Kind(StrEnum):
    """What a recipient says of an item."""

    ACCEPTED = "accepted"  # it has taken it over, as the business there counts it
    READ = "read"  # somebody there has read it
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Saying:
    """What one recipient says of one item. at: by its own clock. by, reason: in its own words."""

    recipient: str
    person: str
    ref: str
    kind: Kind
    at: datetime
    by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """One saying as it was kept. version: of the item in the hub, as the recipient had got it by then."""

    id: str
    version: int
    said: Saying
    stored: datetime


def at_pages(organization: str) -> str:
    """As what an organization acknowledges whose staff were shown an item on a page of ours."""
    return f"{PAGES}{organization}"


def keep(connection: Connection, tenant: str, said: Saying, now: datetime) -> Receipt | None:
    """Keep what a recipient says, once; what is said again gives the first receipt. None where it never got
    the item. Nobody needs to be told any more that it is unacknowledged."""
    version = _version(connection, tenant, said)
    return None if version is None else keep_of(connection, tenant, said, version, now)


def keep_of(connection: Connection, tenant: str, said: Saying, version: int, now: datetime) -> Receipt:
    """The same of a version that is known to have been shown: by a page, which sends nothing."""
    own, reason = str(uuid.uuid4()), {"by": said.by, "reason": said.reason}
    row = {
        "tenant": tenant,
        "id": own,
        "person": said.person,
        "ref": said.ref,
        "version": version,
        "recipient": said.recipient,
        "kind": said.kind.value,
        "at": said.at,
        "stored": now,
        "content": pack(connection, reason, said.person, receipt, tenant, own),
    }
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(dialect.insert(receipt).on_conflict_do_nothing(), row)
    columns = receipt.c
    kept = connection.execute(
        select(receipt).where(
            columns.tenant == tenant,
            columns.recipient == said.recipient,
            columns.ref == said.ref,
            columns.version == version,
            columns.kind == said.kind.value,
        )
    ).one()
    about = unacknowledged(said.ref, said.recipient)
    clear_notice(connection, tenant, Notice.UNACKNOWLEDGED, said.person, about, now)
    return _receipt(connection, kept)


def of_person(connection: Connection, tenant: str, person: str) -> list[Receipt]:
    """Everything acknowledged about a person, in the order it came in."""
    columns = receipt.c
    rows = connection.execute(
        select(receipt)
        .where(columns.tenant == tenant, columns.person == person)
        .order_by(columns.stored, columns.id)
    )
    return [_receipt(connection, row) for row in rows]


def said_of(connection: Connection, tenant: str, recipient: str, ref: str, version: int) -> bool:
    """Whether the recipient has said anything of this version."""
    columns = receipt.c
    found = connection.execute(
        select(columns.id)
        .where(columns.tenant == tenant, columns.recipient == recipient, columns.ref == ref)
        .where(columns.version == version)
        .limit(1)
    )
    return found.first() is not None


def unacknowledged(ref: str, recipient: str) -> str:
    """What a notice that an item is unacknowledged is about."""
    return f"{ref}@{recipient}"


def _version(connection: Connection, tenant: str, said: Saying) -> int | None:
    """The version that had left when it was said; by a clock that is behind, the first that ever left."""
    columns = disclosure.c
    rows = connection.execute(
        select(columns.id, columns.started, disclosure.c["items"].label("told"))
        .where(
            columns.tenant == tenant,
            columns.person == said.person,
            columns.recipient == said.recipient,
            columns.state.in_(LEFT),
            columns.channel.in_(SENT),
        )
        .order_by(columns.started.desc(), columns.id)
    )
    version = None
    for row in rows:
        found = _among(unpack(connection, row.told, disclosure, tenant, row.id), said.ref)
        if found is not None:
            version = found
            if row.started <= said.at:
                break
    return version


def _among(items: Iterable[dict[str, Any]], ref: str) -> int | None:
    return next((int(one["version"]) for one in items if one["ref"] == ref), None)


def _receipt(connection: Connection, row: Any) -> Receipt:
    content = unpack(connection, row.content, receipt, row.tenant, row.id)
    said = Saying(
        row.recipient, row.person, row.ref, Kind(row.kind), row.at, content.get("by"), content.get("reason")
    )
    return Receipt(row.id, row.version, said, row.stored)


def item_of(connection: Connection, tenant: str, ref: str) -> tuple[str, str] | None:
    """(person, item) of a resource that is here."""
    row = connection.execute(
        select(resource.c.person, resource.c.item).where(resource.c.tenant == tenant, resource.c.ref == ref)
    ).first()
    return None if row is None else (row.person, row.item)
