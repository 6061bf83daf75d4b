"""The decision table, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent import decide
from tests.consent import table
from tests.consent.worlds import rules

ROWS = list(table.rows(Path(__file__).parent / "decisions.txt"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"line {row.line}: {row.case}")
def test_the_row_gets_its_answer(row: table.Row) -> None:
    decision = decide(row.request, row.known)
    assert (decision.permitted, rules(decision)) == (row.permitted, row.rules)


@pytest.mark.parametrize("line", ["when maal til bup then deny W8", "given en hund", "when maal to bup then"])
def test_a_sentence_that_is_not_understood_is_an_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "table.txt").write_text(f"case x\n{line}\n")
    with pytest.raises(ValueError, match="line 2"):
        list(table.rows(tmp_path / "table.txt"))
