"""Extensions and profiles as StructureDefinitions, made of extensions.toml and profiles.toml. Differentials
only: whoever judges by them makes the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mappings import canonical
from mappings.model import Json, Resource
from mappings.profiles.heading import heading

Table = Mapping[str, Any]
Element = dict[str, Json]
R4: Final = "http://hl7.org/fhir/StructureDefinition/"
NATIONAL: Final = "http://hl7.no/fhir/StructureDefinition/"
BELONGING: Final = "belongs-to"
EVERY_ITEM: Final = (BELONGING, "third-person*", "feilregistrert")
SHORTHANDS: Final = {"codes", "targets", "types"}


def extensions(tables: Table) -> Iterator[Resource]:
    """A StructureDefinition per extension."""
    items = tables["item"]["types"]
    for name, table in tables.items():
        if name != "item":
            on = [place for one in table["on"] for place in (items if one == "item" else [one])]
            yield _extension(name, table, on)


def profiles(tables: Table, items: frozenset[str]) -> Iterator[Resource]:
    """A StructureDefinition per profile. items: the types that records of a log or plan have."""
    for name, table in tables.items():
        yield _profile(name, table, items)


def _definition(name: str, table: Table, of: str, base: str, **more: Json) -> Resource:
    return heading(
        "StructureDefinition",
        name,
        table,
        fhirVersion="4.0.1",
        kind="complex-type" if of == "Extension" else "resource",
        abstract=False,
        **more,
        type=of,
        baseDefinition=base,
        derivation="constraint",
    )


def _extension(name: str, table: Table, on: list[str]) -> Resource:
    url = canonical.extension(name)
    elements: list[Element] = [{"id": "Extension", "path": "Extension", "short": table["title"]}]
    if "parts" in table:
        elements += _parts(table["parts"])
        elements += [
            {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
            {"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"},
        ]
    else:
        elements += [
            {"id": "Extension.extension", "path": "Extension.extension", "max": "0"},
            {"id": "Extension.url", "path": "Extension.url", "fixedUri": url},
            _value("Extension", "Extension", table),
        ]
    context = [{"type": "element", "expression": place} for place in on]
    made = _definition(name, table, "Extension", f"{R4}Extension", context=context)
    return {**made, "differential": {"element": elements}}


def _parts(parts: Table) -> Iterator[Element]:
    by_url = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "closed"}
    yield {"id": "Extension.extension", "path": "Extension.extension", "slicing": by_url}
    for name, part in parts.items():
        own, path = f"Extension.extension:{name}", "Extension.extension"
        least = 1 if part.get("required") else 0
        yield {"id": own, "path": path, "sliceName": name, "min": least, "max": "1"}
        yield {"id": f"{own}.extension", "path": f"{path}.extension", "max": "0"}
        yield {"id": f"{own}.url", "path": f"{path}.url", "fixedUri": name}
        yield _value(own, path, part)


def _value(own: str, path: str, table: Table) -> Element:
    rule: dict[str, Any] = {"min": 1, "types": [table["value"]]}
    rule |= {key: table[key] for key in ("codes", "targets") if key in table}
    return _element(f"{own}.value[x]", f"{path}.value[x]", rule)


def _profile(name: str, table: Table, items: frozenset[str]) -> Resource:
    kind = table["type"]
    base = f"{NATIONAL}{table['base']}" if "base" in table else f"{R4}{kind}"
    every = EVERY_ITEM if kind in items else ()
    own = [*every, *table.get("extensions", ())]
    if kind == "CarePlan":  # a log or plan belongs to nothing
        own.remove(BELONGING)
    elements: list[Element] = [{"id": kind, "path": kind, "short": table["title"]}]
    elements += _slices(kind, own)
    for place, rule in table.get("elements", {}).items():
        elements += _rule(kind, place, rule)
    return {**_definition(name, table, kind, base), "differential": {"element": elements}}


def _slices(kind: str, names: list[str]) -> Iterator[Element]:
    """Our extensions on a type; others may stand beside them."""
    if not names:
        return
    path = f"{kind}.extension"
    by_url = {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}
    yield {"id": path, "path": path, "slicing": by_url}
    for text in names:
        name = text.removesuffix("*")
        of = [{"code": "Extension", "profile": [canonical.extension(name)]}]
        most = "*" if text.endswith("*") else "1"
        yield {
            "id": f"{path}:{name}", "path": path, "sliceName": name, "min": 0, "max": most, "type": of,
        }  # fmt: skip


def _rule(kind: str, place: str, rule: Table) -> Iterator[Element]:
    path = f"{kind}.{place}"
    if "kind" not in rule:
        yield _element(path, path, rule)
        return
    by_pattern = {"discriminator": [{"type": "pattern", "path": "$this"}], "ordered": False, "rules": "open"}
    coding = {"system": canonical.ENTRY_KIND, "code": rule["kind"]}
    yield {"id": path, "path": path, "slicing": by_pattern, "min": 1}
    yield {
        "id": f"{path}:postslag", "path": path, "sliceName": "postslag", "min": 1, "max": "1",
        "patternCodeableConcept": {"coding": [coding]},
    }  # fmt: skip


def _element(own: str, path: str, rule: Table) -> Element:
    """An ElementDefinition, its shorthands written out."""
    made: Element = {"id": own, "path": path}
    made |= {key: value for key, value in rule.items() if key not in SHORTHANDS and not _is_pattern(key)}
    targets = [f"{R4}{target}" for target in rule.get("targets", ())]
    types = rule.get("types", ["Reference"] if targets else [])
    if types:
        made["type"] = [{"code": of, **({"targetProfile": targets} if targets else {})} for of in types]
    made |= {key: value for key, value in rule.items() if _is_pattern(key)}
    if "codes" in rule:
        made["binding"] = {"strength": "required", "valueSet": canonical.value_set(rule["codes"])}
    return made


def _is_pattern(key: str) -> bool:
    return key.startswith("pattern")
