"""A mapping file read into values: what a system's record types are called, which fields they have, and
where each stands in FHIR. Nothing is compiled here; every mistake names the file, the section and the rule.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from mappings import canonical
from mappings.lens.ways import Names, Pattern
from mappings.model import Json, MappingError

Table = dict[str, Any]
Codes = Mapping[Json, str]  # native code -> FHIR code


class BadDeclaration(MappingError):
    """The mapping file is wrong. `where` names section and rule."""

    def __init__(self, file: str, where: str, reason: str) -> None:
        self.file, self.where, self.reason = file, where, reason
        super().__init__(f"{file}: [{where}] {reason}" if where else f"{file}: {reason}")


@dataclass(frozen=True, slots=True)
class Field:
    """One native field. `to` without meaning (None) keeps the value in the rest alone."""

    name: str
    kind: str
    to: str | None = None
    slot: str | None = None
    codes: str | None = None
    key: str | None = None  # lists: by which member an element is known
    fields: tuple[Field, ...] = ()
    also: tuple[str, ...] = ()
    constants: Mapping[str, Json] = field(default_factory=dict)
    required: bool = False
    wanted: bool = False  # missing is a warning
    people: bool = True  # recipients: may be a participant
    otherwise: Json = None  # what get says where FHIR says nothing

    @property
    def many(self) -> bool:
        """Whether the native value is a list."""
        return self.to is not None and "*" in self.to


@dataclass(frozen=True, slots=True)
class SlotDeclaration:
    """A resource owned by the focal one."""

    name: str
    resource: str
    template: Table
    link: str | None = None  # list of references in the focal resource that names it


@dataclass(frozen=True, slots=True)
class SectionDeclaration:
    """One record type, or one form of it (`when`)."""

    name: str
    type: str
    resource: str
    fields: tuple[Field, ...]
    template: Table = field(default_factory=dict)
    ensure: Mapping[str, Json] = field(default_factory=dict)
    kind: tuple[str, str] | None = None  # way and code that tell this type from others
    fallback: bool = True  # a resource without any kind is of this type
    when: tuple[str, frozenset[str]] | None = None  # native field and its values that mean this form
    withdrawn: str = "status"  # where entered-in-error stands; "tag" where there is no such status
    views: tuple[str, ...] = ()
    slots: tuple[SlotDeclaration, ...] = ()
    frame: bool = False
    person: str | None = None  # the field that says whom it is about


@dataclass(frozen=True, slots=True)
class SystemDeclaration:
    """One file."""

    file: str
    name: str
    frame_key: str
    changed: str
    names: Names
    codes: Mapping[str, Codes]
    branches: Mapping[str, Mapping[str, Table]]
    sections: tuple[SectionDeclaration, ...]


Opener = Callable[[str], str]  # name of a used file -> its text

_FIELD_KEYS: Final = {
    "to", "as", "slot", "codes", "branches", "key", "fields", "also", "with", "required", "wanted", "people",
    "otherwise",
}  # fmt: skip
_SECTION_KEYS: Final = {
    "type", "resource", "template", "ensure", "kind", "when", "withdrawn", "views", "slots", "fields",
    "frame", "person", "common", "like",
}  # fmt: skip
_TOP_KEYS: Final = {"system", "names", "patterns", "codes", "branches", "common", "section"}


def parse(text: str, file: str, opener: Opener) -> SystemDeclaration:
    """Read a file and those it uses. Raises BadDeclaration."""
    return _Reader(file, _tables(text, file, opener)).system()


def _tables(text: str, file: str, opener: Opener) -> Table:
    try:
        tables: Table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadDeclaration(file, "", str(error)) from error
    used = tables.get("system", {}).pop("uses", None)
    if used is None:
        return tables
    return _over(_tables(opener(used), used, opener), tables)


def _over(below: Table, above: Table) -> Table:
    """The tables of `above` laid over those of `below`: tables merge, `name = false` takes a table away, and
    everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and value is False:
            del merged[key]
        else:
            merged[key] = _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


class _Reader:
    """Turns tables into declarations; remembers where it is, for the errors."""

    def __init__(self, file: str, tables: Table) -> None:
        self.file, self.tables = file, tables
        self.urls: dict[str, str] = tables.get("names", {})

    def fail(self, where: str, reason: str) -> BadDeclaration:
        return BadDeclaration(self.file, where, reason)

    def system(self) -> SystemDeclaration:
        self._known(self.tables, _TOP_KEYS, "")
        head = self.tables.get("system", {})
        self._known(head, {"name", "sections", "frame_key", "changed"}, "system")
        for key in ("name", "sections", "frame_key"):
            if key not in head:
                raise self.fail("system", f"`{key}` is missing")
        codes = {name: self._codes(name, rows) for name, rows in self.tables.get("codes", {}).items()}
        return SystemDeclaration(
            file=self.file,
            name=head["name"],
            frame_key=head["frame_key"],
            changed=head.get("changed", "endret"),
            names=Names(self.urls, self._patterns()),
            codes=codes,
            branches=self._urls(self.tables.get("branches", {}), "branches"),
            sections=tuple(self._section(name, head["frame_key"]) for name in head["sections"]),
        )

    def _codes(self, name: str, rows: Json) -> Codes:
        if isinstance(rows, list):
            return {row: str(row) for row in rows}
        if isinstance(rows, dict) and all(isinstance(code, str) for code in rows.values()):
            return dict(rows)
        raise self.fail(f"codes.{name}", "must be a list of codes or a table of native = FHIR code")

    def _patterns(self) -> dict[str, Pattern]:
        patterns = {}
        for name, table in self.tables.get("patterns", {}).items():
            table = self._urls(table, f"patterns.{name}")
            fresh = {k: v for k, v in table.items() if not k.startswith("$")}
            unknown = set(table) - set(fresh) - {"$has", "$lacks", "$or_first"}
            if unknown:
                raise self.fail(f"patterns.{name}", f"unknown: {', '.join(sorted(unknown))}")
            patterns[name] = Pattern(
                fresh,
                tuple(table.get("$has", ())),
                tuple(table.get("$lacks", ())),
                bool(table.get("$or_first", False)),
            )
        return patterns

    def _section(self, name: str, frame_key: str) -> SectionDeclaration:
        where = f"section.{name}"
        table = self._table(name)
        self._known(table, _SECTION_KEYS, where)
        if "resource" not in table:
            raise self.fail(where, "`resource` is missing")
        common = self.tables.get("common", {}) if table.get("common", True) else {}
        frame = table.get("frame", False)
        belongs = {} if frame else {frame_key: {"to": "extension(belongs-to).valueReference", "as": "frame",
                                                "required": True}}  # fmt: skip
        kind = table.get("kind")
        when = table.get("when")
        return SectionDeclaration(
            name=name,
            type=table.get("type", name),
            resource=table["resource"],
            fields=self._fields({**belongs, **common, **table.get("fields", {})}, where),
            template=self._urls(table.get("template", {}), where),
            ensure=self._urls(table.get("ensure", {}), where),
            kind=(kind["at"], kind["is"]) if kind else None,
            fallback=kind.get("or_none", False) if kind else True,
            when=next(((key, frozenset(values)) for key, values in when.items()), None) if when else None,
            withdrawn=table.get("withdrawn", "status"),
            views=tuple(table.get("views", ())),
            slots=tuple(self._slot(n, t, where) for n, t in table.get("slots", {}).items()),
            frame=frame,
            person=table.get("person"),
        )

    def _table(self, name: str) -> Table:
        """The section as written, over the one it is `like`."""
        table: Table | None = self.tables.get("section", {}).get(name)
        if table is None:
            raise self.fail("system", f"the section {name!r} is listed but not declared")
        below = table.get("like")
        return _over({"type": name, **self._table(below)}, {"type": name, **table}) if below else table

    def _slot(self, name: str, table: Table, where: str) -> SlotDeclaration:
        where = f"{where}.slots.{name}"
        self._known(table, {"resource", "template", "link"}, where)
        if "resource" not in table:
            raise self.fail(where, "`resource` is missing")
        return SlotDeclaration(
            name, table["resource"], self._urls(table.get("template", {}), where), table.get("link")
        )

    def _fields(self, tables: Table, where: str) -> tuple[Field, ...]:
        return tuple(self._field(name, table, f"{where}.fields.{name}") for name, table in tables.items())

    def _field(self, name: str, table: Table, where: str) -> Field:
        if not isinstance(table, dict):
            raise self.fail(where, "must be a table")
        self._known(table, _FIELD_KEYS, where)
        codes = table.get("codes") or table.get("branches")
        inner = table.get("fields")
        kind = table.get("as") or ("object" if inner else "branch" if "branches" in table else None)
        declared = self.tables.get("branches" if kind == "branch" else "codes", {})
        if codes is not None and codes not in declared:
            raise self.fail(where, f"the code table {codes!r} is not declared")
        return Field(
            name=name,
            kind=kind or ("code" if codes else "text"),
            to=table.get("to"),
            slot=table.get("slot"),
            codes=codes,
            key=table.get("key"),
            fields=self._fields(inner, where) if inner else (),
            also=tuple(table.get("also", ())),
            constants=self._urls(table.get("with", {}), where),
            required=table.get("required", False),
            wanted=table.get("wanted", False),
            people=table.get("people", True),
            otherwise=table.get("otherwise"),
        )

    def _known(self, table: Table, known: set[str], where: str) -> None:
        unknown = sorted(set(table) - known)
        if unknown:
            raise self.fail(where, f"unknown: {', '.join(unknown)}")

    def _urls(self, value: Json, where: str) -> Any:
        """Every "@…" in the value replaced by the URL it is short for."""
        if isinstance(value, dict):
            return {k: self._urls(v, where) for k, v in value.items()}
        if isinstance(value, list):
            return [self._urls(v, where) for v in value]
        return self._url(value[1:], where) if isinstance(value, str) and value.startswith("@") else value

    def _url(self, name: str, where: str) -> str:
        sort, _, rest = name.partition("/")
        own = {
            "code": canonical.code_system,
            "ext": canonical.extension,
            "id": canonical.identifier_system,
            "policy": canonical.policy,
        }.get(sort)
        if rest and own:
            return own(rest)
        if name not in self.urls:
            raise self.fail(where, f"the name {name!r} is not declared under [names]")
        return self.urls[name]
