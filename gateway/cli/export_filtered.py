"""An export for one reader: what a participant, or those who read in a system, may see now, decided item by
item by the same judge as everything that leaves; noted as told in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.cli import people
from gateway.cli.export_content import Everything, names
from gateway.cli.outcome import Impossible
from gateway.cli.people import Hub, Person
from gateway.exchange.disclosures import Disclosed
from gateway.exchange.facts import PersonFacts
from gateway.exchange.judge import Judge, View
from gateway.exchange.readers import reader
from gateway.exchange.selection import Selection, by_item
from gateway.hub import versions
from gateway.hub.schema.tables import person
from gateway.hub.versions import Version
from gateway.service import load_mapping

CHANNEL = "export"
READER = "~export"  # no system can be called that
Looks = Callable[[str, dict[str, Version]], View | None]


def read(
    connection: Connection, hub: Hub, who: Person, named: str, now: datetime
) -> tuple[Everything, tuple[Disclosed, ...], int]:
    """What the reader may see, how it is noted, and the consent epoch it rests on. named: a system, or a
    participant as SYSTEM:ID or a reference. The person stays as they are until the transaction ends."""
    row = connection.execute(
        select(person.c.facts_no)
        .where(person.c.tenant == who.tenant, person.c.id == who.id)
        .with_for_update(read=True)
    ).one()
    facts = hub.facts.read(connection, who.tenant, who.id, int(row.facts_no))
    looks = _looks(connection, hub, who, facts, named, now)
    current: dict[str, Version] = {}
    told: list[Disclosed] = []
    for item, parts in by_item(versions.of_person(connection, who.tenant, who.id)).items():
        view = looks(item, parts)
        if view is None or not view.permitted:
            continue
        for ref, resource in view.resources.items():
            current[ref] = replace(parts[ref], resource=resource)
            told.append(view.disclosed(ref, parts[ref].version, "own"))
    return _as_export(hub, who, current, now), tuple(told), int(row.facts_no)


def _looks(
    connection: Connection, hub: Hub, who: Person, facts: PersonFacts, named: str, now: datetime
) -> Looks:
    system = hub.settings.system(named)
    if system is not None and system.tenant == who.tenant:
        return Selection(system, hub.settings, load_mapping(system), facts, CHANNEL, now).view
    recipient = reader(facts, people.item(connection, hub, who, named), now, READER)
    if recipient is None:
        raise Impossible(f"{named} takes no part in a log or plan of this person now, and is no system.")
    return Judge(facts, recipient, channel=CHANNEL, purpose="samordning", now=now).view


def _as_export(hub: Hub, who: Person, current: dict[str, Version], now: datetime) -> Everything:
    """What holds now alone: older versions, and what systems hold, are not for readers."""
    return Everything(
        tenant=who.tenant,
        person=who.id,
        now=now,
        current=current,
        history={ref: [one] for ref, one in current.items()},
        disclosures=[],
        links=[],
        conflicts=[],
        late=[],
        lanes=[],
        waiting=[],
        names=names(hub),
    )
