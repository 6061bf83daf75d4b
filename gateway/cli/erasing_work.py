"""What `people erase` does. Shows counts and ids; never content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select

from gateway.cli import people, screen
from gateway.cli.merging_work import asked_by, done
from gateway.cli.people import Hub, Person
from gateway.hub import erasing
from gateway.hub.erasing import Waiting
from gateway.hub.schema.tables import waiting_record
from gateway.intake.waiting import opened
from gateway.service import load_mapping
from mappings.model import Heading, RecordMapping, RecordRefused


def erase(config: Path, named: str, *, by: str, reason: str) -> None:
    """Erase a person. Raises Impossible."""
    asked = asked_by(by, reason)
    with people.opened(config) as hub:
        who = people.find(hub, named)
        waiting = list(_waiting(hub, who))
        now = datetime.now(UTC)
        erased = done(
            lambda: erasing.erase(
                hub.store, who.tenant, who.id, waiting, now, asked.client, by=asked.by, reason=asked.reason
            )
        )
    screen.say(f"{who.id} is erased: {erased.rows} rows and {len(erased.people)} keys are gone for good.")


def _waiting(hub: Hub, who: Person) -> Iterator[Waiting]:
    """Records that wait, and are the person's, or of a log or plan of theirs."""
    mappings = {s.id: load_mapping(s) for s in hub.settings.systems if s.tenant == who.tenant}
    with hub.store.read(who.tenant) as connection:
        known = erasing.natives(connection, who.tenant, who.id)
        for row in connection.execute(select(waiting_record)).all():
            heading = _heading(connection, mappings, row)
            if heading is not None and {(row.system, heading.frame), (row.system, heading.id)} & known.keys():
                yield row.system, row.native_id, row.digest


def _heading(connection: Connection, mappings: Mapping[str, RecordMapping], row: Row[Any]) -> Heading | None:
    """What the record says of itself; None where the mapping has changed since."""
    mapping = mappings.get(row.system)
    try:
        said = opened(connection, row.tenant, row.system, row)
        return mapping.describe(said["record"]) if mapping else None
    except RecordRefused:
        return None
