"""forhold: facts about who decides, as Observation. No consent category covers them: they go nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from mappings import reading
from mappings.canonical import code_system
from mappings.model import State
from tests.mappings.factories import PLAN, get, item, put, record


@pytest.mark.parametrize(
    ("verdi", "element"), [("begrenset", "valueString"), (True, "valueBoolean"), (3, "valueInteger")]
)
def test_the_value_keeps_its_kind(verdi: Any, element: str) -> None:
    native = record("forhold", slag="beslutningskompetanse", verdi=verdi, gjelder="d2")
    observation = item(native)
    assert observation[element] == verdi
    assert observation["code"]["coding"] == [
        {"system": code_system("forhold"), "code": "beslutningskompetanse"}
    ]
    assert observation["focus"] == [{"reference": "RelatedPerson/f1"}]
    assert get(State(put(native).focus)) == native


def test_a_value_of_another_kind_leaves_nothing_of_the_first() -> None:
    state = put(record("forhold", slag="hoert", verdi=True))
    again = put(record("forhold", slag="hoert", verdi="ja"), state=state).focus["item"]
    assert "valueBoolean" not in again
    assert again["valueString"] == "ja"


def test_opinion_period_and_source() -> None:
    native = record(
        "forhold", slag="hoert", mening="Vil bo hos far", fra="2026-01-01", til="2026-02-01", kilde="Møte"
    )
    observation = item(native)
    assert observation["note"] == [{"text": "Vil bo hos far"}]
    assert observation["effectivePeriod"] == {"start": "2026-01-01", "end": "2026-02-01"}
    assert get(State(put(native).focus)) == native


def test_no_category_and_no_form_in_the_plan() -> None:
    observation = item(record("forhold", slag="hoert"))
    assert reading.category_of(observation) == frozenset()
    assert PLAN.slots(observation) is None
