"""The decision tables, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent import decide
from tests.consent import table
from tests.consent.worlds import rules

TABLES = sorted((Path(__file__).parent / "decisions").glob("*.txt"))
ROWS = [(path.stem, row) for path in TABLES for row in table.rows(path)]
EVERY_RULE = {*(f"W{n}" for n in range(1, 10)), *(f"B{n}" for n in range(1, 7)), "G1", "G2", "G3", "G4"}


@pytest.mark.parametrize(
    ("name", "row"), ROWS, ids=lambda v: v if isinstance(v, str) else f"line {v.line}: {v.case}"
)
def test_the_row_gets_its_answer(name: str, row: table.Row) -> None:
    decision = decide(row.request, row.known)
    assert (decision.outcome.value, rules(decision)) == (row.outcome, row.rules)
    if row.noting is not None:
        assert [reason.rule for reason in decision.remarks] == row.noting


def test_the_tables_are_large_and_name_every_rule() -> None:
    assert len(ROWS) >= 250
    assert {rule for _, row in ROWS for rule in (*row.rules, *(row.noting or ()))} >= EVERY_RULE


@pytest.mark.parametrize("line", ["when maal til bup then deny W8", "given en hund", "when maal to bup then"])
def test_a_sentence_that_is_not_understood_is_an_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "table.txt").write_text(f"case x\n{line}\n")
    with pytest.raises(ValueError, match="line 2"):
        list(table.rows(tmp_path / "table.txt"))
