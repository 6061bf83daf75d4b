"""What becomes of the records that somebody put on the bench: both directions of each, and what every
recipient would get, of a child under assumptions or of one who is here. Kept nowhere, and nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from consent.explain import Language
from consent.model import Category
from gateway.config import System
from gateway.errors import NotFound
from gateway.hub import persons
from gateway.hub.audit import entries, occasion
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.schema.tables import person
from gateway.operating import conversion, mapping_of
from gateway.operating.assumed import OLDEST, PROTECTIONS, Assumptions, Basis
from gateway.operating.bench import Bench
from gateway.operating.faults import Impossible
from gateway.operating.judged import Judged
from gateway.web.desk import WebDesk
from gateway.web.door import Fields
from gateway.web.names import OPEN
from gateway.web.operations.chosen import reason_of
from gateway.web.operations.content import text_of
from gateway.web.operations.entrance import Operator
from mappings import reading
from mappings.lens.system import SystemMapping
from mappings.model import Record

SAMPLES: Final = Path(__file__).parents[2] / "demo" / "samples"  # children that nobody is
MOST: Final = 50  # records on one page
EVERY: Final = "alle"
CATEGORIES: Final = tuple(one.value for one in Category if one is not Category.SAMTYKKE)
ASSUMED: Final = {  # what the page assumes until somebody says otherwise
    "for": "antatt", "alder": "10", "adresse": "ugradert", "til": EVERY, "om": EVERY,
}  # fmt: skip


def tried(desk: WebDesk, who: Operator, fields: Fields, words: Language) -> dict[str, Any]:
    system = next((one for one in systems_of(desk, who) if [one.id] == fields.get("system")), None)
    if system is None:
        raise Impossible("Choose the system whose mapping is tried.", "choose-system")
    mapping = desk.service.mappings[system.id]
    assert isinstance(mapping, SystemMapping)
    natives = conversion.records_of(mapping, _content(fields, mapping))[:MOST]
    if not natives:
        raise Impossible("Paste a record, or choose an example.", "no-record")
    if not all(isinstance(one, dict) for one in natives):
        raise Impossible("A record is a JSON object, or a list of them.", "not-an-object")
    found = [conversion.tried(mapping, one) for one in natives]
    taken = [one.native for one in found if not one.refused]
    service = desk.service
    work = Bench(service.settings, service.mappings, service.key, system, service.clock(), words)
    basis, assumed, decided = None, None, None
    if one_of(fields, "for") == "barn":
        decided = _of_child(desk, who, work, taken, fields)
    else:
        assumed = _assumptions(desk, who, system, fields)
        basis, decided = work.assumed(taken, assumed)
    return {
        "records": [_record(one) for one in found],
        "protected": decided is None,
        "basis": _basis(desk, system, basis, assumed),
        "recipients": _by_recipient(work, taken, decided or []),
    }


def _record(one: conversion.Tried) -> dict[str, Any]:
    return {
        "native": text_of(one.native),
        "refused": one.refused,
        "fhir": [text_of(resource) for resource in one.resources if _shown(resource)],
        "categories": sorted({c for r in one.resources if _shown(r) for c in reading.category_of(r)}),
        "back": one.back,
        "alone": one.alone,
    }


def _of_child(
    desk: WebDesk, who: Operator, work: Bench, taken: Sequence[Record], fields: Fields
) -> list[list[Judged]] | None:
    """Decided for a child who is here, which is written down. None where nothing of this person is shown.
    Raises Impossible, and NotFound for those without the right."""
    service, why, given = desk.service, reason_of(fields), one_of(fields, "barn").strip()
    if not who.sees_content:
        raise NotFound("No such page")
    if why is None:
        raise Impossible("Choose why you look; it is written in the log.", "choose-why")
    with service.store.read(who.tenant) as connection:
        known = connection.execute(
            select(person.c.id).where(person.c.tenant == who.tenant, person.c.id == given)
        ).scalar()
        if known is None:
            raise Impossible("There is no such child here.", "no-such-child")
        own = persons.resolve(connection, who.tenant, known)
        number = connection.execute(
            select(person.c.facts_no).where(person.c.tenant == who.tenant, person.c.id == own)
        ).scalar_one()
        facts = service.facts.read(connection, who.tenant, own, int(number))
        occasion.about(own)
        hidden = facts.facts.address_protection not in OPEN
        decided = None if hidden else work.of_child(connection, taken, facts)
    with service.store.write(who.tenant) as connection:
        said = Entry(Kind.OPERATION, work.now, own, "bench tried", details={"why": why})
        entries.write(connection, who.tenant, [said])
    return decided


def _assumptions(desk: WebDesk, who: Operator, system: System, fields: Fields) -> Assumptions:
    """What the form says; for what it says of nothing or of none of ours, what the page assumes."""
    settings = desk.service.settings
    others = [one.id for one in settings.systems if one.tenant == who.tenant and one.id != system.id]
    given = {name: one_of(fields, name) or usual for name, usual in ASSUMED.items()}
    age, protection, to, about = given["alder"], given["adresse"], given["til"], given["om"]
    written = one_of(fields, "skrevet")
    return Assumptions(
        age=int(age) if age in map(str, range(OLDEST)) else None,
        protection=protection if protection in PROTECTIONS else None,
        writer=written if written in [o.number for o in settings.organizations] else system.organization,
        to=frozenset(others if to == EVERY else {to} & set(others)),
        categories=frozenset(CATEGORIES if about == EVERY else {about} & set(CATEGORIES)),
    )


def _basis(
    desk: WebDesk, system: System, basis: Basis | None, assumed: Assumptions | None
) -> dict[str, Any] | None:
    """On what it rests, as the page tells it."""
    if basis is None or assumed is None:
        return None
    names = {o.number: o.name for o in desk.service.settings.organizations}
    number = assumed.writer or system.organization
    return {
        "from": basis,
        "age": assumed.age,
        "protection": assumed.protection,
        "writer": names.get(number, number),
        "to": sorted(assumed.to),
        "categories": [one for one in CATEGORIES if one in assumed.categories],
        "every": assumed.categories == set(CATEGORIES),
    }


def _by_recipient(work: Bench, taken: Sequence[Record], decided: list[list[Judged]]) -> list[dict[str, Any]]:
    """Per recipient each record, in order."""
    mapping = work.mappings[work.source.id]
    types = [mapping.describe(one).resource_type for one in taken]
    return [
        {
            "recipient": system.id,
            "items": [{"type": kind, **plain(row[number])} for kind, row in zip(types, decided, strict=True)],
        }
        for number, system in enumerate(work.recipients)
        if decided
    ]


def plain(one: Judged) -> dict[str, Any]:
    return {
        "outcome": one.outcome,
        "lines": one.lines,
        "note": one.note,
        "fhir": [text_of(each) for each in one.fhir],
        "native": [text_of(each) for each in one.native],
    }


def systems_of(desk: WebDesk, who: Operator) -> list[System]:
    """Those with records of their own, which a mapping file reads."""
    service = desk.service
    every = (one for one in service.settings.systems if one.tenant == who.tenant)
    return [one for one in every if isinstance(service.mappings[one.id], SystemMapping)]


def samples() -> list[str]:
    return [f"{path.parent.name}/{path.stem}" for path in sorted(SAMPLES.glob("*/*.json"))]


def _content(fields: Fields, mapping: SystemMapping) -> bytes:
    pasted, sample = one_of(fields, "post").strip(), one_of(fields, "eksempel")
    if pasted:
        return pasted.encode()
    if sample not in samples():
        raise Impossible("Paste a record, or choose an example.", "no-record")
    if sample.partition("/")[0] not in mapping_of.OURS or sample.partition("/")[0] != mapping.name:
        raise Impossible(
            "This example is of another kind of system: choose one whose mapping reads it.", "other-kind"
        )
    return (SAMPLES / f"{sample}.json").read_bytes()


def one_of(fields: Fields, name: str) -> str:
    """The first of what a form gives under a name; "" where it gives nothing."""
    return fields.get(name, [""])[0]


def _shown(resource: dict[str, Any]) -> bool:
    return bool(resource["resourceType"] != "Provenance")
