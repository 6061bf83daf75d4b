"""The samples happen around today, whatever day it is, and are otherwise what they were."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.no import fodselsnummer

from gateway import jsontext
from gateway.demo import sample_children
from gateway.demo.shift import WRITTEN, days_since_written, shifted
from mappings import load
from mappings.convert import from_bundle, to_bundle

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
DAYS = st.integers(-4000, 40_000)
FILES = sorted(sample_children.FOLDER.glob("*/*.json"))
BORN = {"emma": (9, "2017-03-14"), "jonas": (15, "2011-06-02"), "amina": (17, "2009-11-20")}


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for key, member in value.items() for leaf in [key, *leaves(member)]]
    return [leaf for member in value for leaf in leaves(member)] if isinstance(value, list) else [value]


def age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), DAYS)
def test_a_date_moves_by_whole_days(day: date, days: int) -> None:
    assert shifted(day.isoformat(), days) == (day + timedelta(days=days)).isoformat()


@given(
    st.datetimes(timezones=st.just(UTC)).filter(lambda t: 1990 < t.year < 2060),
    st.sampled_from(["Z", "+01:00", "+02:00", "-09:30", ""]),
    st.sampled_from(["", ".5", ".120", ".000000"]),
    DAYS,
)
def test_a_moment_keeps_its_time_its_offset_and_its_form(
    moment: datetime, offset: str, fraction: str, days: int
) -> None:
    text = f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{offset}"
    moved = shifted(text, days)
    assert moved[10:] == text[10:]
    assert date.fromisoformat(moved[:10]) == moment.date() + timedelta(days=days)


@given(DAYS)
def test_there_and_back_is_the_same(days: int) -> None:
    content = jsontext.decode((sample_children.FOLDER / "stafettlogg" / "emma.json").read_bytes())
    assert shifted(shifted(content, days), -days) == content


@given(st.text() | st.integers() | st.booleans() | st.none(), DAYS)
def test_what_is_no_date_stays(value: Any, days: int) -> None:
    assert shifted(value, days) == value or len(str(value)) >= 10


@pytest.mark.parametrize(
    "text",
    ["2026-02-30", "2026/01423", "Møte 2026-05-04", "2026-05-04 ", "BV-2026-0117", "14831770229", "2026"],
)
def test_what_only_looks_like_a_date_stays(text: str) -> None:
    assert shifted(text, 365) == text


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_only_dates_change_and_all_of_them(path: Path) -> None:
    before = jsontext.decode(path.read_bytes())
    after = sample_children.records(path.parent.name, path.stem, WRITTEN + timedelta(days=400))
    pairs = list(zip(leaves(before), leaves(after), strict=True))
    for old, new in pairs:
        dated = (
            isinstance(old, str)
            and old[:4] in ("2009", "2011", "2017", "2025", "2026", "2027")
            and "-" in old
        )
        assert (old != new) == dated, (old, new)
    assert sum(old != new for old, new in pairs) > 10


@pytest.mark.parametrize("child", BORN)
@given(days=st.integers(0, 20_000))
def test_everyone_is_as_old_as_they_were(child: str, days: int) -> None:
    years, born = BORN[child]
    assert age(date.fromisoformat(shifted(born, days)), WRITTEN + timedelta(days=days)) == years


def test_on_the_day_they_are_about_nothing_moves() -> None:
    assert days_since_written(WRITTEN) == 0
    path = sample_children.FOLDER / "stafettlogg" / "jonas.json"
    assert sample_children.records("stafettlogg", "jonas", WRITTEN) == jsontext.decode(path.read_bytes())


def test_national_ids_stay_and_hold() -> None:
    for path in FILES:
        moved = sample_children.records(path.parent.name, path.stem, date(2031, 5, 17))
        for number in [leaf for leaf in leaves(moved) if isinstance(leaf, str) and len(leaf) == 11]:
            if number.isdecimal():
                assert fodselsnummer.calc_check_digit1(number) == number[9]
                assert fodselsnummer.calc_check_digit2(number) == number[10]


def test_the_caseload_is_read_by_the_lenses_whole_and_its_numbers_hold() -> None:
    for system in ("stafettlogg", "individuell-plan"):
        found = sample_children.everything(system, WRITTEN)
        assert len({one["id"] for one in found}) == len(found)
        mapping = load(system)
        bundle, refused = to_bundle(mapping, system, found)
        assert refused == ()
        assert from_bundle(mapping, system, bundle) == (found, ())
        for one in found:
            told = one.get("barn") or one.get("person") or one
            if "fnr" in told:
                assert fodselsnummer.calc_check_digit1(told["fnr"]) == told["fnr"][9]
                assert fodselsnummer.calc_check_digit2(told["fnr"]) == told["fnr"][10]


def test_bup_knows_emma_and_jonas_and_nobody_else() -> None:
    known = sample_children.patients(WRITTEN)
    assert [p["identifier"][0]["value"] for p in known] == ["14831770229", "02861183354"]
    assert [p["birthDate"] for p in known] == ["2017-03-14", "2011-06-02"]


def test_the_samples_are_the_ones_handed_out() -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared is not beside this checkout")
    for path in FILES:
        assert path.read_bytes() == (SHARED / path.parent.name / path.name).read_bytes()
    assert len(FILES) == 5
