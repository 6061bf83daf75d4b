"""One activity of a plan that holds its measures: as we write it, by its parts, and which measure it is when
it comes back. Pure; `inline` puts activities and plans together."""

from __future__ import annotations

from typing import Final

from mappings.canonical import extension, identifier_system
from mappings.dialects.detail import activity_of
from mappings.fhir_restore import same
from mappings.jsontext import encode
from mappings.model import Json, Resource

MEASURE: Final = extension("measure")  # on an activity: which measure it is
OURS: Final = identifier_system("item")

Activity = dict[str, Json]


def rendered(measure: Resource) -> Activity:
    """An activity as we would write it."""
    mark = {"url": MEASURE, "valueIdentifier": {"system": OURS, "value": measure["id"]}}
    return {"extension": [mark], **activity_of(measure)}


def own_words(measure: Resource, activity: Activity) -> dict[str, Json]:
    """Where the server says it otherwise than we would: that stays until our side changes."""
    ours, theirs = by_place(rendered(measure)), by_place(activity)
    return {
        place: {"for": ours.get(place), "says": theirs.get(place)}
        for place in sorted(ours.keys() | theirs.keys())
        if not same(ours.get(place), theirs.get(place))
    }


def by_place(activity: Activity) -> dict[str, Json]:
    """An activity's elements by place: "progress", "detail.status", …"""
    parts = {key: value for key, value in activity.items() if key != "detail"}
    return parts | {f"detail.{key}": value for key, value in (activity.get("detail") or {}).items()}


def joined(parts: dict[str, Json]) -> Activity:
    """The activity of these places; None is none."""
    out: Activity = {}
    for place, value in parts.items():
        if value is None:
            continue
        if place.startswith("detail."):
            out.setdefault("detail", {})[place.removeprefix("detail.")] = value
        else:
            out[place] = value
    return out


def matched(activities: list[Activity], known: dict[str, Activity]) -> dict[int, str]:
    """Index -> the measure it is: by being the same, else by our mark, its code or description."""
    found: dict[int, str] = {}
    for key in (encode, mark_of, _code, _description):
        left = {slot: key(one) for slot, one in known.items() if slot not in found.values()}
        for index, activity in enumerate(activities):
            named = key in (_code, _description) and mark_of(activity)  # by its mark it is another one
            if index in found or named or "detail" not in activity:
                continue
            wanted = key(activity)
            slot = next((s for s, value in left.items() if wanted and value == wanted), None)
            if slot is not None:
                found[index] = slot
                del left[slot]
    return found


def mark_of(activity: Activity) -> str | None:
    for one in activity.get("extension") or ():
        if one.get("url") == MEASURE:
            return str((one.get("valueIdentifier") or {}).get("value"))
    return None


def _code(activity: Activity) -> bytes | None:
    code = (activity.get("detail") or {}).get("code")
    return encode(code) if code else None


def _description(activity: Activity) -> str | None:
    text = (activity.get("detail") or {}).get("description")
    return str(text) if text else None
