"""Merges of persons in the journal beside the database: an older backup that is restored does them again, so
that what was refused on one side does not leave by the other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.hub import joining
from gateway.hub.joining import Joining, Merge, State
from gateway.hub.journal import Note
from gateway.hub.store import Store
from mappings.model import Resource

KIND = "Merge"  # in the journal: "Merge/<id>"


def noted(tenant: str, one: Merge) -> Note:
    """A merge, or its undoing, as a note."""
    return Note(tenant, one.kept, f"{KIND}/{one.id}", one.client, one.created, plain(one))


def plain(one: Merge) -> Resource:
    """A merge as JSON."""
    return {
        "id": one.id,
        "kept": one.kept,
        "joined": one.joined,
        "state": one.state.value,
        "client": one.client,
        "by": one.by,
        "reason": one.reason,
        "created": one.created.isoformat(),
        "undone": one.undone.isoformat() if one.undone else None,
        "undoneBy": one.undone_by,
        "undoneReason": one.undone_reason,
    }


def known(connection: Connection, note: Note) -> bool:
    """Whether this database has it, and as it came to stand."""
    found = joining.one_of(connection, note.tenant, note.resource["id"])
    return found is not None and (found.state is State.UNDONE or note.resource["state"] == found.state.value)


def again(connection: Connection, store: Store, note: Note, now: datetime) -> int:
    """Do it again. Nothing where one of them is not known here: then nothing of theirs can leave either."""
    said = note.resource
    here = Joining(connection, store, note.tenant, now, restored=True)
    found = joining.one_of(connection, note.tenant, said["id"])
    undone = said["state"] == State.UNDONE.value
    if found is None and not undone:
        if not _are_known(connection, note.tenant, said["kept"], said["joined"]):
            return 0
        here.join(
            said["kept"], said["joined"], own=said["id"], client=said["client"], by=said["by"],
            reason=said["reason"],
        )  # fmt: skip
        return 1
    if found is not None and undone and found.state is State.STANDING:
        here.part(found, by=said["undoneBy"] or said["by"], reason=said["undoneReason"] or said["reason"])
        return 1
    return 0


def _are_known(connection: Connection, tenant: str, *people: str) -> bool:
    return len(joining.standing(connection, tenant, people)) == len(set(people))
