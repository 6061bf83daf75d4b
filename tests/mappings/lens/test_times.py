"""Times and dates as texts, at the edges of what FHIR writes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mappings.lens.times import fhir_time, is_date, moment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-01-01T10:00:00+14:00", "2026-01-01T10:00:00+14:00"),
        ("2026-01-01 10:00:00Z", "2026-01-01T10:00:00Z"),
        ("2026-01-01T10:00:00.1234567Z", "2026-01-01T10:00:00.1234567Z"),
        ("2026-01-01t10:00:00.1234567z", "2026-01-01T10:00:00.123456Z"),
        ("1000-01-01t00:00:00z", "1000-01-01T00:00:00Z"),
        ("0999-12-31t23:00:00z", None),
        ("2026-01-01T10:00:00", None),
        ("2026-05", "2026-05"),
    ],
)
def test_a_time_as_fhir_takes_it(text: str, said: str | None) -> None:
    assert fhir_time(text) == said


@pytest.mark.parametrize("zone", ["Z", "z", "+00:00"])
def test_the_zone_of_greenwich_has_several_names(zone: str) -> None:
    assert moment(f"2026-01-01T10:00:00.5{zone}") == datetime(2026, 1, 1, 10, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("2026", True), ("0000", False), ("0001", True), ("2026-12", True), ("2026-13", False),
     ("0000-05", False), ("2026-02-30", False), ("2026-1-1", False), ("20260101", False)],
)  # fmt: skip
def test_a_date_or_a_part_of_one(text: str, fits: bool) -> None:
    assert is_date(text) is fits
