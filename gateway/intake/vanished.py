"""Records that a system says it has deleted. That is no withdrawal: what was said stays, everywhere, and a
person decides. Noted once, as a conflict between what stands here and nothing there."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from gateway.config import System
from gateway.hub import links, persons, versions
from gateway.hub.content import pack
from gateway.hub.schema.tables import conflict

GONE = "(deleted)"  # stands where a conflict has its element


def note_vanished(connection: Connection, system: System, native_ids: Sequence[str], now: datetime) -> int:
    """Note those of these that are known here and were not noted before. Returns how many. A transaction of
    its own, that locks the persons."""
    named = links.names(connection, system.tenant, system.id, native_ids)
    persons.lock(connection, system.tenant, sorted({name.person for name in named.values()}))
    refs = [name.ref for name in named.values()]
    heads = versions.of_refs(connection, system.tenant, refs)
    known = _noted(connection, system, refs)
    rows = [
        {
            "tenant": system.tenant,
            "id": str(uuid.uuid4()),
            "person": name.person,
            "ref": name.ref,
            "path": GONE,
            "system": system.id,
            "state": "open",
            "created": now,
            "content": pack({"path": GONE, "current": heads[name.ref].resource, "theirs": None}),
        }
        for name in named.values()
        if name.ref in heads and name.ref not in known
    ]
    if rows:
        connection.execute(insert(conflict), rows)
    return len(rows)


def _noted(connection: Connection, system: System, refs: Sequence[str]) -> set[str]:
    """Decided or not: polling tells of the same deletion again."""
    rows = connection.execute(
        select(conflict.c.ref).where(
            conflict.c.tenant == system.tenant,
            conflict.c.system == system.id,
            conflict.c.path == GONE,
            conflict.c.ref.in_(refs),
        )
    )
    return {row.ref for row in rows}
