"""What a system may have of a person and cannot show: listed item by item with the reason, never dropped
unseen. Weighed as a delivery would be; says ids, element names and reasons, never content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from gateway.config import Settings
from gateway.exchange.rendition import OWN_TO_EACH_SYSTEM, ids_at, subject_at, units
from gateway.exchange.selection import Selection, by_item
from gateway.hub import links, versions
from gateway.hub.schema.tables import resource
from gateway.hub.versions import Version
from mappings.lens.system import SystemMapping
from mappings.model import RecordMapping
from mappings.unshown import NO_FORM, unshown

NOWHERE = "Personen har ingen stafettlogg eller plan i dette systemet."
OWN = "Systemet har sine egne planer, deltakere og samtykker; dette er ført et annet sted."


@dataclass(frozen=True, slots=True)
class Missing:
    """One item that does not show there, or not whole. code: no-log-or-plan-there, own-to-each-system,
    no-form, not-expressible, in-part."""

    item: str
    source: str
    code: str
    reason: str
    elements: tuple[str, ...] = ()


def missing(connection: Connection, selection: Selection) -> Iterator[Missing]:
    """Everything of the person that this recipient may have and cannot show, in the order of ids."""
    facts, system = selection.facts, selection.system
    names, _ = links.names_of_person(connection, facts.tenant, system.id, facts.person)
    subject = subject_at(facts, names)
    for item, parts in sorted(by_item(versions.of_person(connection, facts.tenant, facts.person)).items()):
        focal = parts.get(item)
        if focal is None or focal.created_by == system.id:
            continue
        found = _missing(selection, item, parts, names)
        if found is None:
            continue
        code, reason = found
        if code != "shown":
            yield Missing(item, focal.created_by, code, reason)
            continue
        yield from _in_part(selection, item, parts, names, subject)


def _missing(
    selection: Selection, item: str, parts: dict[str, Version], names: Mapping[str, str]
) -> tuple[str, str] | None:
    """(code, reason); None for what it may not have, or has as its own."""
    view, facts, system = selection.view(item, parts), selection.facts, selection.system
    if view is None or not view.permitted or item.startswith(("Patient/", "Provenance/")):
        return None
    if system.adapter != "fhir":
        if facts.frame_in(system.id) is None:
            return "no-log-or-plan-there", NOWHERE
        if item.partition("/")[0] in OWN_TO_EACH_SYSTEM and item not in names:
            strange = _maker(selection.settings, parts[item]) == "fhir"
            return ("own-to-each-system", OWN) if strange else None
    return "shown", ""


def _maker(settings: Settings, version: Version) -> str | None:
    system = settings.system(version.created_by)
    return system.adapter if system else None


def _in_part(
    selection: Selection,
    item: str,
    parts: dict[str, Version],
    names: Mapping[str, str],
    subject: str | None,
) -> Iterator[Missing]:
    view = selection.view(item, parts)
    made = units(selection.system, selection.mapping, view) if view else []
    focal = parts[item]
    if not made:
        yield Missing(item, focal.created_by, "no-form", NO_FORM)
    for unit in made:
        ids = ids_at(selection.system, selection.facts, names, subject, own=unit.ref)
        lost = unshown(selection.mapping, unit.state, ids)
        if lost is None:
            continue
        if lost.reason is not None:
            yield Missing(unit.ref, focal.created_by, "not-expressible", lost.reason)
        else:
            reason = "Systemet viser posten uten disse elementene."
            yield Missing(unit.ref, focal.created_by, "in-part", reason, lost.elements)


def count_without_form(
    connection: Connection,
    settings: Settings,
    tenant: str,
    mappings: Mapping[str, RecordMapping],
    kinds: Iterable[str],
) -> Iterator[tuple[str, str, int]]:
    """(system, type, items) of types a record system has no form for, from where a route leads there. Reads
    only the ends of the index where such types stand."""
    for system in settings.systems:
        mapping = mappings.get(system.id)
        if system.tenant != tenant or not isinstance(mapping, SystemMapping):
            continue
        forms = {section.resource for section in mapping.sections} | {"Patient", "Provenance"}
        sources = [r.source for r in settings.routes if r.open and r.recipient == system.id]
        if not any(s.adapter == "fhir" for s in settings.systems if s.id in sources):
            continue
        for kind in sorted(set(kinds) - forms):
            number = _count(connection, tenant, kind, sources)
            if number:
                yield system.id, kind, number


def _count(connection: Connection, tenant: str, kind: str, sources: list[str]) -> int:
    columns = resource.c
    found = connection.execute(
        select(func.count()).where(
            columns.tenant == tenant,
            columns.ref > f"{kind}/",
            columns.ref < f"{kind}0",  # the character after the slash
            columns.created_by.in_(sources),
        )
    ).scalar_one()
    return int(found)
