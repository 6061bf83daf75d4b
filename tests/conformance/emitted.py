"""Every resource that the project emits, collected for the judges: what native records become in the hub, what a
FHIR server gets of it, and stateless Bundles; from the sample children and from generated records.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, Phase, given, seed, settings

from mappings import derived, jsontext, load, reading
from mappings.convert import to_bundle
from mappings.fhir import FhirMapping
from mappings.lens.section import Section
from mappings.lens.system import SystemMapping
from mappings.model import EMPTY, ITEM, Ids, Record, Resource, State
from tests.mappings.strategies import ids_for, records

SAMPLES: Final = Path(__file__).resolve().parents[2] / "gateway" / "demo" / "samples"
FILES: Final = sorted(SAMPLES.glob("*/*.json"))
SYSTEMS: Final = ("stafettlogg", "individuell-plan")
EXAMPLES: Final = 40  # of each section
SEED: Final = 20261121


@dataclass(frozen=True, slots=True)
class Emitted:
    """One resource, and the set within which its references lead somewhere."""

    set: str
    name: str
    resource: Resource


def reference(resource_type: str, name: str) -> str:
    """A hub reference, the same each time for the same name."""
    return f"{resource_type}/{uuid.uuid5(uuid.NAMESPACE_OID, name)}"


def named(path: Path) -> str:
    """What one child's records in one system are called."""
    return f"{path.parent.name}/{path.stem}"


def natives(path: Path) -> list[Record]:
    """The records of one sample file."""
    found: list[Record] = jsontext.decode(path.read_bytes())
    return found


def sample(path: Path) -> Iterator[Emitted]:
    """Everything one child's records become in the hub."""
    mapping, written = load(path.parent.name), natives(path)
    ids = _ids(path, mapping, written)
    for record in written:
        for resource in mapping.put(record, EMPTY, ids).focus.values():
            yield Emitted(named(path), record["id"], resource)


def at_a_fhir_server(found: Iterable[Emitted]) -> Iterator[Emitted]:
    """What a recipient that is a FHIR server gets, when it may see everything."""
    hub = list(found)
    resources = [one.resource for one in hub]
    refs = {f"{one['resourceType']}/{one['id']}" for one in resources}
    subject = next(ref for ref in sorted(refs) if ref.startswith("Patient/"))
    names = {ref: ref for ref in refs}
    for one in hub:
        mapping = FhirMapping()
        for resource in _with_team(one.resource, resources):
            if mapping.slots(resource) is not None:
                own = f"{resource['resourceType']}/{resource['id']}"
                ids = Ids(subject, "", "bup", {**names, own: own}, {**names, own: own})
                record = mapping.get(State({ITEM: resource}), ids)
                yield Emitted(f"{one.set} at a FHIR server", one.name, record)


def collection(path: Path) -> Emitted:
    """The Bundle of the stateless way."""
    bundle, refused = to_bundle(load(path.parent.name), "logg", natives(path))
    assert refused == ()
    return Emitted(f"{named(path)} as a Bundle", named(path), bundle)


@cache
def generated() -> tuple[Emitted, ...]:
    """What generated records become, every section of every mapping file among them; the same each time."""
    return tuple(
        Emitted(f"{name}/{section.declared.name}/{number}", f"{name}/{section.declared.name}", resource)
        for name in SYSTEMS
        for section in load(name).sections
        for number, state in enumerate(_states(load(name), section))
        for resource in state.focus.values()
    )


def _states(mapping: SystemMapping, section: Section) -> list[State]:
    found: list[State] = []

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck)
    )
    @given(records(mapping, section, clean=True))
    def collect(record: Record) -> None:
        found.append(mapping.put(record, EMPTY, ids_for(mapping, section)))

    collect()
    return found


def distinct(found: Iterable[Emitted]) -> dict[str, Emitted]:
    """Those that differ from each other in more than their id."""
    kept: dict[str, Emitted] = {}
    for one in found:
        content = {key: value for key, value in one.resource.items() if key != "id"}
        kept.setdefault(json.dumps(content, sort_keys=True, default=str), one)
    return kept


def _ids(path: Path, mapping: SystemMapping, written: list[Record]) -> Ids:
    headings = {record["id"]: mapping.describe(record) for record in written}
    refs = {name: reference(heading.resource_type, name) for name, heading in headings.items()}
    frame = next(refs[name] for name, heading in headings.items() if heading.is_frame)
    back = {ref: name for name, ref in refs.items()}
    return Ids(reference("Patient", path.stem), frame, mapping.name, refs, back)


def _with_team(resource: Resource, members: list[Resource]) -> Iterator[Resource]:
    """The resource without what says nothing to a FHIR server; a log or plan with its members and its team."""
    if resource["resourceType"] != "CarePlan":
        yield reading.without_belonging(resource)
        return
    team = derived.care_team(resource, resource["id"], members)
    yield derived.with_members(resource, members, team)
    if team is not None:
        yield team
