"""Whose Patient a resource is about. Two persons that were found to be one keep a Patient each, as their own
systems state it: by it everything is told apart again should the merge be undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from gateway.hub import versions
from gateway.hub.schema.identities import person_merge
from gateway.hub.schema.tables import resource_version
from gateway.hub.versions import Version
from mappings import reading
from mappings.fhir_heading import subject_of
from mappings.model import Resource


def stated_by(resource: Resource) -> str | None:
    """The id of the Patient that a resource names itself; None where it names none."""
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    found = subject_of(resource)
    return found.partition("/")[2] if found else None


def of_ref(connection: Connection, tenant: str, ref: str) -> str | None:
    """The id of the Patient that a log, plan or patient of the hub is about."""
    if ref.startswith("Patient/"):
        return ref.partition("/")[2]
    head = versions.current(connection, tenant, ref) if ref else None
    return stated_by(head.resource) if head is not None else None


def of_items(found: Mapping[str, Version], first: Mapping[str, str]) -> dict[str, str]:
    """Item -> id of the Patient it is about: as it says itself, else as the log or plan says that it belongs
    to, else of whom it was first said. found: current versions of everything about a person, by reference;
    first: reference -> the person that its first version was about."""
    out: dict[str, str] = {}
    for version in found.values():
        if version.item not in out:
            focal = found.get(version.item, version)
            frame = found.get(reading.belongs_to(focal.resource) or "")
            own = stated_by(focal.resource) or (stated_by(frame.resource) if frame else None)
            out[version.item] = own or first.get(version.item) or first.get(version.ref) or version.person
    return out


def first_told_of(connection: Connection, tenant: str, refs: Iterable[str]) -> dict[str, str]:
    """Reference -> the person that its first version was about."""
    out: dict[str, str] = {}
    wanted = sorted(refs)
    for start in range(0, len(wanted), 500):
        rows = connection.execute(
            select(resource_version.c.ref, resource_version.c.person).where(
                resource_version.c.tenant == tenant,
                resource_version.c.version == 1,
                resource_version.c.ref.in_(wanted[start : start + 500]),
            )
        )
        out.update((row.ref, row.person) for row in rows)
    return out


def merged_into(connection: Connection, tenant: str, person_id: str) -> list[str]:
    """Everyone who stands merged into this person, directly or through another, in order."""
    columns = person_merge.c
    found: list[str] = []
    ahead = [person_id]
    while ahead:
        rows = connection.execute(
            select(columns.joined)
            .where(columns.tenant == tenant, columns.kept.in_(ahead), columns.state == "standing")
            .order_by(columns.joined)
        )
        ahead = [row.joined for row in rows if row.joined not in found]
        found += ahead
    return found
