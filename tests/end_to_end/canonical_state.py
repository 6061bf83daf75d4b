"""A hub's state without what chance gave it: every id that the hub made up is said as the record it stands
for, so that two hubs that know the same are equal."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import select

from gateway.hub.schema.tables import conflict, link, resource, waiting_record
from mappings.canonical import NATIONAL_IDS
from mappings.model import Resource
from tests.end_to_end.hub import Hub

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def state(hub: Hub) -> dict[str, Any]:
    """Current resources, what each system holds, what waits and what disagrees."""
    told = sorted(hub.said(link), key=lambda one: (one[0].system, str(one[0].native_id)))
    links = [row for row, _ in told]
    names = _names(hub, links)

    def plain(value: Any) -> Any:
        text = json.dumps(value, sort_keys=True, default=str, ensure_ascii=False)
        return json.loads(UUID.sub(lambda found: names.get(found[0], found[0]), text))

    heads = hub.rows(select(resource.c.ref, resource.c.item, resource.c.type))
    return {
        "items": sorted(str(plain([r.ref, r.item, r.type])) for r in heads),
        "resources": {str(plain(ref)): plain(value) for ref, value in hub.resources().items()},
        "held": {(r.system, r.native_id): _held(plain(content["held"])) for r, content in told},
        "known": {(r.system, r.native_id): plain([r.ref, r.frame, r.changed]) for r in links},
        "waiting": sorted((r.system, r.native_id, r.waits_for) for r in hub.rows(select(waiting_record))),
        "conflicts": sorted((r.system, r.path) for r in hub.rows(select(conflict))),
    }


def _held(value: dict[str, Any]) -> dict[str, Any]:
    return {"focus": value["focus"], "rest": value["rest"]}


def _names(hub: Hub, links: list[Any]) -> dict[str, str]:
    names: dict[str, str] = {}
    for row in links:
        kind, _, own = row.ref.partition("/")
        if kind != "Patient":
            names[own] = f"{row.system}:{row.native_id}"
    for ref, value in hub.resources().items():
        if ref.startswith("Patient/"):
            names[ref.partition("/")[2]] = _number(value)
    return names


def _number(patient: Resource) -> str:
    return str(next(i["value"] for i in patient["identifier"] if i["system"] in NATIONAL_IDS))
