"""A period that ends before it starts is refused, with the field that is wrong."""

from __future__ import annotations

import pytest

from mappings.lens.system import SystemMapping
from mappings.model import RecordRefused
from tests.mappings.factories import LOG, PLAN, record


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        ("tiltak", "start", "frist"),
        ("samtykke", "fra", "til"),
        ("deltaker", "fra", "til"),
        ("forhold", "fra", "til"),
    ],
)
@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-10-01", "2026-10-02"),
        ("2026-10-01T10:00:00+02:00", "2026-10-01T09:00:00Z"),
        ("2026-10-01T10:00:00Z", "2026-10-02"),
        ("2026-10-01", "2026-10-02T10:00:00Z"),
        ("2026-09", "2026-10-02"),
    ],
)
def test_what_ends_before_it_starts_is_refused(
    kind: str, start: str, end: str, earlier: str, later: str
) -> None:
    also = {"deltaker": {"rolle": "stafettholder"}, "forhold": {"slag": "hoert"}, "tiltak": {"tittel": "a"}}
    said = {**also.get(kind, {}), start: earlier, end: later}
    LOG.describe(record(kind, **said))
    with pytest.raises(RecordRefused) as refused:
        LOG.describe(record(kind, **{**said, start: later, end: earlier}))
    assert [(p.field, p.code, p.text) for p in refused.value.problems] == [
        (end, "ends-before-start", "Slutten er før starten.")
    ]


def test_an_inner_period_is_named_by_its_path() -> None:
    person = {"person": {"navn": {"fornavn": "Kari"}}}
    with pytest.raises(RecordRefused) as refused:
        PLAN.describe(record("plan", **person, periode={"fra": "2026-10-02", "til": "2026-10-01"}))
    assert [p.field for p in refused.value.problems] == ["periode.til"]


@pytest.mark.parametrize("mapping", [LOG, PLAN], ids=lambda mapping: mapping.name)
def test_what_begins_and_ends_at_once_is_taken(mapping: SystemMapping) -> None:
    frame = "logg" if mapping is LOG else "plan"
    times = {"start": "2026-10-01", "frist": "2026-10-01"}
    mapping.describe(record("tiltak", frame, tittel="a", **times))
    mapping.describe(record("tiltak", frame, tittel="a", start="2026-10-01", frist="2026-10-01T09:00:00Z"))
    once = {"start": "2026-10-01T11:00:00+02:00", "frist": "2026-10-01T09:00:00Z"}
    mapping.describe(record("tiltak", frame, tittel="a", **once))


@pytest.mark.parametrize("wrong", [7, True, ["2026-10-01"], {"a": 1}])
def test_a_start_that_is_no_text_is_told_of_by_itself(wrong: object) -> None:
    with pytest.raises(RecordRefused) as refused:
        LOG.describe(record("tiltak", tittel="a", start=wrong, frist="2026-10-01"))
    assert [(p.field, p.code) for p in refused.value.problems] == [("start", "wrong-type")]


def test_a_meeting_has_no_period() -> None:
    LOG.describe(record("moete", tid="2026-10-01T10:00:00Z", slutt="2026-10-01T09:00:00Z"))
