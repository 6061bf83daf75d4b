"""The matrix of authorization: a row for each route, a column for each kind of caller, their answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.api.app import assemble
from gateway.api.contract import contract

FOLDER = Path(__file__).parent
OF_CLIENTS, OF_PEOPLE = FOLDER / "matrix.txt", FOLDER / "matrix_of_pages.txt"


@dataclass(frozen=True)
class Row:
    """What each kind of caller is answered. name: method and path, as the contract writes them, and in
    brackets which request of several it is. answers: statuses; a `*` behind one means that it is the very
    answer that something that is not there gets."""

    name: str
    answers: dict[str, str]

    @property
    def method(self) -> str:
        """GET, POST, …"""
        return self.name.partition(" ")[0]

    @property
    def route(self) -> str:
        """Method and path alone."""
        return self.name.partition(" (")[0]


def rows(table: Path) -> list[Row]:
    """The table. Lines with # are for the reader; the first line without names the columns."""
    lines = [one for one in table.read_text(encoding="utf-8").splitlines() if one and one[0] != "#"]
    _, _, said = lines[0].partition("|")
    columns = said.replace("|", " ").split()
    return [_row(line, columns) for line in lines[1:]]


def _row(line: str, columns: list[str]) -> Row:
    name, _, said = line.partition("|")
    given = said.replace("|", " ").split()
    if len(given) != len(columns):
        raise ValueError(f"{name.strip()}: {len(given)} answers for {len(columns)} columns")
    return Row(name.strip(), dict(zip(columns, given, strict=True)))


def unpublished(router: Any = None) -> Iterator[str]:
    """Method and path of each route that the contract does not tell of, from the application's own table."""
    for route in (router or assemble()).routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from unpublished(inner)
        elif not route.include_in_schema:
            yield from (f"{method} {route.path}" for method in sorted(route.methods - {"HEAD"}))


def published() -> Iterator[str]:
    """Method and path of each operation of the contract."""
    for path, item in contract(assemble())["paths"].items():
        yield from (f"{method.upper()} {path}" for method in item)
