"""Checks tables of a mapping file against the grammar, and names against what the file declares. A mistake
names file, line and rule, what is expected, and what was probably meant.
"""

from __future__ import annotations

from typing import Any

from mappings.lens.grammar import OPEN_TABLES, TABLES, Key
from mappings.lens.places import Path
from mappings.lens.source import BadDeclaration, Source, Table, nearest
from mappings.model import Json


class Checked:
    """The checks of one source."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def check(self, table: Json, kind: str, path: Path) -> Table:
        """The table, once each of its keys is known and has a value of the right form."""
        keys = TABLES[kind]
        if not isinstance(table, dict):
            raise self.source.fault(path, "must be a table")
        for name, value in table.items():
            here = (*path, name)
            if name in keys:
                if not keys[name].form.fits(value):
                    raise self._misfit(value, keys[name], here)
            elif kind not in OPEN_TABLES or name.startswith("$"):
                raise self.source.fault(here, f"unknown: {name}", meant=nearest(name, keys))
        for name, key in keys.items():
            if key.required and name not in table:
                raise self.source.fault(path, f"`{name}` is missing: {key.says}")
        return table

    def _misfit(self, value: Json, key: Key, path: Path) -> BadDeclaration:
        meant = nearest(value, key.form.schema.get("enum", ())) if isinstance(value, str) else None
        said = repr(value) if isinstance(value, (str, int)) else "the value"
        reason = f"{said} is unknown" if meant else f"{said} must be {key.form.expects}"
        return self.source.fault(path, reason, meant=meant)

    def known(self, name: str, declared: Any, path: Path, what: str) -> str:
        """The name, once it is known that the file declares it."""
        if name not in declared:
            raise self.source.fault(path, f"{what} {name!r} is not declared", meant=nearest(name, declared))
        return name
