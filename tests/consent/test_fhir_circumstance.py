"""Circumstances out of their Observations: only a clear yes or no is one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent import Circumstance, Kind
from consent.fhir_circumstance import read
from consent.names import OURS
from tests.consent.worlds import BOTH, WORLD, ask, child, facts, permit, reference


def observation(kind: str = "omsorgsovertakelse", **more: Any) -> dict[str, Any]:
    made = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": OURS.codes("forhold"), "code": kind}]},
        "focus": [{"reference": reference("barn")}],
        "effectivePeriod": {"start": "2026-09-01", "end": "2026-12-31"},
        **more,
    }
    return {k: v for k, v in made.items() if v is not None}


@pytest.mark.parametrize(
    ("kind", "more", "holds"),
    [
        ("omsorgsovertakelse", {"valueBoolean": True}, True),
        ("omsorgsovertakelse", {"valueBoolean": False}, False),
        ("omsorgsovertakelse", {"valueString": "Ja"}, True),
        ("omsorgsovertakelse", {}, None),
        ("beslutningskompetanse", {"valueString": "nei"}, False),
        ("beslutningskompetanse", {"valueString": "begrenset"}, None),
        ("beslutningskompetanse", {"valueInteger": 3}, None),
        ("hoert", {}, True),
        ("hoert", {"valueBoolean": False}, False),
        ("hoert", {"valueInteger": 1}, None),
        ("vergemaal", {"valueBoolean": True}, True),
    ],
)
def test_what_a_record_says(kind: str, more: dict[str, Any], holds: bool | None) -> None:
    found = read(observation(kind, **more))
    assert found == Circumstance(Kind(kind), holds, reference("barn"), date(2026, 9, 1), date(2026, 12, 31))


def test_what_is_no_circumstance() -> None:
    for resource in (None, [], {}, {"resourceType": "Observation"}, observation("annet")):
        assert read(resource) is None
    assert read(observation(status="entered-in-error", valueBoolean=True)) is None


def test_times_and_what_cannot_be_read() -> None:
    timed = read(observation(valueBoolean=True, effectivePeriod={"start": "2026-09-01T10:00:00Z"}))
    assert timed is not None
    assert (timed.start, timed.end) == (datetime(2026, 9, 1, 10, tzinfo=UTC), None)
    for period in ({"start": "2026"}, {"start": "2026-09-01T10:00:00"}, {"end": 3}, "alltid"):
        found = read(observation(valueBoolean=True, effectivePeriod=period))
        assert found == Circumstance(Kind.CARE_ORDER, None)


@given(
    st.sampled_from(("focus", "code", "effectivePeriod", "valueString")),
    st.none() | st.integers() | st.lists(st.integers()),
)
def test_reading_is_total(name: str, waste: Any) -> None:
    resource = observation(valueBoolean=None)
    resource[name] = waste
    found = read(resource)
    assert found is None or found.holds is None


def test_somebody_elses_competence_says_nothing_of_the_child() -> None:
    young = (*WORLD, child(), permit("b", "barn", "bup", "maal"))
    for about, goes in (
        (reference("mor"), True),
        (reference("barn"), False),
        ("Patient/ukjent", False),
        (None, False),
    ):
        lacking = (Circumstance(Kind.COMPETENCE, False, about),)
        assert ask(facts(*young, born=date(2009, 1, 1), circumstances=lacking)).permitted is goes
    assert ask(facts(*WORLD, BOTH)).permitted
