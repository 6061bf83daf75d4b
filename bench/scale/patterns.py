"""Rows that the gateway wrote about invented children, as patterns: their content opened, their names shown,
and a gap wherever an id, a name of a record or a number of the child's own stands. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import psycopg
from sqlalchemy import Column, Table

from gateway.hub.content import CLEAR
from gateway.hub.names import NativeId
from gateway.hub.schema.every import metadata
from gateway.hub.sealing import COLUMNS
from gateway.keys.key_store import KeyStore
from gateway.keys.keyring import FORM, Keyring

Connect = Callable[[str], psycopg.Connection[Any]]
HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # of PostgreSQL's binary COPY: signature, flags, extension
END = b"\xff\xff"
NOTHING = (-1).to_bytes(4, signed=True)  # the length of NULL
_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_TOKEN = re.compile(rb"(" + _UUID + rb")|(?:barn|plan)-T(\d{4})|(?<![0-9])(\d{11})(?![0-9])")
_SIZES = {"disclosure": 3, "link": 3, "resource_version": 3, "resource": 2}  # the largest first
NUMBERED = {
    ("resource_version", "transaction"): "count",
    ("audit", "number"): "count",
    ("person_identifier", "keyed_hash"): "hash",
}
WIDTHS = {"count": 8, "hash": 64, "number": 11, "barn": 12, "plan": 12}  # bytes of what a gap is filled with
_UUID_WIDTH = 36


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """Bytes, and what stands in each gap: one of the child's own ids by number, a word, a name or content."""

    pattern: bytes
    gaps: tuple[int | str | Hidden | Sealed, ...]

    @property
    def width(self) -> int:
        """Bytes, once its gaps are filled."""
        return len(self.pattern % tuple(bytes(_width(gap)) for gap in self.gaps))


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """A name that is to be hidden."""

    shown: Pattern


@dataclass(frozen=True, slots=True, eq=False)
class Sealed:
    """Content that is to be sealed for its place. own: by the child's key, else by the tenant's."""

    place: Pattern
    plain: Pattern
    own: bool


Slots = list[list[Pattern]]  # of one child: what is written at once, in order


@dataclass(frozen=True, slots=True)
class Rows:
    """One table's rows of every child that is copied from."""

    name: str
    columns: tuple[str, ...]
    lives: tuple[Slots, ...]


class Opening:
    """What opens the rows of a database and knows whose key sealed them."""

    def __init__(self, keys: Keyring, store: KeyStore, tenant: str) -> None:
        self.keys, self.tenant = keys, tenant
        self._store = store
        self._whose: dict[bytes, str] = {}

    def owner(self, sealed: bytes) -> str:
        """The person by whose key it is sealed; "" for the tenant's."""
        own = sealed[len(FORM) : len(FORM) + 16]
        if own not in self._whose:
            self._whose[own] = self._store.by_id(own).person
        return self._whose[own]


def read(connect: Connect, database: str, persons: list[str], opening: Opening) -> list[Rows]:
    """What is known of these persons, table by table, ready to be copied."""
    found = []
    numbers: list[dict[bytes, int]] = [{} for _ in persons]
    with connect(database) as connection:
        for table in metadata.sorted_tables:
            key = {"person": "id", "timer": "subject"}.get(table.name, "person")
            if key in table.columns:
                lives = tuple(
                    _life(connection, table, key, one, _Reader(table, one, numbers[n], opening))
                    for n, one in enumerate(persons)
                )
                found.append(Rows(table.name, tuple(c.name for c in table.columns), lives))
    return sorted(found, key=lambda t: -_SIZES.get(t.name, 0))


def _life(connection: Any, table: Table, key: str, person: str, reader: _Reader) -> Slots:
    columns = [c.name for c in table.columns]
    listed = ", ".join(f'"{c}"' for c in columns)
    order = {"resource_version": '"transaction", seq', "disclosure": "started, id", "link": "changed, ref"}
    by = f" ORDER BY {order[table.name]}" if table.name in order else ""
    query = f"COPY (SELECT {listed} FROM {table.name} WHERE {key} = '{person}'{by}) TO STDOUT (FORMAT binary)"
    with connection.cursor().copy(query) as copy:
        rows = list(_cells(b"".join(bytes(part) for part in copy)))
    if table.name != "resource_version":
        return [[reader.row(cells)] for cells in rows]
    together = columns.index("transaction")
    return [[reader.row(cells) for cells in group] for _, group in groupby(rows, lambda one: one[together])]


def _cells(copied: bytes) -> Iterator[list[bytes | None]]:
    """Of each row its fields, as PostgreSQL's binary COPY has them."""
    at = len(HEAD)
    while copied[at : at + 2] != END:
        row: list[bytes | None] = []
        count = int.from_bytes(copied[at : at + 2])
        at += 2
        for _ in range(count):
            size = int.from_bytes(copied[at : at + 4], signed=True)
            at += 4
            row.append(None if size < 0 else copied[at : at + size])
            at += max(size, 0)
        yield row


class _Reader:
    """Makes patterns of one child's rows in one table."""

    def __init__(self, table: Table, person: str, numbers: dict[bytes, int], opening: Opening) -> None:
        self._table, self._person, self._numbers, self._opening = table, person, numbers, opening

    def row(self, cells: list[bytes | None]) -> Pattern:
        """A row of binary COPY."""
        named = list(zip(self._table.columns, cells, strict=True))
        place = self._place({column.name: self._shown(column, cell) for column, cell in named})
        parts = [self._cell(column, cell, place) for column, cell in named]
        count = len(cells).to_bytes(2).replace(b"%", b"%%")
        pattern = count + b"".join(part.pattern for part in parts)
        return Pattern(pattern, tuple(gap for part in parts for gap in part.gaps))

    def _cell(self, column: Column[Any], cell: bytes | None, place: bytes) -> Pattern:
        if cell is None:
            return Pattern(NOTHING, ())
        word = NUMBERED.get((self._table.name, column.name))
        if word is not None:
            inner = Pattern(b"%b", (word,))
        elif isinstance(column.type, NativeId):
            inner = Pattern(b"%b", (Hidden(self._pattern((self._shown(column, cell) or "").encode())),))
        elif column.name in COLUMNS and self._table.name not in CLEAR and cell:
            inner = Pattern(b"%b", (self._sealed(cell, place),))
        elif _is_text(column):
            inner = self._pattern(cell)
        else:
            inner = Pattern(cell.replace(b"%", b"%%"), ())
        size = inner.width.to_bytes(4).replace(b"%", b"%%")
        return Pattern(size + inner.pattern, inner.gaps)

    def _sealed(self, cell: bytes, place: bytes) -> Sealed:
        owner = self._opening.owner(cell)
        if owner not in ("", self._person):
            raise RuntimeError(f"a row of {self._table.name} is sealed by somebody else's key")
        plain = self._opening.keys.open(self._opening.tenant, place, cell)
        return Sealed(self._pattern(place), self._pattern(plain), bool(owner))

    def _place(self, shown: dict[str, str | None]) -> bytes:
        """What content of this row is bound to (gateway/hub/content.py)."""
        key = (str(shown[column.name]) for column in self._table.primary_key)
        return "\x00".join((self._table.name, *key)).encode()

    def _shown(self, column: Column[Any], cell: bytes | None) -> str | None:
        if cell is None or not (column.primary_key or isinstance(column.type, NativeId)):
            return None
        if not _is_text(column):
            return str(int.from_bytes(cell, signed=True))
        return self._opening.keys.show(cell.decode()) if isinstance(column.type, NativeId) else cell.decode()

    def _pattern(self, said: bytes) -> Pattern:
        gaps: list[int | str] = []

        def gap(found: re.Match[bytes]) -> bytes:
            uuid, frame, number = found.groups()
            if frame is not None:
                gaps.append("barn" if found[0].startswith(b"barn") else "plan")
            elif number is not None:
                gaps.append("number")
            else:
                gaps.append(self._numbers.setdefault(uuid, len(self._numbers)))
            return b"%b"

        return Pattern(_TOKEN.sub(gap, said.replace(b"%", b"%%")), tuple(gaps))


def _is_text(column: Column[Any]) -> bool:
    """Whether PostgreSQL keeps text there, or bytes that hold text (JSON in clear)."""
    kind = column.type.compile()
    return kind.startswith(("VARCHAR", "TEXT")) or column.name in {*COLUMNS, "items"}


def _width(gap: int | str | Hidden | Sealed) -> int:
    if isinstance(gap, int):
        return _UUID_WIDTH
    if isinstance(gap, str):
        return WIDTHS[gap]
    if isinstance(gap, Hidden):
        return 1 + 4 * -(-(gap.shown.width + 16) // 3)
    return len(FORM) + 16 + 12 + gap.plain.width + 16
