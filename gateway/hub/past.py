"""A person's resources as the hub had them at an earlier time, to explain what was decided then. No way out
reads here."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from gateway.hub import versions, writers
from gateway.hub.schema.tables import resource, resource_version
from gateway.hub.versions import Version
from mappings.writers import writers_of


def of_person(connection: Connection, tenant: str, person: str, at: datetime) -> dict[str, Version]:
    """What was the current version of everything about this person, by reference, in the order of change.
    What was about somebody else by then, before a merge or after it was undone, is not among it."""
    head, old = resource.c, resource_version.c
    ever = select(old.ref).where(old.tenant == tenant, old.person == person)
    rows = connection.execute(
        select(*versions.WITH_HEAD)
        .join(resource, (head.tenant == old.tenant) & (head.ref == old.ref))
        .where(old.tenant == tenant, old.ref.in_(ever), old.stored <= at)
        .order_by(old.ref, old.version)
    )
    found: dict[str, Version] = {}
    for version in versions.of_rows(connection, rows):
        before = found.get(version.ref)
        found[version.ref] = replace(version, writers=_writers(before, version))
    own = [version for version in found.values() if version.person == person]
    return {version.ref: version for version in sorted(own, key=lambda v: v.change_no)}


def _writers(before: Version | None, version: Version) -> tuple[str, ...]:
    """Who had written by then."""
    if not version.ref.startswith("Provenance/"):
        return ()
    return writers.joined(before.writers if before else (), writers_of(version.resource))
