"""Finds what a system calls a participant of another log or plan, where the same natural person takes part in
its own: a record that names them then reads the same on its way back as on its way out."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from gateway.hub import links, versions
from mappings import reading
from mappings.canonical import HPR
from mappings.model import Resource

PARTICIPANTS = ("PractitionerRole", "RelatedPerson")


def natives_of_twins(
    connection: Connection, tenant: str, system: str, persons: Iterable[str], strangers: Iterable[str]
) -> dict[str, str]:
    """Hub reference -> what the system calls the same natural person, for participants that the system itself
    does not have. persons: the children whose participants they are."""
    wanted = [ref for ref in strangers if ref.startswith(PARTICIPANTS)]
    out: dict[str, str] = {}
    for person in sorted(set(persons)) if wanted else ():
        found = versions.of_types(connection, tenant, person, PARTICIPANTS)
        names = links.natives(connection, tenant, system, found)
        keys = {ref: _key(version.resource) for ref, version in found.items()}
        here = {key: names[ref] for ref, key in sorted(keys.items(), reverse=True) if ref in names}
        out |= {ref: here[key] for ref in wanted if (key := keys.get(ref)) and key in here}
    return out


def _key(resource: Resource) -> tuple[str, str] | None:
    """By what a natural person is known; None without such a number."""
    found = reading.participant_of(resource)
    if found is None:
        return None
    known = [*found.identifiers, *([(HPR, found.hpr)] if found.hpr else [])]
    return known[0] if known else None
