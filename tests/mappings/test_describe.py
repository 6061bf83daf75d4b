"""What is checked before a record is taken in, beyond the sample of broken records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from mappings.lens.national import well_formed
from mappings.lens.times import fhir_time, is_date, moment
from mappings.model import RecordRefused
from tests.mappings.factories import LOG, record


def problems(native: Any) -> set[tuple[str, str]]:
    with pytest.raises(RecordRefused) as refused:
        LOG.describe(native)
    return {(p.field, p.code) for p in refused.value.problems}


@pytest.mark.parametrize(
    ("number", "kind", "fits"),
    [
        ("15108695088", "fnr", True),
        ("14831770229", "fnr", True),  # month + 80
        ("14831770228", "fnr", False),
        ("31921077435", "fnr", True),
        ("15108695088", "fhn", False),
        ("1510869508", "fnr", False),
        ("1510869508x", "fnr", False),
        ("99999999999", "fnr", False),
        ("٠٥٨١١٣٥٣٧٨٩", "fnr", False),
    ],
)
def test_national_ids(number: str, kind: str, fits: bool) -> None:
    assert well_formed(kind, number) is fits


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-29T13:02:10.5+01:00", datetime(2026, 10, 29, 12, 2, 10, 500000, UTC)),
        ("2026-10-29t13:02:10z", datetime(2026, 10, 29, 13, 2, 10, 0, UTC)),
        ("2026-12-31T23:59:60Z", datetime(2026, 12, 31, 23, 59, 59, 0, UTC)),
        ("2026-10-29T13:02:10.123456789Z", datetime(2026, 10, 29, 13, 2, 10, 123456, UTC)),
        ("2026-02-30T13:02:10Z", None),
        ("2026-10-29T13:02:10", None),
        ("2026-10-29", None),
        ("20261029T130210Z", None),
    ],
)
def test_times(text: str, instant: datetime | None) -> None:
    assert moment(text) == instant


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("2026-02-28", True),
        ("2026-02-29", False),
        ("20260228", False),
        ("2026", True),
        ("2026-13", False),
        ("2026-W01-1", False),
        ("0000", False),
    ],
)
def test_dates(text: str, fits: bool) -> None:
    assert is_date(text) is fits


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("2026-10-29T13:02:10.500+01:00", "2026-10-29T13:02:10.500+01:00"),
        ("2026-10-29", "2026-10-29"),
        ("2026-10-29t13:02:10z", "2026-10-29T13:02:10Z"),
        ("2026-01-02T10:00:00.25+23:30", "2026-01-01T10:30:00.250000Z"),
        ("2026-12-31T23:59:60Z", "2026-12-31T23:59:59Z"),
        ("i morgen, kanskje", None),
    ],
)
def test_times_as_fhir_takes_them(text: str, taken: str | None) -> None:
    assert fhir_time(text) == taken


def test_a_required_text_that_is_blank_is_missing() -> None:
    assert problems(record("maal", tekst=" \x01")) == {("tekst", "missing")}


def test_all_problems_are_found_at_once() -> None:
    native = record(
        "moete", tid="i morgen", slag="fest", oppmoete=[{"deltaker": 3}], sted=["x"], barnetDeltar="ja"
    )
    assert problems({**native, "id": 7, "endret": None}) == {
        ("id", "wrong-type"),
        ("endret", "missing"),
        ("tid", "not-a-time"),
        ("slag", "unknown-code"),
        ("oppmoete[0].deltaker", "wrong-type"),
        ("sted", "wrong-type"),
        ("barnetDeltar", "wrong-type"),
    }


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"nivaa": True}, "nivaa"),
        ({"nivaa": Decimal("2.0")}, "nivaa"),
        ({"nivaa": "2"}, "nivaa"),
        ({"nivaa": 4}, "nivaa"),
        ({"nivaa": [2]}, "nivaa"),
        ({"bekymring": {"a": 1}}, "bekymring"),
        ({"brukesSomIP": "ja"}, "brukesSomIP"),
        ({"versjon": True}, "versjon"),
    ],
)
def test_wrong_types_and_codes(fields: dict[str, Any], where: str) -> None:
    assert {
        field for field, _ in problems(record("stafettlogg", barn={"foedt": "2010-01-01"}, **fields))
    } == {where}


def test_what_cannot_be_stored_is_found_anywhere() -> None:
    native = record("lysglimt", ukjent=[{"a": "\x00"}, {"b\x00": 1}, "\ud800"])
    assert problems(native) == {
        ("ukjent[0].a", "forbidden-character"),
        ("ukjent[1]", "forbidden-character"),
        ("ukjent[2]", "forbidden-character"),
    }


@pytest.mark.parametrize("native", [None, [], "x", 3])
def test_what_is_no_record(native: Any) -> None:
    assert problems(native) == {("", "wrong-type")}


def test_type_and_frame_must_be_there() -> None:
    assert problems({"id": "x"}) == {("type", "missing")}
    assert problems({"id": "x", "type": "maal", "endret": "2026-01-01T00:00:00Z"}) == {
        ("logg", "missing"),
        ("tekst", "missing"),
    }
    assert problems({"id": "x", "type": ["maal"]}) == {("type", "unknown-type")}
