"""What belongs to a focal resource: its Provenance, and owned resources that follow it in everything that
decides who may see them (log or plan, labels, third persons, withdrawal).
"""

from __future__ import annotations

from typing import Any, Final

from mappings import canonical
from mappings.lens.residue import same
from mappings.lens.views import IN_ERROR
from mappings.lens.ways import Way
from mappings.model import Ids, Json, Resource

LABELS: Final = frozenset({canonical.JOURNAL_ACCESS, canonical.ACT_CODE, canonical.CONFIDENTIALITY})
_FOLLOWED: Final = frozenset({canonical.BELONGS_TO, canonical.THIRD_PERSON, canonical.RECORDED_IN_ERROR})
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
ENTERER: Final = {"coding": [{"system": _PARTICIPATION, "code": "enterer"}]}
_SYSTEM: Final = canonical.identifier_system("system")


def provenance(item: Resource, ids: Ids) -> Resource:
    """A Provenance of the item, written by the system itself until someone is named."""
    return {
        "resourceType": "Provenance",
        "id": f"{item['id']}-provenance",
        "target": [{"reference": f"{item['resourceType']}/{item['id']}"}],
        "agent": [{"type": ENTERER, "who": {"identifier": {"system": _SYSTEM, "value": ids.system}}}],
    }


def linked(item: Resource, link: Way, reference: str) -> Resource:
    """The item with the owned resource among the references at `link`."""
    references = link.get(item) or []
    if any(r.get("reference") == reference for r in references):
        return item
    changed: Resource = link.put(item, [*references, {"reference": reference}])
    return changed


def following(resource: Resource, item: Resource, begins: Json = None) -> Resource:
    """The owned resource with the item's extensions and labels that decide who may see it. begins: the status
    that it begins with, for one whose mark has lost the status it had."""
    followed = _with_extensions(_with_labels(resource, item), item)
    in_error = _error(item)
    status_before = _status_before(resource)
    if status_before is None and _error(resource) is not None and resource.get("status") == IN_ERROR:
        status_before = begins
    if in_error is not None and status_before is None:
        followed = _withdrawn_with(followed, in_error)
    elif in_error is not None:
        followed = _withdrawn_with({**followed, "status": status_before}, in_error)
    elif status_before is not None:
        followed = {**followed, "status": status_before}
    return resource if same(followed, resource) else followed


def _error(resource: Resource) -> Json:
    return next((e for e in resource.get("extension") or () if e["url"] == canonical.RECORDED_IN_ERROR), None)


def _status_before(resource: Resource) -> Json:
    error = _error(resource) or {}
    return next((e.get("valueCode") for e in error.get("extension") or () if e["url"] == "status"), None)


def _withdrawn_with(resource: Resource, error: Json) -> Resource:
    """Withdrawn together with its record: unmarked until now. One that was withdrawn before stays so."""
    if resource.get("status") == IN_ERROR:
        return resource
    parts = [e for e in error.get("extension") or () if e["url"] != "status"]
    mark = {**error, "extension": [*parts, {"url": "status", "valueCode": resource.get("status")}]}
    return {**resource, "status": IN_ERROR, "extension": [*(resource.get("extension") or ()), mark]}


def _with_extensions(resource: Resource, item: Resource) -> Resource:
    own = [e for e in resource.get("extension") or () if e["url"] not in _FOLLOWED]
    taken = [e for e in item.get("extension") or () if e["url"] in _FOLLOWED - {canonical.RECORDED_IN_ERROR}]
    return _set(resource, "extension", own + taken)


def _with_labels(resource: Resource, item: Resource) -> Resource:
    meta = resource.get("meta") or {}
    own = [c for c in meta.get("security") or () if c.get("system") not in LABELS]
    labels = [c for c in (item.get("meta") or {}).get("security") or () if c.get("system") in LABELS]
    return _set(resource, "meta", _set(meta, "security", own + labels))


def _set(node: Json, key: str, value: Json) -> dict[str, Any]:
    copy = {k: v for k, v in node.items() if k != key}
    return {**copy, key: value} if value else copy
