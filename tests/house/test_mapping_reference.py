"""The reference of mapping files names every key and kind, in the words the reader has for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mappings.lens.grammar import KINDS, TABLES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "mapping-files.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", TABLES)
def test_every_key_is_in_the_reference(table: str) -> None:
    assert [key for key, one in TABLES[table].items() if f"| `{key}` | {one.says} |" not in PAGE] == []


def test_every_kind_is_in_the_reference() -> None:
    assert [kind for kind, says in KINDS.items() if f"| `{kind}` | {says} |" not in PAGE] == []


def test_it_names_no_key_that_there_is_none_of() -> None:
    known = {key for keys in TABLES.values() for key in keys} | set(KINDS)
    tables = re.findall(r"\| (?:key|word) \| meaning \|\n\| --- \| --- \|\n((?:\|.*\n)+)", PAGE)
    named = {name for table in tables for name in re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)}
    assert named == known
