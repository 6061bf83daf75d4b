"""Whose coordinators may be told that something is the matter with an item: those of the log or plan that it
belongs to, else of one whose system has it. Nobody else learns that there is such an item."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gateway.hub.schema.tables import link
from mappings import reading
from mappings.model import Resource


def frame_of(connection: Connection, tenant: str, person: str, ref: str, resource: Resource) -> str | None:
    """The log or plan ("CarePlan/…") whose coordinators are told; None for nobody."""
    own = ref if resource.get("resourceType") == "CarePlan" else reading.belongs_to(resource)
    columns = link.c
    here = (columns.tenant == tenant, columns.person == person, columns.native_id.is_not(None))
    holding = select(columns.system).where(*here, columns.ref == ref)
    frames = connection.execute(
        select(columns.ref)
        .where(*here, columns.system.in_(holding), columns.frame == columns.ref)
        .order_by(columns.ref)
    ).scalars()
    found = [str(one) for one in frames]
    return own if own in found else next(iter(found), None)
