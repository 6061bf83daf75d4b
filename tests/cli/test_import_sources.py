"""Records of a history are found again where they lie, in every form: also in a CSV of the system's own, with
line ends and quotes in its cells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.csv_form import CsvForm
from gateway.cli.import_sources import digest_of, sources
from gateway.cli.outcome import Impossible
from mappings.model import RecordRefused
from tests.cli.conftest import Installation, Invoke
from tests.end_to_end.test_vendor_csv import GOAL, LOG, exported

CELL = st.text(alphabet=st.sampled_from('ab";,\n\r å'), min_size=1, max_size=8)
ROWS = st.lists(
    st.fixed_dictionaries({"Id": st.integers(1, 9).map(str), "Tekst": CELL}), min_size=1, max_size=6
)


@given(ROWS, st.booleans())
def test_every_row_of_a_csv_is_read_from_its_place(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], quoted: bool
) -> None:
    form = CsvForm(quote_all=quoted)
    path = tmp_path_factory.mktemp("csv") / "eksport.csv"
    path.write_bytes(form.bytes(rows))
    (source,) = sources(path, form)
    found = list(source.places())
    with path.open("rb") as file:
        assert [source.record(source.read(file, place)) for place, _ in reversed(found)] == rows[::-1]


def test_a_row_with_a_cell_too_many_is_refused_alone(tmp_path: Path) -> None:
    path = tmp_path / "eksport.csv"
    path.write_bytes(b"Id;Tekst\r\n1;a\r\n2;b;c\r\n3;d\r\n")
    (source,) = sources(path, CsvForm())
    texts = [text for _, text in source.places()]
    assert [source.record(texts[0]), source.record(texts[2])] == [
        {"Id": "1", "Tekst": "a"},
        {"Id": "3", "Tekst": "d"},
    ]
    with pytest.raises(RecordRefused) as refused:
        source.record(texts[1])
    assert "3 felter" in refused.value.problems[0].text


def test_a_header_that_names_a_column_twice_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "eksport.csv").write_bytes(b"Id;Id\r\n1;a\r\n")
    with pytest.raises(Impossible, match="line 1"):
        sources(tmp_path / "eksport.csv", CsvForm())


def test_other_bytes_or_another_place_are_another_import(tmp_path: Path) -> None:
    for name, text in (("a.json", "[]"), ("b.json", "[]")):
        (tmp_path / name).write_text(text)
    first = digest_of(sources(tmp_path, None), "fjordbyen", "logg")
    assert digest_of(sources(tmp_path, None), "fjordbyen", "logg") == first
    assert digest_of(sources(tmp_path, None), "fjordbyen", "plan") != first
    (tmp_path / "b.json").write_text("[ ]")
    assert digest_of(sources(tmp_path, None), "fjordbyen", "logg") != first


def test_a_vendors_csv_goes_in(installation: Installation, invoke: Invoke) -> None:
    config = installation.config.read_text()
    named = config.replace('adapter = "stafettlogg"', 'adapter = "stafettlogg"\nmapping = "leverandoer-x"')
    installation.config.write_text(named)
    file = installation.folder / "eksport.csv"
    file.write_bytes(exported(GOAL, LOG, "4711;MÅL;x"))
    done = invoke("import", "stafettlogg", file, "-c", installation.config)
    assert done.exit_code == 1, done.output
    report = file.with_name(f"{file.name}.stafettlogg.report.jsonl").read_text().splitlines()
    assert [json.loads(line)["status"] for line in report] == ["stored", "stored", "rejected"]
