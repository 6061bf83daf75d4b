"""The stateless way: native records in, one FHIR Bundle out, and back without loss.

What FHIR cannot say travels in one Binary, tagged with the system's name; a Bundle without it converts too.
Lenient about references: a record may name others that are not among those at hand.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from mappings.bundles import Place, pack, reference_of, unpack
from mappings.canonical import MARK
from mappings.model import (
    EMPTY,
    ITEM,
    Heading,
    Ids,
    Json,
    NotExpressible,
    Problem,
    Record,
    RecordMapping,
    RecordRefused,
    Resource,
    State,
)

PLACEHOLDER: Final = "placeholder"  # meta.tag of a Patient of whom is known only that there is one
_LEGAL: Final = re.compile(r"[A-Za-z0-9\-.]{1,40}")  # leaves room for the names of owned resources
_HASHED: Final = re.compile(r"x-[0-9a-f]{32}")
_PROVENANCE: Final = "provenance"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not converted: where it stood in the list, and why."""

    index: int
    record_id: str | None
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A resource that this system has no form for."""

    reference: str
    reason: str


def to_bundle(
    mapping: RecordMapping, system: str, natives: Iterable[Record]
) -> tuple[Resource, tuple[Refusal, ...]]:
    """The records as a Bundle of type collection, and those that were refused."""
    taken, refusals = _described(mapping, natives)
    naming = _Naming(system, [heading for heading, _ in taken])
    resources: dict[Place, Resource] = {}
    records = []
    for place, (heading, native) in zip(naming.places, taken, strict=True):
        ids = naming.ids(heading, place)
        state = mapping.put(native, EMPTY, ids)
        for resource in state.focus.values():
            version = "" if resource["resourceType"] == "Patient" else place[1]
            resources[(reference_of(resource), version)] = _versioned(resource, version)
        resources.setdefault((ids.subject, ""), _placeholder(ids.subject))
        records.append({"id": heading.id, "reference": place[0], "version": place[1], "rest": state.rest})
    return pack(system, list(resources.values()), {"system": system, "records": records}), refusals


def from_bundle(
    mapping: RecordMapping, system: str, bundle: Resource
) -> tuple[list[Record], tuple[Lost, ...]]:
    """The records in a Bundle, in the order they once had, then what else there is; and what has no form
    here. Takes a Bundle of any system or of a stranger."""
    resources, rests = unpack(system, bundle)
    return _Reading(mapping, system, resources, rests).records()


def _described(
    mapping: RecordMapping, natives: Iterable[Record]
) -> tuple[list[tuple[Heading, Record]], tuple[Refusal, ...]]:
    taken, refused = [], []
    for index, native in enumerate(natives):
        try:
            taken.append((mapping.describe(native), native))
        except RecordRefused as error:
            refused.append(Refusal(index, error.record_id, error.problems))
    return taken, tuple(refused)


class _Naming:
    """What each record is called in the Bundle. Versions of one record share a name and differ in version."""

    def __init__(self, system: str, headings: list[Heading]) -> None:
        self._system = system
        self._natives = frozenset(h.id for h in headings)
        references = [f"{h.resource_type}/{self._name(h.id)}" for h in headings]
        several, seen = Counter(references), Counter[str]()
        self.places: list[Place] = []
        self._refs: dict[str, str] = {}
        for heading, reference in zip(headings, references, strict=True):
            seen[reference] += 1
            self.places.append((reference, str(seen[reference]) if several[reference] > 1 else ""))
            self._refs.setdefault(heading.id, reference)

    def ids(self, heading: Heading, place: Place) -> Ids:
        """The ids as this record sees them."""
        frame = heading.frame or heading.id
        refs = {**self._refs, heading.id: place[0]}
        return Ids(
            subject=f"Patient/{self._name(frame)}-barn",
            frame=self._refs.get(frame, ""),
            system=self._system,
            refs=refs,
            natives={ref: native for native, ref in refs.items()},
        )

    def _name(self, native: str) -> str:
        """The native id where FHIR allows it, else a hash. One that could be taken for a hash, or for
        something another record owns ("m1-evaluering" beside "m1"), is hashed too."""
        owner = native.rpartition("-")[0]
        if _LEGAL.fullmatch(native) and not _HASHED.fullmatch(native) and owner not in self._natives:
            return native
        return f"x-{hashlib.sha256(native.encode()).hexdigest()[:32]}"


def _versioned(resource: Resource, version: str) -> Resource:
    return {**resource, "meta": {**resource.get("meta", {}), "versionId": version}} if version else resource


def _unversioned(resource: Resource) -> Resource:
    meta = {k: v for k, v in (resource.get("meta") or {}).items() if k != "versionId"}
    plain = {k: v for k, v in resource.items() if k != "meta"}
    return {**plain, "meta": meta} if meta else plain


def _placeholder(subject: str) -> Resource:
    tag = {"system": MARK, "code": PLACEHOLDER}
    return {"resourceType": "Patient", "id": subject.partition("/")[2], "meta": {"tag": [tag]}}


class _Reading:
    """The way back from one unpacked Bundle."""

    def __init__(
        self, mapping: RecordMapping, system: str, resources: Mapping[Place, Resource], rests: list[Json]
    ) -> None:
        self._mapping = mapping
        self._system = system
        self._resources = resources
        self._known = [r for rest in rests for r in _records(rest)]
        self._natives = {
            reference: resource["id"]
            for (reference, _), resource in resources.items()
            if mapping.slots(resource) is not None
        } | {r["reference"]: r["id"] for r in self._known}
        self._frames = [ref for ref in self._natives if ref.startswith("CarePlan/")]

    def records(self) -> tuple[list[Record], tuple[Lost, ...]]:
        """Every record that can be said, and what cannot."""
        said, lost = [], []
        for place, rest in self._places():
            try:
                said.append(self._record(place, rest))
            except NotExpressible as error:
                lost.append(Lost(place[0], error.reason))
        return said, tuple(lost)

    def _places(self) -> Iterator[tuple[Place, Json]]:
        """Known records in their order, then every other resource that nobody owns."""
        known = {(r["reference"], r["version"]): r["rest"] for r in self._known}
        yield from known.items()
        owned = {own for place in self._resources for own in self._owned(place)}
        for place, resource in self._resources.items():
            if place not in known and place[0] not in owned and resource["resourceType"] not in _SILENT:
                yield place, None

    def _owned(self, place: Place) -> Iterator[str]:
        resource = self._resources[place]
        slots = self._mapping.slots(resource) or {}
        yield from (reference for slot, reference in slots.items() if slot != ITEM)

    def _record(self, place: Place, rest: Json) -> Record:
        item = self._resources.get(place)
        slots = None if item is None else self._mapping.slots(item)
        if item is None or slots is None:
            raise NotExpressible("Mottakeren har ingen posttype for dette.")
        focus = {ITEM: item}
        for slot, reference in slots.items():
            found = self._resources.get((reference, place[1])) or self._resources.get((reference, ""))
            if slot != ITEM and found is not None:
                focus[slot] = found
        focus = {slot: _unversioned(resource) for slot, resource in focus.items()}
        return self._mapping.get(State(_dated(focus, item), rest), self._ids(item))

    def _ids(self, item: Resource) -> Ids:
        return Ids(
            subject=(item.get("subject") or item.get("patient") or {}).get("reference", ""),
            frame=self._frames[0] if len(self._frames) == 1 else "",
            system=self._system,
            refs={native: ref for ref, native in self._natives.items()},
            natives=self._natives,
        )


_SILENT: Final = frozenset({"Patient", "Provenance", "Practitioner", "Organization", "CareTeam"})


def _records(rest: Json) -> Iterator[Json]:
    found = rest.get("records") if isinstance(rest, dict) else None
    for record in found or ():
        if isinstance(record, dict) and {"id", "reference", "version", "rest"} <= set(record):
            yield record


def _dated(focus: dict[str, Resource], item: Resource) -> dict[str, Resource]:
    """A stranger's resource has no Provenance of ours; the server's own time stands for it."""
    updated = (item.get("meta") or {}).get("lastUpdated")
    if _PROVENANCE in focus or not updated:
        return focus
    return {**focus, _PROVENANCE: {"resourceType": "Provenance", "recorded": updated, "agent": []}}
