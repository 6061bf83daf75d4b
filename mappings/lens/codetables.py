"""The tables that sections share: short names of URLs, code tables (inside the file, or as FHIR JSON beside
it), codes that stand in several places, and patterns of elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from mappings import canonical, jsontext
from mappings.lens.declaration import Codes
from mappings.lens.places import Path
from mappings.lens.source import BadDeclaration, Opener, Source, Table
from mappings.lens.ways import Names, Pattern
from mappings.model import Json

_OURS: Final = {
    "code": canonical.code_system,
    "ext": canonical.extension,
    "id": canonical.identifier_system,
    "policy": canonical.policy,
}
IN_A_FILE: Final = "conceptmap", "codesystem", "valueset"


class Tables:
    """The shared tables of one source."""

    def __init__(self, source: Source, opener: Opener) -> None:
        self._source, self._opener = source, opener
        self._names: dict[str, str] = source.tables.get("names", {})

    def names(self) -> Names:
        """URLs and patterns by name."""
        return Names(self._names, self._patterns())

    def codes(self) -> dict[str, Codes]:
        """Code tables by name: native code -> FHIR code."""
        tables = self._source.tables.get("codes", {})
        return {
            name: self._codes(rows, ("codes", name)) for name, rows in tables.items() if rows is not False
        }

    def branches(self) -> dict[str, dict[str, Table]]:
        """Codes that stand in several places, by name of their table."""
        found: dict[str, dict[str, Table]] = self.urls(self._source.tables.get("branches", {}), ("branches",))
        for name, table in found.items():
            if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
                raise self._source.fault(("branches", name), "must be a table of code = { way = value, … }")
        return found

    def urls(self, value: Json, path: Path) -> Any:
        """Every "@…" in the value replaced by the URL it is short for."""
        if isinstance(value, dict):
            return {k: self.urls(v, (*path, k)) for k, v in value.items()}
        if isinstance(value, list):
            return [self.urls(v, (*path, str(i))) for i, v in enumerate(value)]
        return self._url(value[1:], path) if isinstance(value, str) and value.startswith("@") else value

    def _url(self, name: str, path: Path) -> str:
        sort, _, rest = name.partition("/")
        own = _OURS.get(sort)
        if rest and own:
            return own(rest)
        if name not in self._names:
            raise self._source.fault(path, f"the name {name!r} is not declared under [names]")
        return self._names[name]

    def _patterns(self) -> dict[str, Pattern]:
        tables = self._source.tables.get("patterns", {})
        return {name: self._pattern(t, ("patterns", name)) for name, t in tables.items() if t is not False}

    def _pattern(self, table: Json, path: Path) -> Pattern:
        if not isinstance(table, dict):
            raise self._source.fault(path, "must be a table")
        table = self.urls(table, path)
        unknown = {k for k in table if k.startswith("$")} - {"$has", "$lacks", "$or_first"}
        if unknown:
            raise self._source.fault(path, f"unknown: {', '.join(sorted(unknown))}")
        return Pattern(
            {k: v for k, v in table.items() if not k.startswith("$")},
            tuple(table.get("$has", ())),
            tuple(table.get("$lacks", ())),
            bool(table.get("$or_first", False)),
        )

    def _codes(self, rows: Json, path: Path) -> Codes:
        if isinstance(rows, list) and all(isinstance(row, (str, int)) for row in rows):
            if len(set(rows)) < len(rows):
                raise self._source.fault(path, "holds a code twice (true counts as 1, false as 0)")
            return {row: str(row) for row in rows}
        if not isinstance(rows, dict) or not all(isinstance(code, str) for code in rows.values()):
            raise self._source.fault(path, "must be a list of codes or a table of native = FHIR code")
        if len(rows) == 1 and next(iter(rows)) in IN_A_FILE and next(iter(rows.values())).endswith(".json"):
            return self._from_file(*next(iter(rows.items())), path)
        return dict(rows)

    def _from_file(self, sort: str, name: str, path: Path) -> Codes:
        try:
            resource = jsontext.decode(self._opener(name))
        except (BadDeclaration, jsontext.DecodeError) as error:
            reason = error.reason if isinstance(error, BadDeclaration) else "is not JSON"
            raise self._source.fault((*path, sort), f"{name}: {reason}") from error
        kind = resource.get("resourceType") if isinstance(resource, dict) else None
        if not isinstance(kind, str) or kind.lower() != sort:
            raise self._source.fault((*path, sort), f"{name} is no {sort}")
        found = dict(_mapped(resource) if sort == "conceptmap" else _listed(resource, sort))
        if not found:
            raise self._source.fault((*path, sort), f"{name} lists no codes")
        return found


def _mapped(resource: Json) -> Iterator[tuple[str, str]]:
    """Of each code the first partner that a ConceptMap gives it."""
    for group in resource.get("group") or ():
        for element in group.get("element") or ():
            codes = [t["code"] for t in element.get("target") or () if t.get("code")]
            if element.get("code") and codes:
                yield element["code"], codes[0]


def _listed(resource: Json, sort: str) -> Iterator[tuple[str, str]]:
    """Every code of a CodeSystem or of a ValueSet that lists its codes; both sides say the same."""
    if sort == "valueset":
        concepts = [
            c
            for part in (resource.get("compose") or {}).get("include") or ()
            for c in part.get("concept") or ()
        ]
    else:
        concepts = list(resource.get("concept") or ())
    while concepts:
        concept = concepts.pop(0)
        if concept.get("code"):
            yield concept["code"], concept["code"]
        concepts = [*(concept.get("concept") or ()), *concepts]
