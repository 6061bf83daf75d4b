"""From declared fields to lenses: objects, lists, branches, texts with several values, each in place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mappings.lens.compose import Branch, Conditions, Constant, at, branches, each, group, identity_by, named
from mappings.lens.declaration import Field, SystemDeclaration
from mappings.lens.kinds import NOWHERE, single
from mappings.lens.patterns import Pattern
from mappings.lens.places import Path
from mappings.lens.refs import belonging
from mappings.lens.residue import Shape
from mappings.lens.texts import joined, listed
from mappings.lens.values import Lens
from mappings.lens.ways import HERE, BadWay, Way, element, way
from mappings.model import Json


class Assembler:
    """Compiles the fields of one file. Raises BadDeclaration."""

    def __init__(self, declared: SystemDeclaration) -> None:
        self.declared = declared

    def way(self, text: str, path: Path, end: Way = HERE) -> Way:
        """A way of the file."""
        try:
            return way(text, self.declared.names, end)
        except BadWay as error:
            raise self.declared.source.fault(path, str(error)) from error

    def conditions(self, table: Mapping[str, Json], path: Path, ways: dict[str, Way]) -> Conditions:
        """Ways and constants of one row; equal ways are shared."""
        return tuple((ways.setdefault(text, self.way(text, path)), value) for text, value in table.items())

    def fields(self, fields: tuple[Field, ...], path: Path) -> dict[str, Lens]:
        """A lens per field, in the order of the file."""
        return {f.name: self.field(f, (*path, f.name), fields) for f in fields}

    def field(self, field: Field, path: Path, beside: tuple[Field, ...] = ()) -> Lens:
        """The lens of one field, on the node that its object stands in, with those beside it."""
        lens = self._field(field, path, beside)
        if field.kind == "frame":
            return belonging(lens)
        if field.otherwise is None:
            return lens
        get, otherwise = lens.get, field.otherwise

        def said(node: Json, ids: Any) -> Json:
            value = get(node, ids)
            return otherwise if value is None else value

        return Lens(said, lens.put)

    def _field(self, field: Field, path: Path, beside: tuple[Field, ...]) -> Lens:
        if field.to is None and not field.fields and field.kind != "branch":
            return NOWHERE
        if field.many:
            whole = self._list(field, path)
            return whole if field.separator is None else listed(field.separator, whole)
        inner = self._inner(field, path)
        if not field.to:
            return inner
        also = tuple(self.way(text, (*path, "also")) for text in field.also)
        constants = self._constants(field, path, beside)
        return at(self.way(field.to, (*path, "to")), inner, also, constants)

    def _constants(self, field: Field, path: Path, beside: tuple[Field, ...] = ()) -> tuple[Constant, ...]:
        """What stands beside the value, and for which other fields of the same object it stands too."""
        sharing = [f for f in beside if f is not field and f.slot == field.slot and f.to and not f.many]
        return tuple(
            (place, value, tuple(self.way(f.to or "", path) for f in sharing if text in f.constants))
            for text, (place, value) in zip(
                field.constants, self.conditions(field.constants, (*path, "with"), {}), strict=True
            )
        )

    def _inner(self, field: Field, path: Path) -> Lens:
        if field.fields:
            whole = group(self.fields(field.fields, (*path, "fields")))
            return joined(field.parts, whole) if field.parts else whole
        if field.kind == "branch":
            return self._branches(field.codes or "")
        try:
            return single(field, self.declared.codes)
        except KeyError:
            reason = f"{field.kind!r} is only for values that stay with this system"
            raise self.declared.source.fault((*path, "as"), reason) from None

    def _list(self, field: Field, path: Path) -> Lens:
        before, _, after = (field.to or "").partition("*")
        above, _, last = before.rpartition(".")
        inner = self._inner(field, path)
        constants = self._constants(field, path)
        if after or constants:
            inner = at(self.way(after.removeprefix("."), (*path, "to")), inner, (), constants)
        if any(f.required and f.name == field.key for f in field.fields):
            inner = named(inner, field.key or "")
        key, pattern = self._element(last, (*path, "to"))
        whole = each(key, pattern, inner, identity_by(field.key), unique=above == "meta")
        return _under(self.way(above, (*path, "to")), whole) if above else whole

    def _element(self, step: str, path: Path) -> tuple[str, Pattern]:
        try:
            return element(step, self.declared.names)
        except BadWay as error:
            raise self.declared.source.fault(path, str(error)) from error

    def _branches(self, name: str) -> Lens:
        ways: dict[str, Way] = {}
        rows = []
        for code, table in self.declared.branches[name].items():
            path = ("branches", name, code)
            reads = tuple(self.conditions(row, (*path, "also"), ways) for row in table.get("also", ()))
            writes = {k: v for k, v in table.items() if k != "also"}
            rows.append(Branch(code, self.conditions(writes, path, ways), reads))
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
