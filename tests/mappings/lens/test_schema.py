"""The published schema says what the reader accepts, no more and no less; our files follow it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mappings import lens
from mappings.lens import schema
from mappings.lens.checked import Checked
from mappings.lens.grammar import KINDS, TABLES
from mappings.lens.kinds import SIMPLE
from mappings.lens.source import BadDeclaration, Source

ROOT = Path(lens.__file__).parent
FILES = sorted((ROOT.parent / "files").glob("*.toml"))
PUBLISHED = json.loads((ROOT / "mapping-file.schema.json").read_text(encoding="utf-8"))
TRIED: tuple[Any, ...] = (
    "x", "", "date", "tag", "\n", ";", "all", 1, True, [], ["x"], [1], ["meeting"], {}, {"x": ["y"]},
    {"x": {}}, {"x": "y"}, {"x": 1}, 1.5,
)  # fmt: skip


def test_what_is_checked_in_is_what_the_grammar_says() -> None:
    assert (ROOT / "mapping-file.schema.json").read_text(encoding="utf-8") == schema.text()
    Draft202012Validator.check_schema(PUBLISHED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_of_ours_follows_it(path: Path) -> None:
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    assert [e.message for e in Draft202012Validator(PUBLISHED).iter_errors(tables)] == []


@pytest.mark.parametrize(("table", "key"), [(t, k) for t, keys in TABLES.items() for k in keys])
def test_reader_and_schema_agree_on_each_value(table: str, key: str) -> None:
    one = {"$ref": f"#/$defs/{table}", "$defs": PUBLISHED["$defs"]}
    validator = Draft202012Validator(PUBLISHED if table == "file" else one)
    others = {k: _example(v.form.schema) for k, v in TABLES[table].items() if v.required and k != key}
    for value in TRIED:
        if isinstance(value, dict) and value:
            continue  # what is inside is checked where it is read
        faults = validator.iter_errors({**others, key: value})
        at_key = [e for e in faults if [*e.absolute_path][:1] == [key] and e.validator != "required"]
        assert _read(table, {**others, key: value}) is (at_key == []), value


def _example(form: dict[str, Any]) -> Any:
    return {"array": ["x"], "object": {}}.get(form.get("type", ""), {} if "$ref" in form else "x")


def _read(table: str, tables: dict[str, Any]) -> bool:
    try:
        Checked(Source("", "x.toml", str)).check(tables, table, ())
    except BadDeclaration:
        return False
    return True


def test_every_word_of_as_means_something() -> None:
    assert set(KINDS) - set(SIMPLE) == {"integer", "recipient", "concept"}
    assert set(SIMPLE) - set(KINDS) == set()
