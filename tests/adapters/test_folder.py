"""Folder drop: what lies in `inn` is read once it is whole, repeated until acknowledged, and never lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Leave, Page, Refusal, TakenOver, Unavailable, Write
from adapters.csv_form import CsvForm
from adapters.folder import Folder

pytestmark = pytest.mark.anyio
NOW = 1_795_000_000.0


def dropped(folder: Path, name: str, content: str | bytes, age: float = 60.0) -> Path:
    path = folder / "inn" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (NOW - age, NOW - age))
    return path


def opened(folder: Path, **options: Any) -> Folder:
    return Folder(folder, now=lambda: NOW, **options)


def names(folder: Path, below: str) -> list[str]:
    return sorted(p.name for p in (folder / below).iterdir())


def reports(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((folder / "inn" / "feil").glob("*.feil.json")):
        yield json.loads(path.read_text())


def records(page: Page) -> list[Any]:
    return [one.record for one in page.records]


async def test_a_file_is_put_away_when_its_cursor_comes_back(tmp_path: Path) -> None:
    dropped(tmp_path, "a.json", '[{"id": "1"}, {"id": "2"}]')
    folder = opened(tmp_path)
    page = await folder.changes(None)
    assert [one.remote_id for one in page.records] == ["1", "2"]
    assert records(await folder.changes(None)) == records(page)  # a crash before the cursor was kept
    assert records(await folder.changes(page.cursor)) == []
    assert len(names(tmp_path, "inn/mottatt")) == 1
    assert names(tmp_path, "inn") == ["feil", "mottatt"]


async def test_one_file_at_a_time_oldest_first(tmp_path: Path) -> None:
    dropped(tmp_path, "a.json", '{"id": "new"}', age=10)
    dropped(tmp_path, "b.json", '{"id": "old"}', age=20)
    folder = opened(tmp_path)
    first = await folder.changes(None)
    second = await folder.changes(first.cursor)
    assert [records(first), first.more] == [[{"id": "old"}], True]
    assert [records(second), second.more] == [[{"id": "new"}], False]


async def test_a_file_with_new_content_is_not_put_away_unread(tmp_path: Path) -> None:
    dropped(tmp_path, "a.json", '{"id": "1"}')
    folder = opened(tmp_path)
    page = await folder.changes(None)
    dropped(tmp_path, "a.json", '{"id": "2"}')
    assert records(await folder.changes(page.cursor)) == [{"id": "2"}]


async def test_the_same_name_again_keeps_both(tmp_path: Path) -> None:
    folder = opened(tmp_path)
    for number in "12":
        dropped(tmp_path, "a.json", f'{{"id": "{number}"}}')
        page = await folder.changes(None)
        await folder.changes(page.cursor)
    assert len(names(tmp_path, "inn/mottatt")) == 2


@pytest.mark.parametrize(
    ("name", "age"), [("a.json.tmp", 60), ("a.part", 60), (".a.json", 60), ("a.json", 1)]
)
async def test_what_may_still_grow_is_left_alone(tmp_path: Path, name: str, age: float) -> None:
    path = dropped(tmp_path, name, '{"id": "1"}', age)
    assert records(await opened(tmp_path).changes(None)) == []
    assert path.exists()


async def test_an_unreadable_file_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    dropped(tmp_path, "a.json", '{"navn": "Kari Nordmann"')
    dropped(tmp_path, "b.json", '{"id": "1"}', age=5)
    folder = opened(tmp_path)
    page = await folder.changes(None)
    assert page.unreadable == (("a.json", "Filen er ikke gyldig JSON."),)
    assert page.more
    (report,) = reports(tmp_path)
    assert report == {"fil": "a.json", "feil": [{"linje": None, "grunn": "Filen er ikke gyldig JSON."}]}
    assert records(await folder.changes(page.cursor)) == [{"id": "1"}]


async def test_a_bad_line_does_not_harm_the_others(tmp_path: Path) -> None:
    dropped(tmp_path, "a.ndjson", '{"id": "1", "vekt": 1.10}\n\n{"navn": "Kari\n[1]\n{"id": "2"}\r\n')
    page = await opened(tmp_path, form="ndjson").changes(None)
    assert [one.remote_id for one in page.records] == ["1", "2"]
    assert str(page.records[0].record["vekt"]) == str(Decimal("1.10"))
    assert [place for place, _ in page.unreadable] == ["a.ndjson:3", "a.ndjson:4"]
    (report,) = reports(tmp_path)
    assert [line["linje"] for line in report["feil"]] == [3, 4]
    assert "Kari" not in json.dumps(report)


async def test_csv_in_the_vendors_own_writing(tmp_path: Path) -> None:
    text = 'Nr;Tekst;Status\r\n1;"Sofie leser; høyt\r\nhver dag";Åpen\r\n2;for få\r\n3;x;\r\n'
    dropped(tmp_path, "a.csv", text.encode("cp1252"))
    page = await opened(tmp_path, form="csv", csv=CsvForm(encoding="cp1252")).changes(None)
    assert records(page) == [
        {"Nr": "1", "Tekst": "Sofie leser; høyt\r\nhver dag", "Status": "Åpen"},
        {"Nr": "3", "Tekst": "x", "Status": ""},
    ]
    assert page.unreadable == (("a.csv:4", "Linjen har 2 felter, den første linjen har 3."),)


async def test_the_vendors_export(tmp_path: Path, shared_data: Path) -> None:
    dropped(tmp_path, "x.csv", (shared_data / "stafettlogg" / "leverandoer-x.csv").read_bytes())
    page = await opened(tmp_path, form="csv", csv=CsvForm(encoding="cp1252")).changes(None)
    assert page.unreadable == ()
    assert {"Radtype", "Knyttet til mål"} <= page.records[0].record.keys()


async def test_refused_rows_are_named_in_the_report_of_their_file(tmp_path: Path) -> None:
    dropped(tmp_path, "a.csv", "Nr;Tekst\n1;hemmelig\n2\n")
    folder = opened(tmp_path, form="csv")
    page = await folder.changes(None)
    assert [one.place for one in page.records] == ["a.csv:2"]
    refused = Refusal("a.csv:2", "Tekst", "Feltet mangler.")
    for _ in range(2):  # told again after a crash
        await folder.tell((refused, Refusal("../a.csv:1", "", "Utenfor."), Refusal("b.csv:1", "", "Borte.")))
    (report,) = reports(tmp_path)
    assert [(line["linje"], line.get("felt")) for line in report["feil"]] == [
        (3, None),
        (2, "Tekst"),
        (1, ""),
    ]
    assert "hemmelig" not in json.dumps(report)


@pytest.mark.parametrize(
    ("content", "line"),
    [(b"Nr;Tekst\n1;h\xf8yt\n", 2), (b"Nr;Nr\n1;2\n", 1), (b"", 1), (b'Nr\n"x"y\n', 2)],
)
async def test_a_csv_file_that_cannot_be_read(tmp_path: Path, content: bytes, line: int) -> None:
    dropped(tmp_path, "a.csv", content)
    page = await opened(tmp_path, form="csv").changes(None)
    assert [place for place, _ in page.unreadable] == [f"a.csv:{line}"]
    assert page.records == ()


async def test_a_strange_cursor_moves_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    await opened(tmp_path).changes(json.dumps([{"name": "../outside.json", "sha256": digest}]))
    assert outside.exists()
    with pytest.raises(Unavailable):
        await opened(tmp_path).changes("no cursor")


def write(**parts: Any) -> Write:
    given = {"key": "Goal/3f", "record": {"id": "m1", "vekt": Decimal("1.10")}, "attempt": "a", **parts}
    return Write(remote_id=None, version=None, **given)


async def test_delivering_lays_down_one_whole_file(tmp_path: Path) -> None:
    written = await opened(tmp_path).write(write())
    assert written.remote_id == "m1"
    assert names(tmp_path, "ut") == ["Goal-3f.json"]
    assert (tmp_path / "ut" / "Goal-3f.json").read_text() == '{"id":"m1","vekt":1.10}'


async def test_a_key_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    await opened(tmp_path).write(write(key="../../etc/passwd"))
    assert names(tmp_path, "ut") == ["..-..-etc-passwd.json"]


async def test_no_file_once_another_has_the_run(tmp_path: Path) -> None:
    with pytest.raises(TakenOver):
        await opened(tmp_path).write(write(leave=Leave(lambda: False)))
    assert not (tmp_path / "ut").exists()


async def test_check_and_a_folder_that_cannot_be(tmp_path: Path) -> None:
    assert [finding.level for finding in await opened(tmp_path).check()] == ["ok"]
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert [finding.level for finding in await opened(blocked).check()] == ["error"]
    with pytest.raises(Unavailable):
        await opened(blocked).prepare()
    with pytest.raises(Unavailable):
        await opened(blocked).write(write())


async def test_a_file_may_say_that_it_has_all_there_is_and_what_it_leaves_out(tmp_path: Path) -> None:
    left_out = [{"id": "2", "grunn": "evalueringsfrist"}, {"id": 3}, "x"]
    dropped(tmp_path, "a.json", json.dumps({"uttrekk": "helt", "poster": [{"id": "1"}], "utelatt": left_out}))
    page = await opened(tmp_path).changes(None)
    assert (page.whole, page.omitted, records(page)) == (True, (("2", "evalueringsfrist"),), [{"id": "1"}])


async def test_a_file_that_does_not_say_so_is_no_whole_unless_all_of_its_systems_files_are(
    tmp_path: Path,
) -> None:
    dropped(tmp_path, "a.json", '{"id": "1", "uttrekk": "delvis"}')
    assert (await opened(tmp_path).changes(None)).whole is False
    page = await opened(tmp_path, snapshot=True).changes(None)
    assert (page.whole, len(page.records)) == (True, 1)


async def test_a_whole_without_a_list_is_put_aside(tmp_path: Path) -> None:
    dropped(tmp_path, "a.json", '{"uttrekk": "helt", "poster": {}}')
    page = await opened(tmp_path).changes(None)
    assert (page.whole, page.unreadable) == (False, (("a.json", "Uttrekket har ingen liste med poster."),))
