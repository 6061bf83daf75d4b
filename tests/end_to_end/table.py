"""Reads what_goes_where.txt."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

RECIPIENTS = ("stafettlogg", "individuell-plan", "bup")
REASONS = frozenset({"theirs", "no-form", "no-plan", "consent", "guardians", "third"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a record of a child and what is said of it at each system."""

    child: str
    record: str
    cells: dict[str, str]
    without: dict[str, frozenset[str]]  # by recipient

    @property
    def source(self) -> str:
        """The system it was written in."""
        return next(system for system, cell in self.cells.items() if cell == "own")

    def stands(self, recipient: str) -> bool:
        """Whether the table says that it stands there, written by the gateway."""
        return self.cells[recipient] in ("yes", "redacted")


def rows() -> tuple[Row, ...]:
    """Every line of the table."""
    path = Path(__file__).with_suffix("").with_name("what_goes_where.txt")
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    lines = [cells for cells in lines if not cells[0].startswith("#")]
    head, *body = lines
    assert head == ["child", "record", *RECIPIENTS, "without"]
    return tuple(_row(cells) for cells in body)


def _row(cells: list[str]) -> Row:
    child, record, *rest = cells
    said = dict(zip(RECIPIENTS, rest[:3], strict=True))
    assert sorted(said.values()).count("own") == 1, f"{record}: written in one system"
    assert set(said.values()) <= REASONS | {"own", "yes", "redacted"}, f"{record}: {said}"
    left_out: dict[str, set[str]] = {name: set() for name in RECIPIENTS}
    for word in rest[3:]:
        recipient, colon, field = word.partition(":")
        if word != "-":
            left_out[recipient if colon else "bup"].add(field if colon else word)
    return Row(child, record, said, {name: frozenset(fields) for name, fields in left_out.items()})
