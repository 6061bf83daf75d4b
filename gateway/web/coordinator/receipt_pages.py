"""The receipt of an entry that was written here: what was written, who may have it now and how far it has
come to each. Decided by the same selection as the deliveries themselves."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.exchange.deliveries import Delivery, deliveries
from gateway.web.coordinator.authorship import author_of
from gateway.web.coordinator.reach import reach, systems_of
from gateway.web.coordinator.writing_pages import FIND, HOME
from gateway.web.coordinator.writing_rights import open_here
from gateway.web.desk import BASE, AtDesk, WebDesk
from gateway.web.door import Handle, Here, resolve
from gateway.web.insight import Insight, looking
from gateway.web.reader import tell_people, teller
from gateway.web.rendering import PageRoute, page
from mappings import reading
from mappings.model import Resource

router = APIRouter(prefix=BASE, route_class=PageRoute, include_in_schema=False)
WRITTEN: Final = frozenset({"notat", "lysglimt", "melding", "overfoering"})


@router.get(HOME + "/skrevet/{which}")
def receipt(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """One entry, and where it goes."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        ref = resolve(session, which, [one for one in insight.items() if _is_written(insight.seen[one])])
        tell_people(insight)
        insight.tell([ref])
        resource, author = insight.seen[ref], author_of(insight, ref)
        version, sent = insight.version(ref), _sent(connection, desk, insight, ref)
        return {
            "child": told.child(),
            "open": open_here(insight),
            "kind": reading.kind_of(resource) or "melding",
            "topic": (resource.get("topic") or {}).get("text"),
            "parts": _parts(resource),
            "author": told.name(author) if author else None,
            "to": [told.name(one) for one in _recipients(resource)],
            "at": version.first_recorded or version.stored if version else None,
            "reach": reach(desk, insight, told, ref, insight.parts[ref], sent),
        }

    made = looking(desk, session, given, work, find=FIND)
    return page(request, "coordinator/receipt", session=session, here=given, which=which, **made)


def _is_written(resource: Resource) -> bool:
    return resource["resourceType"] == "Communication" and (reading.kind_of(resource) or "melding") in WRITTEN


def _parts(resource: Resource) -> list[tuple[str, str]]:
    """The texts, each with what it is called."""
    found = []
    for one in resource.get("payload") or ():
        part = next((e.get("valueCode") for e in one.get("extension") or ()), "tekst")
        if one.get("contentString"):
            found.append((part, one["contentString"]))
    reason = next((c.get("text") for c in resource.get("reasonCode") or () if c.get("text")), None)
    return [*found, ("grunn", reason)] if reason else found


def _recipients(resource: Resource) -> list[str]:
    return [str(one["reference"]) for one in resource.get("recipient") or () if one.get("reference")]


def _sent(connection: Connection, desk: WebDesk, insight: Insight, ref: str) -> dict[str, Delivery]:
    """How far it has come, by recipient."""
    here = insight.here
    found = deliveries(connection, here.tenant, here.person, systems_of(desk, insight))
    return {one.recipient: one for one in found if one.ref == ref}
