"""A closed log that goes on as a plan: which of its items go along, and what they become there. Pure; the old
items stay as they are, and the new ones say what they continue.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mappings import reading
from mappings.canonical import BELONGS_TO, identifier_system
from mappings.model import Json, Resource
from mappings.references import rewrite

RECORD: Final = identifier_system("record/")
CLOSED: Final = frozenset({"completed", "revoked"})
_OPEN: Final = {
    "Goal": frozenset({"proposed", "planned", "accepted", "active", "on-hold"}),
    "ServiceRequest": frozenset({"draft", "active", "on-hold"}),
}
_RELATIONSHIP: Final = "http://hl7.org/fhir/StructureDefinition/goal-relationship"
_RELATIONSHIPS: Final = "http://terminology.hl7.org/CodeSystem/goal-relationship-type"
_PREDECESSOR: Final = {"coding": [{"system": _RELATIONSHIPS, "code": "predecessor"}]}
_NAMES: Final = uuid.UUID("0d1f6f38-6a8c-5b0e-8d0a-7b6a3f6b9c11")  # names what continues an item in a plan


def goes_on(resource: Resource) -> bool:
    """Whether an item is unfinished work: an open goal or measure."""
    status = resource.get("lifecycleStatus") or resource.get("status")
    if status not in _OPEN.get(resource["resourceType"], ()):
        return False
    return resource["resourceType"] == "Goal" or reading.category_of(resource) == {"tiltak"}


def successor(ref: str, plan: str) -> str:
    """What an item, or a part of one, is called where it goes on in a plan: the same each time."""
    kind, _, own = ref.partition("/")
    return f"{kind}/{uuid.uuid5(_NAMES, f'{plan} {own}')}"


def carried(resource: Resource, plan: str, pairs: Mapping[str, str]) -> Resource:
    """A resource of the log as it stands in the plan. pairs: old reference -> new, of all that goes along."""
    old = f"{resource['resourceType']}/{resource['id']}"
    new = rewrite(resource, lambda text: pairs.get(text, text))
    made = {**reading.without_belonging(new), "id": pairs[old].partition("/")[2]}
    if reading.belongs_to(resource) is not None:
        belongs = {"url": BELONGS_TO, "valueReference": {"reference": plan}}
        made["extension"] = [*made.get("extension", []), belongs]
    if not goes_on(resource):
        return made  # a part of an item says nothing of where it comes from
    if resource["resourceType"] == "ServiceRequest":
        return {**made, "replaces": [*made.get("replaces", []), {"reference": old}]}
    return {**made, "extension": [*made.get("extension", []), _from_goal(old)]}


def _from_goal(old: str) -> dict[str, Json]:
    kind = {"url": "type", "valueCodeableConcept": _PREDECESSOR}
    return {
        "url": _RELATIONSHIP,
        "extension": [kind, {"url": "target", "valueReference": {"reference": old}}],
    }


def predecessor(resource: Resource) -> str | None:
    """What an item of a plan continues, if it says so."""
    found: Any = next(iter(resource.get("replaces") or ()), None)
    for extension in resource.get("extension") or ():
        parts = {part.get("url"): part for part in extension.get("extension") or ()}
        if (
            extension.get("url") == _RELATIONSHIP
            and parts.get("type", {}).get("valueCodeableConcept") == _PREDECESSOR
        ):
            found = parts.get("target", {}).get("valueReference")
    return str(found["reference"]) if found and found.get("reference") else None


def provenance(before: Resource | None, old: str, new: str, recorded: str) -> Resource:
    """Where a carried item comes from: written by whoever wrote the old one, made from it."""
    agents = (before or {}).get("agent") or [{"who": {"display": "Ukjent"}}]
    return {
        "resourceType": "Provenance",
        "id": f"{new.partition('/')[2]}-provenance",
        "target": [{"reference": new}],
        "recorded": recorded,
        "agent": agents,
        "entity": [{"role": "derivation", "what": {"reference": old}}],
    }


def replacing(plan: Resource, system: str, native_id: str) -> Resource:
    """The plan, saying that it continues a log: this native id at that system."""
    identifier = {"system": f"{RECORD}{system}", "value": native_id}
    return {**plan, "replaces": [*plan.get("replaces", []), {"identifier": identifier}]}


def replaced(plan: Resource) -> Iterable[tuple[str, str]]:
    """(system, native id) of each log that a plan says it continues."""
    for one in plan.get("replaces") or ():
        identifier = one.get("identifier") or {}
        system = str(identifier.get("system") or "")
        if system.startswith(RECORD) and identifier.get("value"):
            yield system.removeprefix(RECORD), str(identifier["value"])
