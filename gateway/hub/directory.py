"""The tenant's directory: organizations by organization number and practitioners by HPR number, as they were
last named in a log or plan. It belongs to no person; what takes part in one log stays in that log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Executable, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.hub.content import TENANT, pack, unpack
from gateway.hub.schema.tables import directory
from mappings.canonical import ENH, HPR
from mappings.model import Resource

ORGANIZATION, PRACTITIONER = "Organization", "Practitioner"


@dataclass(frozen=True, slots=True)
class Listing:
    """One entry: what it is, its public number, and what it is called."""

    kind: str
    key: str
    name: Any


def note(connection: Connection, tenant: str, resources: Iterable[Resource], now: datetime) -> None:
    """Keep the organizations and practitioners that these resources name by a public number."""
    found = {(one.kind, one.key): one for resource in resources for one in _named(resource)}
    rows = [
        {
            "tenant": tenant,
            "kind": kind,
            "key": key,
            "changed": now,
            "content": pack(connection, {"name": one.name}, TENANT, directory, tenant, kind, key),
        }
        for (kind, key), one in sorted(found.items())
    ]
    if rows:
        connection.execute(_save(connection.dialect.name), rows)


def listed(connection: Connection, tenant: str, kind: str) -> list[Listing]:
    """All entries of a kind, by number."""
    rows = connection.execute(
        select(directory.c.key, directory.c.content).where(
            directory.c.tenant == tenant, directory.c.kind == kind
        )
    )
    found = [(row.key, unpack(connection, row.content, directory, tenant, kind, row.key)) for row in rows]
    return [Listing(kind, key, said["name"]) for key, said in sorted(found, key=itemgetter(0))]


def _named(resource: Resource) -> Iterable[Listing]:
    for reference in (resource.get("organization"), resource.get("author")):
        if isinstance(reference, dict) and (number := _number(reference.get("identifier"), ENH)):
            yield Listing(ORGANIZATION, number, reference.get("display"))
    for inner in resource.get("contained", ()):
        for identifier in inner.get("identifier", ()):
            if inner.get("resourceType") == PRACTITIONER and (number := _number(identifier, HPR)):
                yield Listing(PRACTITIONER, number, inner.get("name"))


def _number(identifier: Any, system: str) -> str | None:
    if not isinstance(identifier, dict) or identifier.get("system") != system:
        return None
    value = identifier.get("value")
    return value if isinstance(value, str) and len(value) <= 64 else None


@cache
def _save(dialect: str) -> Executable:
    kind: Any = postgresql if dialect == "postgresql" else sqlite
    statement = kind.insert(directory)
    saved: Executable = statement.on_conflict_do_update(
        index_elements=["tenant", "kind", "key"],
        set_={"changed": statement.excluded.changed, "content": statement.excluded.content},
    )
    return saved
