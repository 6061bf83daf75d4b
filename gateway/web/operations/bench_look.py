"""A record of the hub on the bench, for an operator with the right to see content: its way from its own
system's form to FHIR and back, and what each recipient may have of it. What stands on the page is what some
recipient may see now; how the whole record fares on the way is told as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import Connection

from gateway.errors import NotFound
from gateway.exchange.judge import View
from gateway.exchange.reasons import Reason
from gateway.exchange.rendition import ids_at, subject_at
from gateway.hub import links
from gateway.operating import conversion, judged
from gateway.operating.judged import Judged
from gateway.operating.trace import Ground, selection_for
from gateway.service import Service
from gateway.web.operations import content
from gateway.web.operations.content import Looked, text_of
from gateway.web.operations.entrance import Operator
from mappings.lens.system import SystemMapping
from mappings.model import NotExpressible


@dataclass(frozen=True, slots=True)
class OnBench:
    """One record. source: the system it was made in. eyes: the recipient whose copy it is shown as; "" where
    nobody may have it, and then nothing is shown. native, fhir: that copy, in the source's own form and in
    FHIR. tried: whether the source has a form of its own to try; refused, differs: in how many places its
    whole record is refused, or comes back otherwise."""

    item: str
    person: str
    source: str
    eyes: str
    native: tuple[str, ...]
    fhir: tuple[str, ...]
    tried: bool
    refused: int
    differs: int
    judged: tuple[Judged, ...]


def reference(service: Service, who: Operator, system: str, native: str) -> str:
    """The item that a system calls so. Raises NotFound, also for what is of others."""
    if system not in [one.id for one in service.settings.systems if one.tenant == who.tenant]:
        raise NotFound("No such system")
    with service.store.read(who.tenant) as connection:
        found = links.names(connection, who.tenant, system, [native]).get(native)
    if found is None:
        raise NotFound("No such record")
    return found.ref


def on_bench(service: Service, who: Operator, item: str, why: Reason, language: str) -> OnBench | None:
    """The record as its recipients may see it now; None where nothing of this person is shown."""
    words = cast(Literal["nb", "nn"], language)

    def look(connection: Connection, found: Ground, now: datetime) -> Looked[OnBench]:
        facts, focal = found.facts, found.parts[item]
        held = {
            one.id: links.names_of_person(connection, who.tenant, one.id, facts.person)[0]
            for one in service.settings.systems
            if one.tenant == who.tenant
        }
        views: dict[str, View] = {}
        each: list[Judged] = []
        for name, names in held.items():
            if focal.created_by == focal.source == name:
                continue  # it is its own, and there is nothing to decide
            selection = selection_for(service.settings, service.mappings, facts, name, now)
            view = selection.view(item, found.parts)
            each.append(judged.judged(selection, view, focal, names, words, known=item in names))
            if view is not None and view.permitted:
                views[name] = view
        return Looked(_made(connection, service, found, item, views, tuple(each), held, now), views)

    return content.looked(service, who, item, why, look)


def _made(
    connection: Connection,
    service: Service,
    found: Ground,
    item: str,
    views: Mapping[str, View],
    each: tuple[Judged, ...],
    held: Mapping[str, Mapping[str, str]],
    now: datetime,
) -> OnBench:
    source = found.parts[item].created_by
    tried = _tried(connection, service, found, item, source, held.get(source, {}))
    widest = judged.widest(views.items())
    native: tuple[str, ...] = ()
    if widest is not None and source in held:
        own = selection_for(service.settings, service.mappings, found.facts, source, now)
        native = tuple(map(text_of, judged.records_of(own, widest[1], held[source])))
    return OnBench(
        item=item,
        person=found.facts.person,
        source=source,
        eyes=widest[0] if widest is not None else "",
        native=native,
        fhir=tuple(map(text_of, judged.resources_of(widest[1]))) if widest is not None else (),
        tried=tried is not None,
        refused=len(tried.refused) if tried is not None else 0,
        differs=len(tried.back) if tried is not None else 0,
        judged=each,
    )


def _tried(
    connection: Connection,
    service: Service,
    found: Ground,
    item: str,
    source: str,
    names: Mapping[str, str],
) -> conversion.Tried | None:
    """Both directions of the whole record as its own system holds it; None where that has none to try."""
    mapping = service.mappings.get(source)
    system = service.settings.system(source)
    link = links.load(connection, found.facts.tenant, source, [item]).get(item)
    if system is None or link is None or not link.held.focus or not isinstance(mapping, SystemMapping):
        return None
    ids = ids_at(system, found.facts, names, subject_at(found.facts, names), own=item)
    try:
        return conversion.tried(mapping, mapping.get(link.held, ids))
    except NotExpressible:
        return None
