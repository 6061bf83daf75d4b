"""A Bundle of type collection as a folder of resources and, per system, one tagged Binary with what FHIR
cannot say. Packs and unpacks; what the resources mean is none of its business.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from typing import Any, Final

from mappings import jsontext
from mappings.canonical import code_system
from mappings.model import Json, Resource

REST: Final = code_system("rest")  # meta.tag of the Binary; its code is the system's name
Place = tuple[str, str]  # reference, and which version of it ("" when there is only one)


def reference_of(resource: Resource) -> str:
    """The literal reference of a resource."""
    return f"{resource['resourceType']}/{resource['id']}"


def pack(system: str, resources: list[Resource], rest: Json) -> Resource:
    """The Bundle; references between its resources become the entries' urns."""
    urns = {reference_of(r): _urn(system, reference_of(r)) for r in resources}
    entries = [{"fullUrl": urns[reference_of(r)], "resource": _renamed(r, urns)} for r in resources]
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{REST}/{system}")
    binary = {
        "resourceType": "Binary",
        "id": f"rest-{name}",
        "meta": {"tag": [{"system": REST, "code": system}]},
        "contentType": "application/json",
        "data": base64.b64encode(jsontext.encode(rest)).decode("ascii"),
    }
    entries.append({"fullUrl": _urn(system, reference_of(binary)), "resource": binary})
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def unpack(system: str, bundle: Resource) -> tuple[dict[Place, Resource], list[Json]]:
    """The resources by place, their references literal again, and what this system's Binaries hold."""
    found = [e for e in bundle.get("entry") or () if _is_named(e.get("resource"))]
    names = {e["fullUrl"]: reference_of(e["resource"]) for e in found if e.get("fullUrl")}
    resources: dict[Place, Resource] = {}
    rests: list[Json] = []
    for entry in found:
        resource = entry["resource"]
        if resource["resourceType"] == "Binary":
            rests += _rest(system, resource)
        else:
            version = str((resource.get("meta") or {}).get("versionId") or "")
            resources[(reference_of(resource), version)] = _renamed(resource, names)
    return resources, rests


def _is_named(resource: Json) -> bool:
    return isinstance(resource, dict) and bool(resource.get("id")) and bool(resource.get("resourceType"))


def _urn(system: str, reference: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{REST}/{system}/{reference}").urn


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A copy with every reference renamed that has a name."""
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _renamed(inner, names) for key, inner in value.items()}
    target = copy.get("reference")
    if isinstance(target, str) and target in names:
        copy["reference"] = names[target]
    return copy


def _rest(system: str, binary: Resource) -> list[Json]:
    tags = (binary.get("meta") or {}).get("tag") or ()
    if not any(t.get("system") == REST and t.get("code") == system for t in tags):
        return []
    try:
        return [jsontext.decode(base64.b64decode(binary.get("data") or ""))]
    except (binascii.Error, ValueError, jsontext.DecodeError):
        return []
