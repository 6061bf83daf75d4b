"""The receipt of an entry that was written here: what was written, who may have it now and how far it has
come to each. Decided by the same selection as the deliveries themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from gateway.config import System
from gateway.exchange.deliveries import Delivery, State, deliveries
from gateway.exchange.judge import View
from gateway.exchange.selection import Selection
from gateway.web.coordinator.authorship import author_of
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
FAR: Final = {State.RECEIVED: "received", State.ACKNOWLEDGED: "received", State.REFUSED: "refused"}
COMING: Final = {
    "push": "waits",
    "pull": "fetches",
    "none": "reads",
}  # by how the system gets what it may have


@dataclass(frozen=True, slots=True)
class Reach:
    """One recipient. state: a key of the catalogs; at: when it was received; why: the reason of a no."""

    name: str
    home: bool
    state: str
    at: datetime | None = None
    why: str = ""


@router.get(HOME + "/skrevet/{which}")
def receipt(request: Request, desk: AtDesk, session: Here, given: Handle, which: Handle) -> Response:
    """One entry, and where it goes."""

    def work(connection: Connection, insight: Insight) -> dict[str, Any]:
        told = teller(request, desk, insight)
        ref = resolve(session, which, [one for one in insight.items() if _is_written(insight.seen[one])])
        tell_people(insight)
        insight.tell([ref])
        resource, author = insight.seen[ref], author_of(insight, ref)
        version = insight.version(ref)
        return {
            "child": told.child(),
            "open": open_here(insight),
            "kind": reading.kind_of(resource) or "melding",
            "topic": (resource.get("topic") or {}).get("text"),
            "parts": _parts(resource),
            "author": told.name(author) if author else None,
            "to": [told.name(one) for one in _recipients(resource)],
            "at": version.first_recorded or version.stored if version else None,
            "reach": _reach(connection, desk, insight, told.recipient, told.words.code, ref),
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


def _reach(
    connection: Connection, desk: WebDesk, insight: Insight, named: Any, language: str, ref: str
) -> list[Reach]:
    here, settings = insight.here, desk.service.settings
    home = here.facts.frames[here.frame]
    known = {one.id: one for one in settings.systems if one.tenant == here.tenant}
    sent = {d.recipient: d for d in deliveries(connection, here.tenant, here.person, known) if d.ref == ref}
    systems = [known[home], *(one for one in known.values() if settings.route(home, one.id) is not None)]
    rows = []
    for system in systems:
        mapping = desk.service.mappings[system.id]
        if mapping.slots(insight.parts[ref][ref].resource) is None:
            continue  # it has no form for such entries
        channel = {"push": "push", "pull": "pull"}.get(system.deliver, "read")
        view = Selection(system, settings, mapping, here.facts, channel, insight.now).view(
            ref, insight.parts[ref]
        )
        rows.append(
            _row(system, view, sent.get(system.id), named(system.organization), language, system.id == home)
        )
    return rows


def _row(
    system: System, view: View | None, delivery: Delivery | None, name: str, language: str, home: bool
) -> Reach:
    if delivery is not None and delivery.state in FAR:
        return Reach(name, home, FAR[delivery.state], delivery.received)
    if view is None or not view.permitted:
        return Reach(name, home, "denied", why=_why(view, language))
    if delivery is not None:
        return Reach(name, home, "sent", delivery.sent)
    return Reach(name, home, COMING[system.deliver])


def _why(view: View | None, language: str) -> str:
    """The last reason of the no, which is the one that tells most."""
    reasons = [r for d in view.decisions.values() if not d.goes for r in d.reasons] if view else []
    return str(getattr(reasons[-1], language)) if reasons else ""
