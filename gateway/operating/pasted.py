"""Records that somebody pasted, as the versions they would become of one person. In memory alone: nothing is
stored, and of the hub nothing is read."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.config import System
from gateway.hub.versions import Version
from gateway.operating.faults import Impossible
from mappings.canonical import ENH
from mappings.dialects import is_inlined
from mappings.model import EMPTY, Heading, Ids, Record, RecordMapping, Resource
from mappings.writers import writers_of

PROVENANCE = "provenance"


@dataclass(frozen=True, slots=True)
class Whose:
    """The person they are of. names: what the system calls what it has of this person, if that is known
    (native id -> hub reference); frame: the log or plan they count as written in, where they name none of
    those."""

    id: str
    names: Mapping[str, str] = field(default_factory=dict)
    frame: str | None = None


@dataclass(frozen=True, slots=True)
class Pasted:
    """items: hub reference of each record, in order; versions: all that they became. refs: native id -> hub
    reference. frame: the log or plan they are of."""

    items: tuple[str, ...]
    versions: Mapping[str, Version]
    refs: Mapping[str, str]
    frame: str | None

    def parts(self, item: str) -> dict[str, Version]:
        """An item with what it owns."""
        return {ref: one for ref, one in self.versions.items() if one.item == item}


def versions_of(
    mapping: RecordMapping, system: System, natives: Iterable[Record], whose: Whose, now: datetime
) -> Pasted:
    """What the records become. Raises Impossible where they are of several logs or plans."""
    taken = [(mapping.describe(one), one) for one in natives]
    frames = {heading.frame or (heading.id if heading.is_frame else "") for heading, _ in taken} - {""}
    if len(frames) > 1:
        raise Impossible(
            "The records are of several logs or plans: try those of one at a time.", "several-frames"
        )
    refs = {**whose.names, **{h.id: _ref(h, whose) for h, _ in taken}}
    frame = next((_frame(name, refs, whose) for name in frames), whose.frame)
    refs.update(dict.fromkeys(frames - refs.keys(), frame or ""))
    found: dict[str, Version] = {}
    for heading, native in taken:
        own = refs[heading.id]
        ids = Ids(
            subject=f"Patient/{whose.id}",
            frame=(frame or "") if not heading.is_frame else own,
            system=system.id,
            refs=refs,
            natives={ref: name for name, ref in refs.items()},
        )
        focus = mapping.put(native, EMPTY, ids).focus
        for one in _with_author(focus, own, system, heading):
            ref = f"{one['resourceType']}/{one['id']}"
            found[ref] = _version(one, ref, own, whose.id, system, heading, now)
    items = tuple(refs[h.id] for h, _ in taken)
    return Pasted(items, found, refs, frame)


def _ref(heading: Heading, whose: Whose) -> str:
    return whose.names.get(heading.id) or f"{heading.resource_type}/{uuid.uuid4()}"


def _frame(name: str, refs: Mapping[str, str], whose: Whose) -> str:
    return refs.get(name) or whose.frame or f"CarePlan/{uuid.uuid4()}"


def _with_author(
    focus: Mapping[str, Resource], own: str, system: System, heading: Heading
) -> Iterable[Resource]:
    """As intake keeps it: where nobody is named as the author, the system's own organization is."""
    for slot, resource in focus.items():
        if slot != PROVENANCE:
            yield resource
    said = focus.get(PROVENANCE)
    if said is not None and all("who" in agent for agent in said.get("agent", [{}])):
        yield said
        return
    yield {
        "resourceType": "Provenance",
        "id": f"{own.partition('/')[2]}-provenance",
        "target": [{"reference": own}],
        "recorded": heading.changed.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "agent": [{"who": {"identifier": {"system": ENH, "value": system.organization}}}],
    }


def _version(
    one: Resource, ref: str, own: str, person: str, system: System, heading: Heading, now: datetime
) -> Version:
    return Version(
        ref=ref,
        version=1,
        person=person,
        item=ref if ref.startswith("Patient/") or is_inlined(ref) else own,
        change_no=0,
        source=system.id,
        created_by=system.id,
        recorded=heading.changed,
        first_recorded=heading.changed,
        stored=now,
        resource=one,
        writers=writers_of(one) if ref.startswith("Provenance/") else (),
    )
