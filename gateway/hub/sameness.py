"""When two pieces of FHIR JSON say the same: what servers set is put aside, lists are known by identity.

Used by merge, which decides; nothing here chooses between values.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final

import msgspec

from mappings.canonical import OBSERVATION_VALUE
from mappings.model import Json, Resource

ABSENT: Final[Any] = type("Absent", (), {"__repr__": lambda _: "ABSENT", "__bool__": lambda _: False})()

SERVER_META = frozenset({"versionId", "lastUpdated", "source"})
GENERATED = frozenset({"generated", "empty"})
EXTENSIONS = frozenset({"extension", "modifierExtension"})
DATA_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
DATA_ABSENT_CODES = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

Key = Callable[[Mapping[str, Any]], Hashable]
Index = dict[Hashable, Json]

_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode


def canonical(value: Json) -> bytes:
    """One spelling per value: keys in order, numbers with their own digits."""
    return b"" if value is ABSENT else _encode(value)


def normalise(resource: Resource) -> Resource:
    """The resource without what its server set: meta's version, time and source, and generated narrative."""
    result = dict(resource)
    if isinstance(meta := result.get("meta"), dict):
        kept = {k: v for k, v in meta.items() if k.lstrip("_") not in SERVER_META}
        result = {**result, "meta": kept} if kept else _without(result, "meta")
    if isinstance(text := result.get("text"), dict) and text.get("status") in GENERATED:
        result = _without(result, "text")
    if isinstance(contained := result.get("contained"), list):
        result["contained"] = [normalise(c) if isinstance(c, dict) else c for c in contained]
    unbroken: Resource = _unbroken(result)
    return unbroken


def _unbroken(value: Json, name: str = "") -> Json:
    """Bytes written without the line breaks that a server may put between them; the very value elsewhere."""
    if isinstance(value, dict):
        made = {key: _unbroken(part, key) for key, part in value.items()}
        return made if any(made[key] is not part for key, part in value.items()) else value
    if isinstance(value, list):
        listed = [_unbroken(part) for part in value]
        return listed if any(a is not b for a, b in zip(listed, value, strict=True)) else value
    if name == "data" and isinstance(value, str):
        joined = "".join(value.split())
        return joined if len(joined) != len(value) else value
    return value


def unmarked(value: Json, name: str = "") -> Json:
    """The value without marks of redaction, which never flow back; ABSENT when nothing else is left."""
    if isinstance(value, dict):
        if _is_mark(value):
            return ABSENT
        kept = {k: u for k, v in value.items() if (u := unmarked(v, k)) is not ABSENT}
        return kept if kept or not value else ABSENT
    if isinstance(value, list):
        every = [unmarked(v) for v in value]
        if name.startswith("_"):  # aligned with the primitive list beside it
            every = [None if v is ABSENT else v for v in every]
        present = [v for v in every if v is not ABSENT]
        return present if any(v is not None for v in present) or not value else ABSENT
    return value


def same(one: Json, other: Json, name: str = "") -> bool:
    """Whether both say the same: the order of keys and of lists known by identity says nothing."""
    first, second = canonical(one), canonical(other)
    if first == second:
        return True
    if len(first) != len(second):  # another order leaves the length as it is
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(v, other[k], k) for k, v in one.items())
    if isinstance(one, list) and isinstance(other, list):
        indexes = index(name, one, other)
        if indexes is None:
            return len(one) == len(other) and all(map(same, one, other))
        mine, yours = indexes
        return mine.keys() == yours.keys() and all(same(v, yours[k]) for k, v in mine.items())
    return False


def index(name: str, *lists: list[Json]) -> tuple[Index, ...] | None:
    """The lists by what their elements are known by; None when they are not all known by the same."""
    if not all(isinstance(e, dict) for elements in lists for e in elements):
        return None
    if name in EXTENSIONS:
        return _by_url(lists)
    for key in _KEYS.get(name, _ANY):
        found = [{key(e): e for e in elements} for elements in lists]
        if all(len(f) == len(e) and None not in f for f, e in zip(found, lists, strict=True)):
            return tuple(found)
    return None


def flat(values: Iterable[Json], name: str) -> list[Json]:
    """The list of an index again."""
    if name not in EXTENSIONS:
        return list(values)
    return [e for v in values for e in (v if isinstance(v, list) else [v])]


def _without(resource: Resource, name: str) -> Resource:
    return {k: v for k, v in resource.items() if k != name}


def _is_mark(value: Mapping[str, Any]) -> bool:
    return (
        (value.get("system") == OBSERVATION_VALUE and value.get("code") == "REDACTED")
        or (value.get("system") == DATA_ABSENT_CODES and value.get("code") == "masked")
        or (value.get("url") == DATA_ABSENT and value.get("valueCode") == "masked")
    )


def _by_url(lists: tuple[list[Json], ...]) -> tuple[Index, ...] | None:
    """Extensions by url. Where one repeats: plain values each by itself, nested ones together as a list."""
    urls = [[e.get("url") for e in elements] for elements in lists]
    if any(not isinstance(u, str) for row in urls for u in row):
        return None
    repeated = {u for row in urls for u in row if row.count(u) > 1}
    nested = {e["url"] for elements in lists for e in elements if "extension" in e}
    result = []
    for elements in lists:
        found: Index = {}
        for e in elements:
            url = e["url"]
            if url not in repeated:
                found[url] = e
            elif url in nested:
                found.setdefault(url, []).append(e)
            else:
                found[url, canonical(e), sum(same(e, other) for other in found.values())] = e
        result.append(found)
    return tuple(result)


def _pair(*names: str) -> Key:
    def key(element: Mapping[str, Any]) -> Hashable:
        values = tuple(element.get(n) for n in names)
        return values if values[-1] is not None else None

    return key


def _reference(element: Mapping[str, Any]) -> Hashable:
    """A reference, or the one an element of participants is about."""
    for part in (
        element,
        *(element.get(n) for n in ("reference", "actor", "member", "individual", "who", "party")),
    ):
        if isinstance(part, dict):
            reference = part.get("reference")
            if isinstance(reference, str):
                return reference
            identifier = part.get("identifier")
            if isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
                return (identifier.get("system"), identifier["value"])
    return None


def _concept(element: Mapping[str, Any]) -> Hashable:
    """A concept by its first coding, or by its text where it has no coding."""
    coding = element.get("coding")
    if isinstance(coding, list) and coding and isinstance(coding[0], dict):
        return _pair("system", "code")(coding[0])
    text = element.get("text")
    return ("text", text) if element.keys() == {"text"} and isinstance(text, str) else None


_ANY: tuple[Key, ...] = (_pair("id"), _reference, _concept)
_KEYS: dict[str, tuple[Key, ...]] = {
    "identifier": (_pair("system", "value"),),
    "coding": (_pair("system", "code"),),
    "security": (_pair("system", "code"),),
    "tag": (_pair("system", "code"),),
    "telecom": (_pair("system", "use"), _pair("system", "use", "value")),
    "contained": (_pair("resourceType", "id"),),
    "name": (_pair("use"),),
    "address": (_pair("use"),),
}
