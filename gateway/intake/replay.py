"""After a start: what the journal says was withdrawn, refused, blocked or narrowed, and this database does
not know (an older backup was restored), is taken in again, before anything can leave. Never widens.
"""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.events import Event, log
from gateway.hub import acts, versions
from gateway.hub.content import unpack
from gateway.hub.journal import Journal, Note
from gateway.hub.schema.tables import resource_version
from gateway.hub.store import Store
from gateway.intake import acting
from gateway.intake.acting import KIND
from gateway.intake.workspace import Workspace


def replay(store: Store, journal: Journal, now: datetime) -> int:
    """Take in again what is missing. Returns how many consents that were. Raises ConfigurationError where the
    journal cannot be read."""
    taken = 0
    for note in journal.newest():
        with store.read(note.tenant) as connection:
            known = _knows(connection, note)
        if not known:
            taken += _take(store, note, now)
    if taken:
        log(Event.JOURNAL_REPLAYED, level=logging.WARNING, consents=taken)
    return taken


def _knows(connection: Connection, note: Note) -> bool:
    """Whether some version here says what the note says."""
    if note.ref.startswith(f"{KIND}/"):
        act = acting.of_plain(note.resource)
        found = acts.one_of(connection, note.tenant, note.person, act.id)
        return found is not None and (act.ended is None or found.ended is not None)
    rows = connection.execute(
        select(resource_version.c.content).where(
            resource_version.c.tenant == note.tenant, resource_version.c.ref == note.ref
        )
    )
    return any(unpack(row.content) == note.resource for row in rows)


def _take(store: Store, note: Note, now: datetime) -> int:
    with store.write(note.tenant) as connection:
        ws = Workspace(connection, store, note.tenant, note.source, now)
        ws.lock([note.person])
        if note.person not in ws.people:
            return 0  # the backup is from before this person was known here: there is nothing to share
        if note.ref.startswith(f"{KIND}/"):
            acts.keep(connection, note.tenant, [acting.of_plain(note.resource)])
            ws.fact(note.person)
            ws.flush()
            return 1
        ws.heads.update(versions.of_refs(connection, note.tenant, [note.ref]))
        ws.append(note.resource, person_id=note.person, item=note.ref, recorded=note.recorded)
        ws.flush()
    return 1
