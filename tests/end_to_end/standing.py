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
SAYS_NOTHING: tuple[Any, ...] = ("", [], {})
DEFAULTS = (("avgjoerelse", "samtykker"),)
SAME_PERSON = (("e-d6", "ei-d2"), ("a-d3", "ip-d2"))  # who takes part in both; known by an HPR number
ALWAYS = frozenset(
    {
        "tekst",
        "egneOrd",
        "status",
        "start",
        "evalueringsfrist",
        "evaluering",
        "tittel",
        "beskrivelse",
        "frist",
    }
    | {"effekt", "emne", "tidspunkt", "slag", "tid", "slutt", "agenda", "innhold", "feilregistrert"}
)
WORDS = ALWAYS | {"omfang", "gjennomfoering", "sted", "mimetype", "traad"}


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


def in_names_of(system: str, source: str, record: dict[str, Any], names: Names) -> dict[str, Any]:
    """A record of `source` with each id in it as `system` calls the same thing; what it lacks is left out."""
    own = {native: ref for (owner, ref), native in names.natives.items() if owner == source}
    there = names.refs(system)
    for one, other in SAME_PERSON:
        there |= {own[a]: b for a, b in ((one, other), (other, one)) if a in own}

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [part for part in map(renamed, value) if part is not None]
        if isinstance(value, dict):
            return {key: renamed(part) for key, part in value.items()}
        return there.get(own[value]) if isinstance(value, str) and value in own else value

    found: dict[str, Any] = {k: renamed(v) for k, v in record.items() if k != "id"}
    return {**{k: v for k, v in found.items() if v is not None}, "id": record["id"]}


def disagreements(
    records: Mapping[str, Mapping[str, dict[str, Any]]], bup: list[Resource], names: Names
) -> list[str]:
    """Every field of words, codes and times in which two systems that both hold an item differ."""
    ours = in_hub_names(bup)
    found = []
    for ref in sorted({ref for _, ref in names.natives}):
        said_at = {s: records[s][n] for s in FORMATS if (n := names.at(s, ref) or "") in records[s]}
        if not said_at or ref.partition("/")[0] in OWN_TO_EACH_SYSTEM:
            continue
        first, own = next(iter(said_at.items()))
        if ref in ours:
            said_at["bup"] = as_native(first, ref, ours, names)
        for system, record in said_at.items():
            common = WORDS & own.keys() & record.keys()
            differing = [name for name in common if _known(own[name]) != _known(record[name])]
            found += [f"{ref} {name}: {first}, {system}" for name in differing]
            alone = ALWAYS & (own.keys() ^ record.keys())
            found += [f"{ref} {name}: only one of {first}, {system}" for name in alone]
    return found


def _known(value: Any) -> Any:
    """A value without who did it: not everyone takes part everywhere."""
    return {k: v for k, v in value.items() if k != "av"} if isinstance(value, dict) else value
