"""Small native records and ids for tests of the mapping files."""

from __future__ import annotations

from typing import Any

from mappings import load
from mappings.lens.reader import parse
from mappings.lens.system import SystemMapping
from mappings.model import EMPTY, ITEM, Ids, Record, Resource, State

LOG = load("stafettlogg")
PLAN = load("individuell-plan")
KNOWN = {
    "logg": "CarePlan/c1",
    "plan": "CarePlan/c2",
    "d1": "PractitionerRole/r1",
    "d2": "RelatedPerson/f1",
    "m1": "Goal/g1",
    "m2": "Goal/g2",
    "t1": "ServiceRequest/s1",
    "dok1": "DocumentReference/x1",
    "me1": "Communication/y1",
}
CHANGED = "2026-10-29T13:02:10.5+01:00"


def record(kind: str, frame: str = "logg", **fields: Any) -> Record:
    """A record with what every record has; a log or plan names no frame."""
    common: Record = {"type": kind, "id": "own", "endret": CHANGED, "endretAv": "d1"}
    if kind not in ("stafettlogg", "plan"):
        common[frame] = frame
    return common | fields


def ids(own: str, mapping: SystemMapping = LOG) -> Ids:
    """Ids under which the record itself is `own` ("Goal/h")."""
    other = "plan" if mapping is LOG else "logg"
    refs = {native: ref for native, ref in KNOWN.items() if native != other} | {"own": own}
    frame = KNOWN["logg" if mapping is LOG else "plan"]
    return Ids("Patient/p1", frame, mapping.name, refs, {ref: native for native, ref in refs.items()})


def put(native: Record, mapping: SystemMapping = LOG, state: State = EMPTY) -> State:
    """The state after the record, checked first."""
    resource_type = mapping.describe(native).resource_type
    return mapping.put(native, state, ids(f"{resource_type}/h", mapping))


def get(state: State, mapping: SystemMapping = LOG) -> Record:
    """The record a system reads from a state."""
    item = state.focus[ITEM]
    return mapping.get(state, ids(f"{item['resourceType']}/{item['id']}", mapping))


def item(native: Record, mapping: SystemMapping = LOG) -> Resource:
    """The focal resource of a record."""
    return put(native, mapping).focus[ITEM]


SMALL = """
[system]
name = "liten"
frame_key = "plan"
sections = ["maal"]

[common]
endret = { slot = "provenance", to = "recorded", as = "time", required = true }
endretAv = { slot = "provenance", to = "agent[0].who", as = "writer" }

[section.maal]
resource = "Goal"
"""


def small(text: str) -> SystemMapping:
    """A mapping of goals alone, with what every record has and whatever the text adds to [section.maal]. Its
    records are those of the plan: record("maal", "plan")."""
    return SystemMapping(parse(SMALL + text, "liten.toml", lambda used: used))
