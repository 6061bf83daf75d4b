"""Reads a mapping file into declarations. Every key is checked against the grammar, every name against what
the file declares; a mistake names file, line and rule, what is expected, and what was probably meant.
"""

from __future__ import annotations

from mappings.lens.checked import Checked
from mappings.lens.codetables import Tables
from mappings.lens.declaration import (
    CsvDeclaration,
    Field,
    SectionDeclaration,
    SlotDeclaration,
    SystemDeclaration,
)
from mappings.lens.places import Path
from mappings.lens.soundness import unsound
from mappings.lens.source import Opener, Source, Table, nearest, over

BELONGS_TO = {"to": "extension(belongs-to).valueReference", "as": "frame", "required": True}


def parse(text: str, file: str, opener: Opener) -> SystemDeclaration:
    """Read a file and those it uses. Raises BadDeclaration."""
    return Reader(Source(text, file, opener), opener).system()


class Reader(Checked):
    """Turns the tables of one source into declarations."""

    def __init__(self, source: Source, opener: Opener) -> None:
        super().__init__(source)
        self.tables = source.tables
        self.check(self.tables, "file", ())
        self.shared = Tables(source, opener)

    # --- the system -------------------------------------------------------------------------------

    def system(self) -> SystemDeclaration:
        """The whole file."""
        head = self.check(self.tables["system"], "system", ("system",))
        return SystemDeclaration(
            source=self.source,
            name=head["name"],
            frame_key=head["frame_key"],
            type=head.get("type", "type"),
            id=_wording(head.get("id", "id")),
            changed=head.get("changed", "endret"),
            version=head.get("version", "versjon"),
            names=self.shared.names(),
            codes=self.shared.codes(),
            branches=self.shared.branches(),
            sections=tuple(self._section(name, head) for name in head["sections"]),
            csv=self._csv(),
        )

    def _csv(self) -> CsvDeclaration | None:
        if "csv" not in self.tables:
            return None
        table = dict(self.check(self.tables["csv"], "csv", ("csv",)))
        quotes = table.pop("quotes", "needed")
        encoding = table.get("encoding", "ascii")
        try:
            "".encode(encoding)
        except LookupError as error:
            raise self.source.fault(
                ("csv", "encoding"), f"{encoding!r} is no encoding; one is cp1252"
            ) from error
        return CsvDeclaration(columns=tuple(table.pop("columns")), quote_all=quotes == "all", **table)

    # --- sections ---------------------------------------------------------------------------------

    def _section(self, name: str, head: Table) -> SectionDeclaration:
        path = ("section", name)
        table = self.check(self._laid_over(name, ("system", "sections")), "section", path)
        if "resource" not in table:
            raise self.source.fault(path, "`resource` is missing: the FHIR resource it becomes")
        kind = self.check(table["kind"], "kind", (*path, "kind")) if "kind" in table else None
        when = next(iter(table["when"].items())) if "when" in table else None
        slots = table.get("slots", {})
        return SectionDeclaration(
            name=name,
            type=table["type"],
            resource=table["resource"],
            id=_wording(table.get("id") or head.get("id", "id")),
            fields=self._fields_of(table, head["frame_key"], path),
            template=self.shared.urls(table.get("template", {}), (*path, "template")),
            ensure=self.shared.urls(table.get("ensure", {}), (*path, "ensure")),
            kind=(kind["at"], kind["is"]) if kind else None,
            fallback=kind.get("or_none", False) if kind else True,
            when=(when[0], frozenset(when[1])) if when else None,
            withdrawn=table.get("withdrawn", "status"),
            views=tuple(table.get("views", ())),
            slots=tuple(self._slot(n, t, (*path, "slots", n)) for n, t in slots.items()),
            frame=table.get("frame", False),
            person=table.get("person"),
        )

    def _laid_over(self, name: str, path: Path, seen: tuple[str, ...] = ()) -> Table:
        """The section as written, over the one it is `like`."""
        declared = self.tables["section"]
        if name in seen:
            raise self.source.fault(path, f"the section {name!r} is like itself")
        table = declared[self.known(name, declared, path, "the section")]
        if not isinstance(table, dict):
            raise self.source.fault(("section", name), "must be a table")
        below, own = table.get("like"), {"type": name, **table}
        if below is None:
            return own
        return over({**self._laid_over(below, ("section", name, "like"), (*seen, name)), "type": name}, own)

    def _fields_of(self, table: Table, frame_key: str, path: Path) -> tuple[Field, ...]:
        common = self.tables.get("common", {}) if table.get("common", True) else {}
        belongs = {} if table.get("frame", False) else {frame_key: BELONGS_TO}
        fields = self._fields({**belongs, **common, **table.get("fields", {})}, (*path, "fields"))
        names = {f.name for f in fields}
        if "person" in table:
            self.known(table["person"], names, (*path, "person"), "the field")
        changed = self.tables["system"].get("changed", "endret")
        if not any(f.name == changed and f.required and f.kind == "time" for f in fields):
            reason = f"[{'.'.join(path)}] has no field {changed!r} that is required and a time"
            raise self.source.fault(("system", "changed"), reason, meant=nearest(changed, names - {changed}))
        return fields

    def _slot(self, name: str, table: Table, path: Path) -> SlotDeclaration:
        self.check(table, "slot", path)
        template = self.shared.urls(table.get("template", {}), (*path, "template"))
        return SlotDeclaration(name, table["resource"], template, table.get("link"))

    def _fields(self, tables: Table, path: Path) -> tuple[Field, ...]:
        return tuple(
            self._field(name, table, (*path, name)) for name, table in tables.items() if table is not False
        )

    def _field(self, name: str, table: Table, path: Path) -> Field:
        self.check(table, "field", path)
        inner = self._fields(table.get("fields", {}), (*path, "fields"))
        parts = table.get("parts", ())
        made = Field(
            name=name,
            kind=table.get("as") or _kind(table),
            to=table.get("to"),
            slot=table.get("slot"),
            codes=self._table(table, path),
            key=table.get("key"),
            fields=inner,
            also=tuple(table.get("also", ())),
            constants=self.shared.urls(table.get("with", {}), (*path, "with")),
            system=self.shared.urls(table.get("system"), (*path, "system")),
            parts=(parts,) if isinstance(parts, str) else tuple(parts),
            **{k: table[k] for k in _AS_WRITTEN if k in table},
        )
        self._sound(made, path)
        return made

    def _table(self, table: Table, path: Path) -> str | None:
        """The name of its code table."""
        for key in ("codes", "branches"):
            if key in table:
                return self.known(table[key], self.tables.get(key, {}), (*path, key), "the code table")
        return None

    def _sound(self, field: Field, path: Path) -> None:
        """What concerns several keys of one field."""
        names = {f.name for f in field.fields}
        if field.key is not None and field.fields:
            self.known(field.key, names, (*path, "key"), "the member")
        fault = unsound(field, names)
        if fault is not None:
            raise self.source.fault((*path, fault[0]), fault[1])


_AS_WRITTEN = ("required", "wanted", "people", "otherwise", "open", "form", "zone", "separator", "id")


def _kind(table: Table) -> str:
    if "fields" in table:
        return "object"
    return "branch" if "branches" in table else "code" if "codes" in table else "text"


def _wording(text: str) -> str:
    """A field's name alone is short for it in braces."""
    return text if "{" in text else f"{{{text}}}"
