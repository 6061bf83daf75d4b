"""What stands at the systems, said in the words of the system that a record came from, so that the record
itself can be held against it field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mappings
from gateway.exchange.rendition import OWN_TO_EACH_SYSTEM
from mappings.model import ITEM, Ids, NotExpressible, Resource, State
from mappings.references import rewrite
from tests.end_to_end.systems import hub_id

FORMATS = {name: mappings.load(name) for name in ("stafettlogg", "individuell-plan")}
FRAME_KEY = {"stafettlogg": "logg", "individuell-plan": "plan"}
# Set by whoever writes; not part of what is said.
STAMPS = frozenset({"endret", "endretAv", "opprettet", "opprettetAv", "versjon"})
SAYS_NOTHING = ("", [], {})
DEFAULTS = (("avgjoerelse", "samtykker"),)


@dataclass(frozen=True, slots=True)
class Names:
    """Who calls what how: (system, hub reference) -> native id."""

    natives: Mapping[tuple[str, str], str]

    def at(self, system: str, ref: str) -> str | None:
        """What a system calls something of the hub's."""
        return self.natives.get((system, ref))

    def refs(self, system: str) -> dict[str, str]:
        """hub reference -> native id at one system."""
        return {ref: native for (owner, ref), native in self.natives.items() if owner == system}


def in_hub_names(resources: list[Resource]) -> dict[str, Resource]:
    """BUP's resources that came from the gateway, by hub reference, their references in the hub's names."""
    ours = {f"{r['resourceType']}/{r['id']}": hub_id(r) for r in resources}
    named = {here: f"{here.partition('/')[0]}/{own}" for here, own in ours.items() if own}
    found = {}
    for resource in resources:
        ref = named.get(f"{resource['resourceType']}/{resource['id']}")
        if ref is not None:
            renamed = rewrite(resource, lambda text: named.get(text, text))
            found[ref] = {**renamed, "id": ref.partition("/")[2]}
    return found


def as_native(system: str, ref: str, resources: Mapping[str, Resource], names: Names) -> dict[str, Any]:
    """One item at BUP, in the form and the names of a records system."""
    mapping = FORMATS[system]
    slots = mapping.slots(resources[ref]) or {}
    focus = {slot: resources[own] for slot, own in slots.items() if own in resources}
    time = resources[ref]["meta"]["lastUpdated"]
    focus["provenance"] = {"resourceType": "Provenance", "recorded": time, "agent": []}
    natives = names.refs(system)
    ids = Ids("Patient/-", "", system, {n: r for r, n in natives.items()}, natives)
    try:
        return mapping.get(State(_without_bup_parts(focus)), ids)
    except NotExpressible as reason:
        raise AssertionError(f"{ref} at BUP is nothing that {system} can hold: {reason.reason}") from reason


def _without_bup_parts(focus: dict[str, Resource]) -> dict[str, Resource]:
    item = {**focus[ITEM]}
    item["identifier"] = [i for i in item.get("identifier", []) if i.get("value") != item["id"]]
    return {**focus, ITEM: {k: v for k, v in item.items() if v}}


def said(system: str, record: dict[str, Any], without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """What a record says, without stamps, its own names and the fields that are left out on purpose. Empty
    values say nothing."""
    dropped = STAMPS | {"id", "type", FRAME_KEY[system]} | without
    kept = {
        name: _without_inner(name, value, without) for name, value in record.items() if name not in dropped
    }
    return {n: v for n, v in kept.items() if v not in SAYS_NOTHING and (n, v) not in DEFAULTS}


def _without_inner(name: str, value: Any, without: frozenset[str]) -> Any:
    inner = {path.partition(".")[2] for path in without if path.startswith(f"{name}.")}
    if not inner or not isinstance(value, list):
        return value
    return [{k: v for k, v in one.items() if k not in inner} for one in value]


def travels(ref: str, recipient: str) -> bool:
    """Whether this kind of resource is ever written at a recipient."""
    return recipient == "bup" or ref.partition("/")[0] not in OWN_TO_EACH_SYSTEM
