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
    ],
)
def test_what_others_write_is_told_in_this_form(fhir: str, native: str | None) -> None:
    assert CLOCK.native(fhir) == native


def test_a_day_of_a_time_is_the_day_in_the_zone() -> None:
    assert DAY.native("2026-12-31T23:30:00Z") == "01.01.2027"
    assert DateForm("yyyy-M-d", None).native("2026-01-02T03:00:00+02:00") == "2026-1-2"


@pytest.mark.parametrize(
    "text", ["31.11.2026", "1.1.2026", "2026-01-01", "01.01.0999", "01.01.2026 ", "٠١.٠١.٢٠٢٦"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert DAY.fhir(text) is None


@pytest.mark.parametrize(
    ("form", "zone"),
    [
        ("dd.MM", None), ("dd.MM.yyyy.yyyy", None), ("dd.MM.yyyy kl", None), ("dd.MM.yyyy HH:mm", None),
        ("dd.MM.yyyy", "Oslo"), ("dd.MM.yyyy", "../etc/passwd"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused(form: str, zone: str | None) -> None:
    with pytest.raises(BadForm):
        DateForm(form, zone)


@given(st.datetimes(min_value=moment("1900-01-01T00:00:00Z").replace(tzinfo=None)))  # type: ignore[union-attr]
def test_reading_what_was_written_says_the_same_clock(when: object) -> None:
    native = f"{when:%d.%m.%Y %H:%M}"
    once = CLOCK.fhir(native)
    if once is not None:
        again = CLOCK.native(once)
        assert again is not None
        assert CLOCK.native(CLOCK.fhir(again) or "") == again
        assert again == native or once[:10] == again[6:10] + "-" + again[3:5] + "-" + again[:2]
