"""After something has left for a recipient that acknowledges: from when somebody is told that it has not. And
of a withdrawal that was refused, at once. Raises and clears notices; sends nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway.config import System
from gateway.hub import receipts
from gateway.hub.concerned import frame_of
from gateway.hub.notices import Kind, clear_notice, raise_notice
from gateway.hub.receipts import unacknowledged
from gateway.hub.versions import Version
from mappings import reading
from mappings.ended import is_notice

# What nobody takes over as such: who it is about, who takes part, the frame around the items, who wrote it.
BESIDE: Final = frozenset(
    {
        "Binary", "CarePlan", "CareTeam", "Consent", "Organization", "Patient", "Practitioner",
        "PractitionerRole", "Provenance", "RelatedPerson",
    }
)  # fmt: skip


def left(connection: Connection, system: System, item: Version, now: datetime) -> None:
    """It has gone to the recipient, or may have. What is no item of its own, and what is taken back, is not
    waited for."""
    about = unacknowledged(item.ref, system.id)
    if reading.in_error(item.resource):
        clear_notice(connection, system.tenant, Kind.UNACKNOWLEDGED, item.person, about, now)
        return
    if item.source == system.id:
        return  # its own words, on their way back
    if not system.acknowledges or item.ref.partition("/")[0] in BESIDE or is_notice(item.resource):
        return
    if not receipts.said_of(connection, system.tenant, system.id, item.ref, item.version):
        due = now + timedelta(hours=system.acknowledge_within_hours)
        _raise(connection, system, item, now, due)


def refused(connection: Connection, system: System, item: Version, now: datetime) -> None:
    """The recipient said no: of a withdrawal that is for a person to follow up."""
    if reading.in_error(item.resource):
        _raise(connection, system, item, now, now)


def confirmed(connection: Connection, system: System, person: str, ref: str, now: datetime) -> None:
    """A system that fetches has said that it has stored it."""
    about = unacknowledged(ref, system.id)
    clear_notice(connection, system.tenant, Kind.UNACKNOWLEDGED, person, about, now)


def _raise(connection: Connection, system: System, item: Version, now: datetime, due: datetime) -> None:
    frame = frame_of(connection, system.tenant, item.person, item.ref, item.resource)
    if frame is not None:
        about = unacknowledged(item.ref, system.id)
        kind = Kind.UNACKNOWLEDGED
        raise_notice(connection, system.tenant, kind, item.person, about, now, frame=frame, due=due)
