"""Code systems, value sets and concept maps as FHIR: the codes from the mapping files, what they are called
from terms.toml. A code that only one of the two knows stops the build.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mappings import canonical
from mappings.lens.declaration import SystemDeclaration
from mappings.model import Json, Resource
from mappings.profiles.heading import UnknownTerm, heading

Table = Mapping[str, Any]
KINDS: Final = "kinds"


def terminology(terms: Table, declared: tuple[SystemDeclaration, ...]) -> Iterator[Resource]:
    """Every CodeSystem with its ValueSet, and the ConceptMaps. Raises UnknownTerm."""
    for name, table in terms["systems"].items():
        if not table.get("own"):
            _check(name, set(table["codes"]), {c for text in table["from"] for c in _codes(text, declared)})
        yield _code_system(name, table)
        yield _value_set(name, table)
    for name, table in terms["maps"].items():
        yield _concept_map(name, table, declared)


def _check(name: str, called: set[str], known: set[str]) -> None:
    if called != known:
        raise UnknownTerm(f"terms.toml, systems.{name}: {', '.join(sorted(called ^ known))}")


def _codes(text: str, declared: tuple[SystemDeclaration, ...]) -> Iterator[str]:
    """Native codes of a table of the mapping files ("codes.tjeneste"), or all entry kinds."""
    if text == KINDS:
        for system in declared:
            yield from _kinds(system)
        return
    sort, _, name = text.partition(".")
    for system in declared:
        tables: Mapping[str, Mapping[Json, Json]] = system.codes if sort == "codes" else system.branches
        yield from map(str, tables.get(name, {}))


def _kinds(system: SystemDeclaration) -> Iterator[str]:
    for section in system.sections:
        if section.kind is not None and section.kind[0].endswith("<entry-kind>"):
            yield section.kind[1]
        for slot in section.slots:
            yield from _coded(slot.template, canonical.ENTRY_KIND)


def _coded(value: Json, system: str) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("system") == system:
            yield value["code"]
        for inner in value.values():
            yield from _coded(inner, system)
    elif isinstance(value, list):
        for inner in value:
            yield from _coded(inner, system)


def _code_system(name: str, table: Table) -> Resource:
    concepts = [{"code": code, "display": display} for code, display in table["codes"].items()]
    return {
        **heading("CodeSystem", name, table),
        "caseSensitive": True,
        "valueSet": canonical.value_set(name),
        "content": "fragment" if table.get("open") else "complete",
        **({} if table.get("open") else {"count": len(concepts)}),
        "concept": concepts,
    }


def _value_set(name: str, table: Table) -> Resource:
    include = {"system": canonical.code_system(name)}
    return {**heading("ValueSet", name, table), "immutable": False, "compose": {"include": [include]}}


def _concept_map(name: str, table: Table, declared: tuple[SystemDeclaration, ...]) -> Resource:
    source = table.get("source", name)
    pairs = dict(_pairs(table, declared))
    shared = {code for code in pairs.values() if list(pairs.values()).count(code) > 1}
    elements = [
        {"code": code, "target": [{"code": to, "equivalence": "wider" if to in shared else "equivalent"}]}
        for code, to in pairs.items()
    ]
    described = {"description": "Kodene slik mappingfilene oversetter dem.", **table}
    return {
        **heading("ConceptMap", name, described),
        "sourceUri": canonical.value_set(source),
        "targetUri": table["scope"],
        "group": [
            {"source": canonical.code_system(source), "target": table["target"], "element": elements},
        ],
    }


def _pairs(table: Table, declared: tuple[SystemDeclaration, ...]) -> Iterator[tuple[str, str]]:
    sort, _, name = table["from"].partition(".")
    for system in declared:
        rows: Mapping[Json, Json] = (system.codes if sort == "codes" else system.branches).get(name, {})
        for native, row in rows.items():
            code = row if sort == "codes" else row.get(table["place"])
            if code is not None:
                yield str(native), str(code)
