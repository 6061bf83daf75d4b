"""The mapping of a FHIR server that knows measures only inside the plan: `get` writes each ServiceRequest of
the state into CarePlan.activity.detail, `put` takes every activity apart again.

state.focus: ITEM is the CarePlan without the activities of its measures, and each measure has a slot named by
its reference, reduced to what a detail can say. rest: {"fhir": …, "order": […], "said": {slot: {place: …}}}:
what the server alone holds, the order it lists activities in, and where it uses words of its own.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from itertools import count
from typing import Any, Final

from mappings.canonical import BELONGS_TO, ENTRY_KIND
from mappings.dialects.activities import (
    Activity,
    by_place,
    joined,
    mark_of,
    matched,
    own_words,
    rendered,
)
from mappings.dialects.detail import activity_of, applied, reduced
from mappings.fhir import FhirMapping
from mappings.fhir_restore import same
from mappings.jsontext import encode
from mappings.model import ITEM, Ids, Json, Record, Resource, State

_NEW: Final = uuid.UUID("5b0c7b0e-6f57-5d0c-9b50-3d3a6a0f0b1e")  # names what a recipient writes into a plan
_FHIR: Final = FhirMapping()
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def is_inlined(slot: str) -> bool:
    """Whether a slot of a state holds a measure that stands inside the plan."""
    return slot.startswith("ServiceRequest/")


def inlined(plan: Resource, measures: Iterable[Resource]) -> dict[str, Resource]:
    """The focus of a plan with these measures inside."""
    parts = sorted(measures, key=lambda one: str(one["id"]))
    return {ITEM: plan} | {f"ServiceRequest/{one['id']}": reduced(one) for one in parts}


def new_measure(measure: Resource, plan: str, subject: str) -> Resource:
    """A measure that a recipient wrote into a plan, as an item of its own: a measure of that log or plan.
    plan, subject: "CarePlan/…", "Patient/…"."""
    belongs = {"url": BELONGS_TO, "valueReference": {"reference": plan}}
    return {
        **measure,
        "extension": [*measure.get("extension", []), belongs],
        "category": [{"coding": [{"system": ENTRY_KIND, "code": "tiltak"}]}],
        "intent": "plan",
        "subject": {"reference": subject},
    }


class InlineMapping(FhirMapping):
    """RecordMapping of FHIR servers with inline measures: as any other, save for plans. Holds no state."""

    def get(self, state: State, ids: Ids) -> Record:
        """The resource as the server would hold it. Raises NotExpressible."""
        if not _takes_part(state.focus[ITEM]):
            return _FHIR.get(state, ids)
        return _FHIR.get(State({ITEM: _whole(state)}, _inner(state)), ids)

    def put(self, native: Record, state: State, ids: Ids) -> State:
        """The state after the server says `native`."""
        if not _takes_part(native):
            return _FHIR.put(native, state, ids)
        before = {} if ITEM not in state.focus else {ITEM: _whole(state)}
        said = _FHIR.put(native, State(before, _inner(state)), ids)
        return _apart(said, state)


def _takes_part(resource: Resource) -> bool:
    return bool(resource["resourceType"] == "CarePlan")


def _inner(state: State) -> Json:
    return (state.rest or {}).get("fhir")


# --- out: measures into the plan --------------------------------------------------------------------------


def _whole(state: State) -> Resource:
    """The plan with its measures inside, in the hub's references."""
    plan = state.focus[ITEM]
    own = list(plan.get("activity") or [])
    made = {slot: _said(state, slot) for slot in _measures(state)}
    listed = [own[p] if isinstance(p, int) else made[p] for p in _listed(state, len(own))]
    rest = {key: value for key, value in plan.items() if key != "activity"}
    return {**rest, "activity": listed} if listed else rest


def _measures(state: State) -> list[str]:
    return sorted(slot for slot in state.focus if is_inlined(slot))


def _listed(state: State, own: int, order: Json = None) -> list[Any]:
    """Places in the order of the server: a number is an activity of the plan's own, a slot a measure. What it
    does not list yet: the plan's own first, measures last."""
    order = (state.rest or {}).get("order", []) if order is None else order
    measures = _measures(state)
    kept = [p for p in order if (p < own if isinstance(p, int) else p in measures)]
    first = [n for n in range(own) if n not in kept]
    return [*first, *kept, *(slot for slot in measures if slot not in kept)]


def _said(state: State, slot: str) -> Activity:
    """An activity as the server holds it: in its own words wherever our side has not changed since."""
    ours = by_place(rendered(state.focus[slot]))
    said = (state.rest or {}).get("said", {}).get(slot, {})
    return joined(
        {place: _either(ours.get(place), said.get(place)) for place in dict.fromkeys([*ours, *said])}
    )


def _either(ours: Json, said: dict[str, Json] | None) -> Json:
    return said.get("says") if said is not None and same(said.get("for"), ours) else ours


# --- in: the plan taken apart -----------------------------------------------------------------------------


def _apart(said: State, before: State) -> State:
    plan = said.focus[ITEM]
    activities: list[Activity] = plan.get("activity") or []
    known = {p: _said(before, p) for p in _listed(before, 0)}
    whose = matched(activities, known)
    own: list[Activity] = []
    order: list[Any] = []
    measures: dict[str, Resource] = {}
    words: dict[str, Json] = {}
    for index, activity in enumerate(activities):
        if "detail" not in activity:
            order.append(len(own))
            own.append(activity)
            continue
        slot = whose.get(index) or _new_slot(plan, activity, {*known, *measures})
        order.append(slot)
        measures[slot], words[slot] = _taken(before, slot, known.get(slot), activity)
    bare = {key: value for key, value in plan.items() if key != "activity"}
    focus = {ITEM: {**bare, "activity": own} if own else bare} | dict(sorted(measures.items()))
    return State(focus, _rest(said.rest, before, State(focus), order, words))


def _taken(
    before: State, slot: str, known: Activity | None, activity: Activity
) -> tuple[Resource, dict[str, Json]]:
    """The measure after the server says `activity` of it, and where it says so in words of its own."""
    if known is not None and same(known, activity):
        return before.focus[slot], (before.rest or {}).get("said", {}).get(slot, {})
    if known is None:
        blank: Resource = {
            "resourceType": "ServiceRequest",
            "id": slot.partition("/")[2],
            "status": "unknown",
        }
        measure = applied(blank, activity_of(blank), activity)
    else:
        measure = applied(before.focus[slot], known, activity)
    return measure, own_words(measure, activity)


def _rest(inner: Json, before: State, after: State, order: list[Any], words: dict[str, Json]) -> Json:
    rest: dict[str, Json] = {}
    if inner is not None:
        rest["fhir"] = inner
    own = sum(isinstance(place, int) for place in order)
    known = (before.rest or {}).get("order", [])
    kept = known if _listed(after, own, known) == order else order
    if kept and (kept is known or _listed(after, own, []) != order):
        rest["order"] = kept
    said = {slot: one for slot, one in words.items() if one}
    if said:
        rest["said"] = said
    return rest or None


def _new_slot(plan: Resource, activity: Activity, taken: set[str]) -> str:
    """A name for a measure that the server wrote itself: the same for the same words, however often read."""
    mark = mark_of(activity)
    if mark and _ID.fullmatch(mark) and f"ServiceRequest/{mark}" not in taken:
        return f"ServiceRequest/{mark}"  # ours, though not known to be there
    text = f"{plan['id']} {encode(activity).decode()}"
    names = (f"ServiceRequest/{uuid.uuid5(_NEW, f'{text} {number}')}" for number in count())
    return next(slot for slot in names if slot not in taken)
