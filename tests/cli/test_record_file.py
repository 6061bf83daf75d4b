"""A file of records read piece by piece gives every record, wherever the pieces of the disk fall, and goes on
from any record's end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cli import record_file
from gateway.cli.outcome import Impossible

TEXT = st.text(alphabet=st.sampled_from('ab"\\{}[],:å 😀'), max_size=8)
RECORDS = st.lists(
    st.dictionaries(TEXT, st.one_of(TEXT, st.none(), st.lists(TEXT, max_size=3)), min_size=1, max_size=3),
    max_size=6,
)


def read(path: Path, offset: int = 0) -> list[Any]:
    whole, found = path.read_bytes(), list(record_file.pieces(path, offset))
    for piece in found:  # where it is said to begin, it is
        assert whole[piece.start : piece.start + len(piece.text)] == piece.text
    return [json.loads(piece.text) for piece in found]


@given(RECORDS, st.sampled_from([None, 1]), st.integers(1, 40), st.booleans())
def test_every_record_of_a_list_whatever_the_chunks(
    tmp_path_factory: pytest.TempPathFactory, records: list[Any], indent: int | None, chunk: int, ascii_: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "list.json"
    path.write_text(json.dumps(records, indent=indent, ensure_ascii=ascii_), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record_file, "_form", lambda *_: "list")
        patch.setattr(record_file, "CHUNK", chunk)
        pieces = list(record_file.pieces(path))
        assert [json.loads(p.text) for p in pieces] == records
        for place, piece in enumerate(pieces):
            assert read(path, piece.end) == records[place + 1 :]


@pytest.mark.parametrize("name", ["r.ndjson", "r.json"])
def test_ndjson_is_known_by_name_or_first_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('{"a": 1}\n\n{"a": 2}\r\n{"a": 3}', encoding="utf-8")
    assert read(path) == [{"a": 1}, {"a": 2}, {"a": 3}]
    ends = [piece.end for piece in record_file.pieces(path)]
    assert read(path, ends[1]) == [{"a": 3}]
    assert ends[-1] == path.stat().st_size


def test_one_object_over_several_lines_is_one_record(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"a": [1, 2]}, indent=1))
    assert read(path) == [{"a": [1, 2]}]
    assert read(path, path.stat().st_size) == []


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    for name, text in (("a.json", '[{"a":1}]'), ("b.json", '{"a":1}\n{"a":2}'), ("c.json", '{\n"a":1}')):
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
        assert read(tmp_path / name)[0] == {"a": 1}


def test_a_file_cut_off_gives_its_last_record_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('[{"a":1},{"a":2},{"a"')
    assert [piece.text for piece in record_file.pieces(path)] == [b'{"a":1}', b'{"a":2}', b'{"a"']


def test_elements_that_are_no_objects_are_pieces_too(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('[1, null, "a,b", [2, 3]]')
    assert read(path) == [1, None, "a,b", [2, 3]]


@pytest.mark.parametrize("content", [b"navn;dato\n", b"", "[]".encode("utf-16")])
def test_what_is_no_json_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(Impossible, match=r"r\.json"):
        read(path)


def test_a_record_without_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_file, "LARGEST", 1000)
    monkeypatch.setattr(record_file, "CHUNK", 100)
    path = tmp_path / "r.json"
    path.write_text('[{"a":"' + "x" * 5000)
    with pytest.raises(Impossible, match="larger than"):
        read(path)
