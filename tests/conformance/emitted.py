"""Every resource that the project emits, collected for the judges: what native records become in the hub,
what a FHIR server gets of it, and stateless Bundles; from the sample children and from generated records.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final
from zlib import crc32

from gateway.documents import DocumentMapping, document
from gateway.documents.content import content
from gateway.documents.words import TEXTS
from gateway.file_form import csv_of
from mappings import completeness, continuing, derived, jsontext, load, reading
from mappings.convert import to_bundle
from mappings.dialects.inline import InlineMapping, inlined
from mappings.ended import notice
from mappings.fhir import FhirMapping
from mappings.in_error import emptied
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.model import EMPTY, ITEM, Ids, Record, Resource, State
from mappings.reading import without_belonging
from mappings.trial.records import generated as generated_records
from mappings.trial.records import ids_for

SAMPLES: Final = Path(__file__).resolve().parents[2] / "gateway" / "demo" / "samples"
EXPORT: Final = SAMPLES.parents[3] / "shared" / "data" / "stafettlogg" / "leverandoer-x.csv"
FILES: Final = [*sorted(SAMPLES.glob("*/*.json")), *([EXPORT] if EXPORT.is_file() else [])]
SYSTEMS: Final = ("stafettlogg", "individuell-plan", "leverandoer-x")
EXAMPLES: Final = 30  # of each section
WRITTEN: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
BARE: Final = " without content"
AT: Final = "2026-11-21T12:00:00Z"
TRACES: Final = 150  # Provenance differs in little but its time


@dataclass(frozen=True, slots=True)
class Emitted:
    """One resource, and the set within which its references lead somewhere."""

    set: str
    name: str
    resource: Resource


def reference(resource_type: str, name: str) -> str:
    """A hub reference, the same each time for the same name."""
    return f"{resource_type}/{uuid.uuid5(uuid.NAMESPACE_OID, name)}"


def system_of(path: Path) -> str:
    """The mapping file that a sample file is read by."""
    return path.stem if path == EXPORT else path.parent.name


def named(path: Path) -> str:
    """What one child's records in one system are called."""
    return f"{system_of(path)}/{path.stem}"


def natives(path: Path) -> list[Record]:
    """The records of one sample file."""
    if path != EXPORT:
        found: list[Record] = jsontext.decode(path.read_bytes())
        return found
    form = csv_of(load(system_of(path)))
    assert form is not None
    return [record for _, record, _ in form.lines(form.text(path.read_bytes())) if record is not None]


def sample(path: Path) -> Iterator[Emitted]:
    """Everything one child's records become in the hub."""
    mapping, written = load(system_of(path)), natives(path)
    ids = _ids(path, mapping, written)
    for record in written:
        for resource in mapping.put(record, EMPTY, ids).focus.values():
            yield Emitted(named(path), mapping.describe(record).id, resource)


def at_a_fhir_server(found: Iterable[Emitted]) -> Iterator[Emitted]:
    """What a recipient that is a FHIR server gets, when it may see everything: the plan with its members and
    its team; and the plan as one gets it that knows measures only inside it."""
    hub = list(found)
    resources = [one.resource for one in hub]
    subject = next(_own(one) for one in resources if one["resourceType"] == "Patient")
    names = {_own(one): _own(one) for one in resources}
    for one in hub:
        for resource in _with_team(one.resource, resources):
            if FhirMapping().slots(resource) is not None:
                known = names | {_own(resource): _own(resource)}
                ids = Ids(subject, "", "bup", known, known)
                yield _received(one, FhirMapping().get(State({ITEM: resource}), ids), "at a FHIR server")
                if resource["resourceType"] == "CarePlan":
                    inside = InlineMapping().get(State(_inline(resource, resources)), ids)
                    yield _received(one, inside, "with measures inside")


def as_documents(found: Iterable[Emitted]) -> Iterator[Emitted]:
    """Each plan as one gets it that can only store documents, in both written languages."""
    hub = list(found)
    resources = [one.resource for one in hub]
    subject = next(_own(one) for one in resources if one["resourceType"] == "Patient")
    for one in hub:
        if not completeness.is_plan(one.resource):
            continue
        ref = f"DocumentReference/{one.resource['id']}"
        ids = Ids(subject, "", "archive", {ref: ref, subject: subject}, {ref: ref, subject: subject})
        for language in TEXTS:
            says = content(one.resource, resources, completeness.CATEGORIES, language)
            focus = document(one.resource, says, WRITTEN)
            yield _received(one, DocumentMapping().get(State(focus), ids), f"in an archive, {language}")


def gone_on(found: Iterable[Emitted]) -> Iterator[Emitted]:
    """What is not finished as it stands in a plan that the log goes on as, and where it comes from."""
    plan = reference("CarePlan", "the plan that goes on")
    hub = list(found)
    pairs = {_own(one.resource): continuing.successor(_own(one.resource), plan) for one in hub}
    for one in hub:
        old = _own(one.resource)
        if continuing.goes_on(one.resource):
            yield Emitted(f"{one.set} gone on", one.name, continuing.carried(one.resource, plan, pairs))
            trace = continuing.provenance(None, old, pairs[old], "2026-11-21T12:00:00Z")
            yield Emitted(f"{one.set} gone on", one.name, trace)


def without_content(found: Iterable[Emitted]) -> Iterator[Emitted]:
    """What is told where nothing may be told: that sharing has ended, and what is registered in error."""
    hub = [one for one in found if FhirMapping().slots(one.resource) is not None]
    subject = next(_own(one.resource) for one in found if one.resource["resourceType"] == "Patient")
    names = {_own(one.resource): _own(one.resource) for one in hub}
    told = reference("Communication", f"sharing of {hub[0].set} has ended")
    names |= {subject: subject, told: told}
    ids = Ids(subject, "", "bup", names, names)
    ended = notice(told.partition("/")[2], subject, names.keys() - {subject, told}, AT)
    for resource in (ended, *(emptied(one.resource, AT) for one in hub)):
        bare = FhirMapping().get(State({ITEM: without_belonging(resource)}), ids)
        yield Emitted(f"{hub[0].set}{BARE}", hub[0].name, bare)


def is_bare(one: Emitted) -> bool:
    """Whether this is told without content."""
    return one.set.endswith(BARE)


def collection(path: Path) -> Emitted:
    """The Bundle of the stateless way."""
    bundle, refused = to_bundle(load(system_of(path)), system_of(path), natives(path))
    assert refused == ()
    return Emitted(f"{named(path)} as a Bundle", named(path), bundle)


@cache
def from_samples() -> tuple[Emitted, ...]:
    """Everything that the sample children's records become anywhere."""
    return tuple(_from_samples())


def _from_samples() -> Iterator[Emitted]:
    for path in FILES:
        found = list(sample(path))
        yield from found
        yield from at_a_fhir_server(found)
        yield from as_documents(found)
        yield from gone_on(found)
        yield from without_content(found)
        yield collection(path)


@cache
def generated() -> tuple[Emitted, ...]:
    """What generated records become, every section of every mapping file among them; the same each time."""
    return tuple(
        Emitted(f"{name}/{section.declared.name}/{number}", f"{name}/{section.declared.name}", resource)
        for name in SYSTEMS
        for place, section in enumerate(load(name).sections)
        for number, state in enumerate(_states(load(name), section, f"{name}/{place}"))
        for resource in state.focus.values()
    )


def _states(mapping: SystemMapping, section: Section, place: str) -> Iterator[State]:
    ids = ids_for(mapping, section)
    for record in generated_records(mapping, section, EXAMPLES, seed=crc32(place.encode()), clean=True):
        yield mapping.put(record, EMPTY, ids)


def distinct(found: Iterable[Emitted]) -> list[Emitted]:
    """Those that differ from each other in more than their id; of traces a few."""
    kept: dict[bytes, Emitted] = {}
    traces = 0
    for one in found:
        content = {key: value for key, value in one.resource.items() if key != "id"}
        traces += one.resource["resourceType"] == "Provenance"
        if one.resource["resourceType"] != "Provenance" or traces <= TRACES:
            kept.setdefault(jsontext.encode(content), one)
    return list(kept.values())


def _own(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _received(one: Emitted, resource: Resource, where: str) -> Emitted:
    return Emitted(f"{one.set} {where}", one.name, resource)


def _ids(path: Path, mapping: SystemMapping, written: list[Record]) -> Ids:
    headings = {heading.id: heading for heading in map(mapping.describe, written)}
    refs = {name: reference(heading.resource_type, name) for name, heading in headings.items()}
    frame = next(refs[name] for name, heading in headings.items() if heading.is_frame)
    back = {ref: name for name, ref in refs.items()}
    return Ids(reference("Patient", path.stem), frame, mapping.name, refs, back)


def _with_team(resource: Resource, members: list[Resource]) -> Iterator[Resource]:
    """The resource without what says nothing to a FHIR server; a log or plan with its members and team."""
    if resource["resourceType"] != "CarePlan":
        yield reading.without_belonging(resource)
        return
    team = derived.care_team(resource, resource["id"], members)
    yield derived.with_members(resource, members, team)
    if team is not None:
        yield team


def _inline(plan: Resource, members: list[Resource]) -> dict[str, Resource]:
    measures = [one for one in members if one["resourceType"] == "ServiceRequest"]
    bare = {key: value for key, value in plan.items() if key != "activity"}
    return inlined(bare, [one for one in measures if reading.kind_of(one) == "tiltak"])
