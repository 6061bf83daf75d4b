"""From declared fields to lenses: the only place that knows which words of a mapping file mean what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mappings.lens.compose import Branch, Conditions, at, branches, each, group, identity_by, named
from mappings.lens.declaration import BadDeclaration, Field, SystemDeclaration
from mappings.lens.residue import Shape
from mappings.lens.values import KINDS, Lens, belonging, coded, recipient
from mappings.lens.ways import HERE, BadWay, Way, element, way
from mappings.model import Json

NOWHERE: Final = Lens(get=lambda _, __: None, put=lambda node, _, __: node)


class Assembler:
    """Compiles the fields of one file."""

    def __init__(self, declared: SystemDeclaration) -> None:
        self.declared = declared

    def way(self, text: str, where: str, end: Way = HERE) -> Way:
        """A way of the file. Raises BadDeclaration."""
        try:
            return way(text, self.declared.names, end)
        except BadWay as error:
            raise BadDeclaration(self.declared.file, where, str(error)) from error

    def conditions(self, table: Mapping[str, Json], where: str, ways: dict[str, Way]) -> Conditions:
        """Ways and constants of one row; equal ways are shared."""
        return tuple((ways.setdefault(text, self.way(text, where)), value) for text, value in table.items())

    def fields(self, fields: tuple[Field, ...], where: str) -> dict[str, Lens]:
        """A lens per field, in the order of the file."""
        return {f.name: self.field(f, f"{where}.{f.name}") for f in fields}

    def field(self, field: Field, where: str) -> Lens:
        """The lens of one field, on the node that its object stands in."""
        lens = self._field(field, where)
        if field.kind == "frame":
            return belonging(lens)
        if field.otherwise is None:
            return lens
        get, otherwise = lens.get, field.otherwise

        def said(node: Json, ids: Any) -> Json:
            value = get(node, ids)
            return otherwise if value is None else value

        return Lens(said, lens.put)

    def _field(self, field: Field, where: str) -> Lens:
        if field.to is None and not field.fields and field.kind != "branch":
            return NOWHERE
        if field.many:
            return self._list(field, where)
        inner = self._inner(field, where)
        if not field.to:
            return inner
        also = tuple(self.way(text, where) for text in field.also)
        return at(self.way(field.to, where), inner, also, self.conditions(field.constants, where, {}))

    def _inner(self, field: Field, where: str) -> Lens:
        if field.fields:
            return group(self.fields(field.fields, where))
        if field.kind == "branch":
            return self._branches(field.codes or "", where)
        if field.kind == "code":
            return coded(self.declared.codes[field.codes or ""])
        if field.kind == "recipient":
            return recipient(self.declared.codes[field.codes or ""])
        if field.kind not in KINDS:
            raise BadDeclaration(self.declared.file, where, f"no such kind of value: {field.kind!r}")
        return KINDS[field.kind]

    def _list(self, field: Field, where: str) -> Lens:
        before, _, after = (field.to or "").partition("*")
        above, _, last = before.rpartition(".")
        inner = self._inner(field, where)
        constants = self.conditions(field.constants, where, {})
        if after or constants:
            inner = at(self.way(after.removeprefix("."), where), inner, (), constants)
        if any(f.required and f.name == field.key for f in field.fields):
            inner = named(inner, field.key or "")
        try:
            key, pattern = element(last, self.declared.names)
        except BadWay as error:
            raise BadDeclaration(self.declared.file, where, str(error)) from error
        whole = each(key, pattern, inner, identity_by(field.key))
        return _under(self.way(above, where), whole) if above else whole

    def _branches(self, name: str, where: str) -> Lens:
        ways: dict[str, Way] = {}
        rows = []
        for code, table in self.declared.branches[name].items():
            reads = tuple(self.conditions(row, where, ways) for row in table.get("also", ()))
            writes = {k: v for k, v in table.items() if k != "also"}
            rows.append(Branch(code, self.conditions(writes, where, ways), reads))
        return branches(rows)


def _under(place: Way, lens: Lens) -> Lens:
    """A lens on the node at a place."""

    def get(node: Json, ids: Any) -> Json:
        inner = place.get(node)
        return None if inner is None else lens.get(inner, ids)

    def put(node: Json, value: Json, ids: Any) -> Json:
        inner = None if node is None else place.get(node)
        return place.put(node, lens.put(inner, value, ids))

    return Lens(get, put)


def shape(fields: tuple[Field, ...], key: str | None = None) -> Shape:
    """How the residue takes apart a value with these fields."""
    return Shape(key, {f.name: shape(f.fields, f.key) for f in fields if f.fields})
