"""Norwegian dates and clocks to FHIR and back, through the nights when clocks are changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.lens.forms import BadForm, DateForm
from mappings.lens.times import moment

CLOCK = DateForm("dd.MM.yyyy HH:mm", "Europe/Oslo")
DAY = DateForm("dd.MM.yyyy", "Europe/Oslo")


@pytest.mark.parametrize(
    ("native", "fhir"),
    [
        ("20.11.2026 14:05", "2026-11-20T14:05:00+01:00"),
        ("01.07.2026 00:00", "2026-07-01T00:00:00+02:00"),
        ("25.10.2026 02:30", "2026-10-25T02:30:00+02:00"),  # occurs twice: the first
        ("25.10.2026 03:00", "2026-10-25T03:00:00+01:00"),
    ],
)
def test_times_both_ways(native: str, fhir: str) -> None:
    assert (CLOCK.fhir(native), CLOCK.native(fhir)) == (fhir, native)


def test_the_hour_that_occurs_twice_and_the_one_that_does_not() -> None:
    assert CLOCK.native("2026-10-25T02:30:00+01:00") == "25.10.2026 02:30"
    assert CLOCK.fhir("29.03.2026 02:30") == "2026-03-29T03:30:00+02:00"


@pytest.mark.parametrize(
    ("fhir", "native"),
    [
        ("2026-12-31T23:30:00Z", "01.01.2027 00:30"),
        ("2026-11-20T14:05:37.123+01:00", "20.11.2026 14:05"),
        ("2026-11-20", "20.11.2026 00:00"),
        ("2026-11", None),
        ("2026", None),
        ("i går", None),
        ("i morgen, kanskje", None),
    ],
)
def test_what_others_write_is_told_in_this_form(fhir: str, native: str | None) -> None:
    assert CLOCK.native(fhir) == native


def test_a_day_of_a_time_is_the_day_in_the_zone() -> None:
    assert DAY.native("2026-12-31T23:30:00Z") == "01.01.2027"
    assert DateForm("yyyy-M-d", None).native("2026-01-02T03:00:00+02:00") == "2026-1-2"


@pytest.mark.parametrize("hour", ["00:30", "12:00", "23:30"])
@pytest.mark.parametrize("zone", ["-11:00", "+00:00", "+13:00"])
def test_without_a_zone_the_day_of_a_time_is_the_one_it_says(hour: str, zone: str) -> None:
    assert DateForm("yyyy-M-d", None).native(f"2026-01-02T{hour}:00{zone}") == "2026-1-2"


@pytest.mark.parametrize(
    "text",
    [
        "31.11.2026",
        "1.1.2026",
        "2026-01-01",
        "01.01.0999",
        "01.01.2026 ",
        "٠١.٠١.٢٠٢٦",
        "01.1.2026",
        "1.01.2026",
        "001.01.2026",
        "01.001.2026",
        "01.01.02026",
        "01.01.226",
        "01x01x2026",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert DAY.fhir(text) is None


@pytest.mark.parametrize(
    "text", ["20.11.2026 4:05", "20.11.2026 004:05", "20.11.2026 04:5", "20.11.2026 04:005"]
)
def test_what_is_no_clock_is_none(text: str) -> None:
    assert CLOCK.fhir(text) is None
    assert CLOCK.fhir("20.11.2026 04:05") == "2026-11-20T04:05:00+01:00"


def test_a_form_may_have_seconds_and_numbers_without_noughts() -> None:
    short = DateForm("d.M.yyyy H:mm:ss", "Europe/Oslo")
    for native, fhir in (
        ("2.1.2026 3:04:05", "2026-01-02T03:04:05+01:00"),
        ("12.11.2026 13:14:15", "2026-11-12T13:14:15+01:00"),
    ):
        assert (short.fhir(native), short.native(fhir)) == (fhir, native)
    assert short.fhir("02.01.2026 03:04:05") == "2026-01-02T03:04:05+01:00"
    for text in ("002.1.2026 3:04:05", "2.001.2026 3:04:05", "2.1.2026 003:04:05", "2.1.2026 3:04:005",
                 "2.1.2026 3:04:5", "2.1.2026 3:4:05"):  # fmt: skip
        assert short.fhir(text) is None


def test_the_years_that_fhir_can_write() -> None:
    early = DateForm("dd.MM.yyyy HH:mm", "UTC")
    assert DAY.fhir("01.01.1000") == "1000-01-01"
    assert DAY.fhir("31.12.9999") == "9999-12-31"
    assert early.fhir("01.01.1000 00:00") == "1000-01-01T00:00:00+00:00"
    assert early.fhir("31.12.0999 23:59") is None
    assert CLOCK.fhir("01.01.0001 00:00") is None
    assert DAY.native("1000-01-01") == "01.01.1000"
    assert DAY.native("0999-12-31") is None


def test_a_form_stands_among_signs_of_its_own() -> None:
    around = DateForm("(dd|MM|yyyy)", None)
    assert around.fhir("(20|11|2026)") == "2026-11-20"
    assert around.native("2026-11-20") == "(20|11|2026)"
    assert around.fhir("20|11|2026") is None


MUST = "must hold yyyy, MM and dd once each, and perhaps HH, mm and ss"


@pytest.mark.parametrize(
    ("form", "zone", "said"),
    [
        ("dd.MM", None, f"'dd.MM' {MUST}"),
        ("MM.yyyy", None, f"'MM.yyyy' {MUST}"),
        ("dd.yyyy", None, f"'dd.yyyy' {MUST}"),
        ("dd.MM.yyyy.yyyy", None, f"'dd.MM.yyyy.yyyy' {MUST}"),
        ("dd.MM.yyyy kl", None, "'dd.MM.yyyy kl' holds letters that are no part of a date or time"),
        ("dd.MM.yyyy HH:mm", None, "times without a zone need `zone`, for example Europe/Oslo"),
        ("dd.MM.yyyy", "Oslo", "'Oslo' is no time zone; one is Europe/Oslo"),
        ("dd.MM.yyyy", "../etc/passwd", "'../etc/passwd' is no time zone; one is Europe/Oslo"),
    ],
)
def test_what_is_no_form_is_refused_with_the_reason(form: str, zone: str | None, said: str) -> None:
    with pytest.raises(BadForm) as bad:
        DateForm(form, zone)
    assert str(bad.value) == said


@given(st.datetimes(min_value=moment("1900-01-01T00:00:00Z").replace(tzinfo=None)))  # type: ignore[union-attr]
def test_reading_what_was_written_says_the_same_clock(when: object) -> None:
    native = f"{when:%d.%m.%Y %H:%M}"
    once = CLOCK.fhir(native)
    if once is not None:
        again = CLOCK.native(once)
        assert again is not None
        assert CLOCK.native(CLOCK.fhir(again) or "") == again
        assert again == native or once[:10] == again[6:10] + "-" + again[3:5] + "-" + again[:2]
