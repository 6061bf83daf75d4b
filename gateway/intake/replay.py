"""After a start: what the journal says was withdrawn, refused, blocked or narrowed, and this database does
not know (an older backup was restored), is taken in again, before anything can leave. Never widens.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.events import Event, log
from gateway.hub import acts, patients, persons, versions
from gateway.hub.content import unpack
from gateway.hub.journal import Journal, Note
from gateway.hub.schema.tables import resource_version
from gateway.hub.store import Store
from gateway.intake import acting, merges
from gateway.intake.acting import KIND
from gateway.intake.workspace import Workspace


def replay(store: Store, journal: Journal, now: datetime) -> int:
    """Take in again what is missing. Returns how many consents that were. Raises ConfigurationError where the
    journal cannot be read."""
    taken = 0
    for note in journal.newest(store.keys):
        with store.read(note.tenant) as connection:
            known = _knows(connection, note)
        if not known:
            taken += _take(store, note, now)
    if taken:
        log(Event.JOURNAL_REPLAYED, level=logging.WARNING, consents=taken)
    return taken


def _knows(connection: Connection, note: Note) -> bool:
    """Whether some version here says what the note says."""
    if note.ref.startswith(f"{merges.KIND}/"):
        return merges.known(connection, note)
    if note.ref.startswith(f"{KIND}/"):
        act = acting.of_plain(note.resource)
        found = acts.by_id(connection, note.tenant, act.id)
        return found is not None and (act.ended is None or found.ended is not None)
    rows = connection.execute(
        select(resource_version.c.version, resource_version.c.content).where(
            resource_version.c.tenant == note.tenant, resource_version.c.ref == note.ref
        )
    )
    return any(
        unpack(connection, row.content, resource_version, note.tenant, note.ref, row.version) == note.resource
        for row in rows
    )


def _take(store: Store, note: Note, now: datetime) -> int:
    with store.write(note.tenant) as connection:
        if note.ref.startswith(f"{merges.KIND}/"):
            return merges.again(connection, store, note, now)
        ws = Workspace(connection, store, note.tenant, note.source, now)
        ws.heads.update(versions.of_refs(connection, note.tenant, [note.ref]))
        owner = _owner(ws, note)
        ws.lock([owner])
        if owner not in ws.people:
            return 0  # the backup is from before this person was known here: there is nothing to share
        if note.ref.startswith(f"{KIND}/"):
            acts.keep(connection, note.tenant, [replace(acting.of_plain(note.resource), person=owner)])
            ws.fact(owner)
            ws.flush()
            return 1
        ws.append(note.resource, person_id=owner, item=note.ref, recorded=note.recorded)
        ws.flush()
    return 1


def _owner(ws: Workspace, note: Note) -> str:
    """Whose it is in this database: persons may have been merged, or parted, since it was noted or before."""
    known = ws.heads.get(note.ref)
    if known is not None:
        return known.person
    patient = f"Patient/{patients.stated_by(note.resource)}" if "resourceType" in note.resource else ""
    head = versions.of_refs(ws.connection, ws.tenant, [patient]).get(patient)
    return head.person if head else persons.resolve(ws.connection, ws.tenant, note.person)
