"""The sample data through describe, put and get; and what must happen to each broken record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mappings import jsontext, load
from mappings.convert import from_bundle, to_bundle
from mappings.model import Record, RecordRefused

ROOT = Path(__file__).resolve().parents[2]
OURS = ROOT / "gateway" / "demo" / "samples"
SHARED = ROOT.parent / "shared" / "data"
FILES = [
    "stafettlogg/emma",
    "stafettlogg/jonas",
    "stafettlogg/amina",
    "individuell-plan/emma",
    "individuell-plan/amina",
]
REFUSED = {
    "rot-logg": {("barn.fnr", "check-digit"), ("bekymring[0]", "unknown-code")},
    None: {("id", "missing")},
    "r-m2": {("endret", "not-a-time")},
    "r-t2": {("status", "unknown-code")},
    "r-dok1": {("innhold", "not-base64")},
    "r-l1": {("tekst", "forbidden-character")},
    "r-x1": {("type", "unknown-type")},
}


def records(folder: Path, name: str) -> list[Record]:
    path = folder / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path.name}: the shared sample data is not here")
    found: list[Record] = jsontext.decode(path.read_bytes())
    return found


def through(system: str, natives: list[Record]) -> tuple[list[Record], Any]:
    """Out to a Bundle, over JSON text, and back; and what was refused or lost."""
    mapping = load(system)
    bundle, refused = to_bundle(mapping, system, natives)
    back, lost = from_bundle(mapping, system, jsontext.decode(jsontext.encode(bundle)))
    assert lost == ()
    return back, refused


@pytest.mark.parametrize("folder", [OURS, SHARED], ids=["demo", "shared"])
@pytest.mark.parametrize("name", FILES)
def test_every_record_comes_back_equal(folder: Path, name: str) -> None:
    natives = records(folder, name)
    back, refused = through(name.partition("/")[0], natives)
    assert refused == ()
    assert back == natives
    assert jsontext.decode(jsontext.encode(back)) == natives


@pytest.mark.parametrize("name", FILES)
def test_each_record_alone_comes_back_equal(name: str) -> None:
    for native in records(OURS, name):
        assert through(name.partition("/")[0], [native])[0] == [native]


def test_broken_records_are_refused_for_all_their_reasons_and_the_rest_goes_through() -> None:
    natives = records(SHARED, "stafettlogg/rot")
    back, refused = through("stafettlogg", natives)
    assert {r.record_id: {(p.field, p.code) for p in r.problems} for r in refused} == REFUSED
    assert back == [native for index, native in enumerate(natives) if index not in {r.index for r in refused}]
    assert [native["tekst"] for native in back if native["id"] == "r-m3"] == [
        "Lese ferdig en bok",
        "Lese en bok",
    ]


def test_what_waits_and_what_is_flagged() -> None:
    waiting = next(r for r in records(SHARED, "stafettlogg/rot") if r.get("id") == "r-t1")
    heading = load("stafettlogg").describe(waiting)
    assert heading.needs == ("finnes-ikke",)
    assert [w.field for w in heading.warnings] == ["ansvarlig"]


def test_problems_never_hold_the_value() -> None:
    for native in records(SHARED, "stafettlogg/rot"):
        try:
            load("stafettlogg").describe(native)
        except RecordRefused as refused:
            said = str(refused) + "".join(p.text for p in refused.problems)
            for secret in ("05811353780", "31.02.2026", "romfart", "snart", "romskip", "ikke base64!!"):
                assert secret not in said
