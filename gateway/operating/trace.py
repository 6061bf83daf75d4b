"""The way of one item through the gateway: when and from where it was received, what it became in FHIR, what
is decided about it for each recipient, and every time it was sent. References, codes and times, never
content: what it says is not looked at here but by the judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from consent.explain import Language
from gateway.config import Settings
from gateway.consents import telling
from gateway.exchange.facts import FactsReader, PersonFacts
from gateway.exchange.selection import Selection, by_item
from gateway.hub import links, persons, versions
from gateway.hub.content import unpack
from gateway.hub.schema.tables import disclosure, person, resource, resource_version
from gateway.hub.versions import Version
from gateway.operating import judged
from gateway.operating.judged import Lines
from mappings import reading
from mappings.model import RecordMapping


@dataclass(frozen=True, slots=True)
class Received:
    """One version as it came in. recorded: as its source says it was written."""

    version: int
    source: str
    recorded: datetime | None
    stored: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One resource that the item became."""

    ref: str
    type: str
    version: int
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ruled:
    """What is decided for one recipient now. lines: per set of categories, the sentences of the decision in
    the reader's language. note: why what is permitted does not go by delivery. hold: what it was refused
    for."""

    recipient: str
    outcome: str
    lines: Lines
    note: str | None
    hold: str | None


@dataclass(frozen=True, slots=True)
class Sent:
    """One time it was told, with what that rested on then."""

    recipient: str
    channel: str
    state: str
    started: datetime
    closed: datetime | None
    error: str | None
    version: int
    ground: Mapping[str, str]  # in words, by language
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """All of it."""

    item: str
    person: str
    received: tuple[Received, ...]
    parts: tuple[Part, ...]
    ruled: tuple[Ruled, ...]
    sent: tuple[Sent, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a look at an item rests on, as it was read: the same numbers a later write is held to."""

    facts: PersonFacts
    parts: dict[str, Version]
    change_no: int
    facts_no: int


def ground(connection: Connection, facts: FactsReader, tenant: str, item: str) -> Ground | None:
    """An item with what decisions about it rest on; None where there is no such item."""
    parts = by_item(versions.of_items(connection, tenant, [item])).get(item, {})
    if item not in parts:
        return None
    own = persons.resolve(connection, tenant, parts[item].person)
    row = connection.execute(
        select(person.c.change_no, person.c.facts_no).where(person.c.tenant == tenant, person.c.id == own)
    ).one()
    known = facts.read(connection, tenant, own, int(row.facts_no))
    return Ground(known, parts, int(row.change_no), int(row.facts_no))


def trace(
    connection: Connection,
    settings: Settings,
    mappings: Mapping[str, RecordMapping],
    found: Ground,
    item: str,
    now: datetime,
    language: Language,
) -> Trace:
    """The way of the item."""
    tenant = found.facts.tenant
    selections = [
        selection_for(settings, mappings, found.facts, one.id, now)
        for one in settings.systems
        if one.tenant == tenant
    ]
    return Trace(
        item=item,
        person=found.facts.person,
        received=_received(connection, tenant, item),
        parts=tuple(
            Part(ref, ref.partition("/")[0], v.version, tuple(sorted(reading.category_of(v.resource))))
            for ref, v in sorted(found.parts.items(), key=lambda pair: pair[0] != item)
        ),
        ruled=tuple(
            ruled
            for one in selections
            if (ruled := _ruled(connection, one, item, found.parts, language)) is not None
        ),
        sent=_sent(connection, tenant, found.facts.person, frozenset(found.parts)),
    )


def selection_for(
    settings: Settings,
    mappings: Mapping[str, RecordMapping],
    facts: PersonFacts,
    system_id: str,
    now: datetime,
) -> Selection:
    """What selects for a recipient as a delivery to it does, or as a read where nothing is delivered."""
    system = next(one for one in settings.systems if one.id == system_id)
    channel = {"pull": "pull", "push": "push"}.get(system.deliver, "read")
    return Selection(system, settings, mappings[system.id], facts, channel, now)


def item_of(connection: Connection, tenant: str, refs: frozenset[str]) -> dict[str, str]:
    """The items that resources belong to, by reference."""
    rows = connection.execute(
        select(resource.c.ref, resource.c.item).where(
            resource.c.tenant == tenant, resource.c.ref.in_(sorted(refs))
        )
    )
    return {row.ref: row.item for row in rows}


def _ruled(
    connection: Connection, selection: Selection, item: str, parts: dict[str, Version], language: Language
) -> Ruled | None:
    """None for the system it was made in, unless others have changed it since: it holds it already."""
    system, focal = selection.system, parts[item]
    if focal.created_by == system.id and focal.source == system.id:
        return None
    view = selection.view(item, parts)
    link = links.load(connection, system.tenant, system.id, [item]).get(item)
    return Ruled(
        recipient=system.id,
        outcome=judged.outcome_of(view),
        lines=judged.lines_of(view, language),
        note=judged.note_of(selection, view, focal, known=link is not None and link.native_id is not None),
        hold=link.hold if link is not None else None,
    )


def _received(connection: Connection, tenant: str, item: str) -> tuple[Received, ...]:
    columns = resource_version.c
    rows = connection.execute(
        select(columns.version, columns.source, columns.recorded, columns.stored)
        .where(columns.tenant == tenant, columns.ref == item)
        .order_by(columns.version.desc())
    )
    return tuple(Received(r.version, r.source, r.recorded, r.stored) for r in rows)


def _sent(connection: Connection, tenant: str, own: str, refs: frozenset[str]) -> tuple[Sent, ...]:
    columns = disclosure.c
    rows = connection.execute(
        select(disclosure)
        .where(columns.tenant == tenant, columns.person == own)
        .order_by(columns.started.desc(), columns.id)
    )
    return tuple(
        _told(row, one)
        for row in rows
        for one in unpack(connection, row._mapping["items"], disclosure, tenant, row.id)
        if one["ref"] in refs
    )


def _told(row: Any, one: Mapping[str, Any]) -> Sent:
    return Sent(
        recipient=row.recipient,
        channel=row.channel,
        state=row.state,
        started=row.started,
        closed=row.closed,
        error=row.error,
        version=int(one["version"]),
        ground=telling.ground(one["ground"], row.started).plain(),
        rules=tuple(one["rules"]),
    )
