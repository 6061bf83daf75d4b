"""The mapping of FHIR servers: a resource as the peer holds it, to and from the hub's reference space.

Native record: the peer's resource, raw JSON. state.focus: {ITEM: the same resource with the hub's id and
references}. On the way of the data it only renames: what a peer may see was decided before, and content
(narrative, extensions, contained resources, decimals) is never touched.

References the hub cannot resolve are kept as "urn:stafettbro:peer:<system>:Practitioner/9"; that peer gets
its own text back, every other one gets nothing of it. What the peer must not or cannot hold (references
without a partner there, our belongs-to extension, the hub's own meta) is hidden by get and restored by put.
What that peer alone holds (meta beyond security, tag and profile, a record without our identifier) is kept
in `rest`. versionId and lastUpdated are the server's and are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Map
from typing import Any, Final

from mappings import fhir_heading, fhir_restore
from mappings.canonical import BELONGS_TO, identifier_system
from mappings.fhir_restore import Shown, carried_meta
from mappings.fhir_types import NEVER_SENT, SINGLE_IDENTIFIER, WITHOUT_FRAME, WITHOUT_IDENTIFIER
from mappings.model import ITEM, Heading, Ids, MappingError, NotExpressible, Record, Resource, State
from mappings.references import PEER, is_literal, pointers, references

OURS: Final = identifier_system("item")


def item_identifier(hub_id: str) -> dict[str, str]:
    """Our identifier on what we write at a peer: it makes a repeated create find the first one."""
    return {"system": OURS, "value": hub_id}


class FhirMapping:
    """RecordMapping for FHIR R4 servers. Holds nothing but which types a peer takes; empty: all."""

    name = "fhir"

    def __init__(self, takes: Iterable[str] = ()) -> None:
        self._takes = frozenset(takes)

    def label(self, native: Record) -> tuple[str | None, str | None]:
        """resourceType and id, as far as the resource has them."""
        kind, own = native.get("resourceType"), native.get("id")
        return kind if isinstance(kind, str) else None, own if isinstance(own, str) else None

    def named(self, native: Record, own: str) -> Record:
        """The resource under this id ("Goal/17", or the id alone)."""
        return {**native, "id": own.rpartition("/")[2]}

    def describe(self, native: Record) -> Heading:
        """What the resource says of itself. Raises RecordRefused without type, id or meta.lastUpdated."""
        return fhir_heading.describe(native)

    def slots(self, resource: Resource) -> Map[str, str] | None:
        """The resource alone; None for those that do not travel by this way."""
        kind = resource["resourceType"]
        if kind in NEVER_SENT or (self._takes and kind not in self._takes):
            return None
        return {ITEM: f"{resource['resourceType']}/{resource['id']}"}

    def get(self, state: State, ids: Ids) -> Record:
        """The resource as the peer would hold it. Raises NotExpressible when its person or, in a consent,
        someone it speaks of is not known there."""
        focus = state.focus[ITEM]
        shown = _shown(ids)
        _check_expressible(focus, shown, ids)
        native = shown.resource(focus)
        _rename(native, ids.natives.get(f"{focus['resourceType']}/{focus['id']}"))
        rest = state.rest or {}
        _add_aside(native, "extension", rest.get("extension", []))
        _add_identifier(native, focus["id"], rest.get("identifier"))
        meta = {**native.get("meta", {}), **rest.get("meta", {})}
        return {**native, "meta": meta} if meta else native

    def put(self, native: Record, state: State, ids: Ids) -> State:
        """The state after the peer says `native`. Raises MappingError when ids lack the record itself."""
        own = f"{native['resourceType']}/{native['id']}"
        reference = ids.refs.get(own)
        if reference is None:
            raise MappingError("the ids do not name the record itself")
        hub_id = reference.partition("/")[2]
        rest: dict[str, Any] = {}
        body = {**native, "id": hub_id}
        _take_meta(body, rest)
        _take_belonging(body, rest)
        _take_identifier(body, rest, hub_id)
        before = state.focus.get(ITEM)
        focus = fhir_restore.restored(body, before, _shown(ids), lambda ref: _hub(ref, ids))
        if before is None and ids.frame and ids.frame != reference:
            _join(focus, ids.frame)
        return State(focus={ITEM: focus}, rest=rest or None)


def _hub(reference: str, ids: Ids) -> str:
    known = ids.refs.get(reference) if is_literal(reference) else None
    return known or (reference if reference.startswith(PEER) else f"{PEER}{ids.system}:{reference}")


def _shown(ids: Ids) -> Shown:
    own = f"{PEER}{ids.system}:"

    def native(reference: str) -> str | None:
        if reference.startswith(PEER):
            return reference.removeprefix(own) if reference.startswith(own) else None
        return ids.natives.get(reference)

    return Shown(native)


def _check_expressible(focus: Resource, shown: Shown, ids: Ids) -> None:
    kind = focus["resourceType"]
    if kind in NEVER_SENT:
        raise NotExpressible(f"{kind} sendes ikke som egen post til FHIR-servere")
    if ids.subject in references(focus) and ids.subject not in ids.natives:
        raise NotExpressible("Mottakeren kjenner ikke personen")
    provision = focus.get("provision") if kind == "Consent" else None
    for element in pointers(provision):  # a provision that lost its actor or data would reach wider
        if "identifier" not in element and shown.lost(element):
            raise NotExpressible("Samtykket nevner noen eller noe som mottakeren ikke kjenner")


def _rename(native: Record, reference: str | None) -> None:
    if reference is None:
        native.pop("id", None)
    else:
        native["id"] = reference.partition("/")[2]


def _take_meta(body: Record, rest: dict[str, Any]) -> None:
    meta = body.get("meta")
    if not isinstance(meta, dict):
        return
    aside = {
        key: value
        for key, value in meta.items()
        if key not in carried_meta(meta) and key.lstrip("_") not in ("versionId", "lastUpdated")
    }
    if aside:
        rest["meta"] = aside
    body["meta"] = carried_meta(meta)
    if not body["meta"]:
        del body["meta"]


def _take_belonging(body: Record, rest: dict[str, Any]) -> None:
    extensions = body.get("extension", [])
    aside = [[i, e] for i, e in enumerate(extensions) if e.get("url") == BELONGS_TO]
    if aside:
        rest["extension"] = aside
        _keep(body, "extension", [e for e in extensions if e.get("url") != BELONGS_TO])


def _take_identifier(body: Record, rest: dict[str, Any], hub_id: str) -> None:
    kind, found = body["resourceType"], body.get("identifier")
    if kind in WITHOUT_IDENTIFIER:
        return
    if kind in SINGLE_IDENTIFIER:
        if found == item_identifier(hub_id):
            del body["identifier"]
        elif found is None:
            rest["identifier"] = []
        return
    listed = found or []
    aside = [[i, e] for i, e in enumerate(listed) if _is_ours(e, hub_id)]
    if aside:
        _keep(body, "identifier", [e for e in listed if not _is_ours(e, hub_id)])
    if aside != [[len(listed) - 1, item_identifier(hub_id)]]:
        rest["identifier"] = aside


def _is_ours(identifier: dict[str, Any], hub_id: str) -> bool:
    return identifier.get("system") == OURS and identifier.get("value") == hub_id


def _keep(body: Record, key: str, left: list[Any]) -> None:
    if left:
        body[key] = left
    else:
        del body[key]


def _add_identifier(native: Record, hub_id: str, aside: list[list[Any]] | None) -> None:
    kind = native["resourceType"]
    if kind in WITHOUT_IDENTIFIER:
        return
    if kind in SINGLE_IDENTIFIER:
        if aside is None and "identifier" not in native:
            native["identifier"] = item_identifier(hub_id)
        return
    count = len(native.get("identifier", []))
    _add_aside(native, "identifier", [[count, item_identifier(hub_id)]] if aside is None else aside)


def _add_aside(native: Record, key: str, aside: list[list[Any]]) -> None:
    if aside:
        listed = list(native.get(key, []))
        for position, element in aside:
            listed.insert(position, element)
        native[key] = listed


def _join(focus: Resource, frame: str) -> None:
    if focus["resourceType"] not in WITHOUT_FRAME:
        belonging = {"url": BELONGS_TO, "valueReference": {"reference": frame}}
        focus["extension"] = [*focus.get("extension", []), belonging]
