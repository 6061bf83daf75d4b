"""Every field of a report is checked, and everything that is wrong with it is named at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.welfare import guardians
from gateway.welfare.record import problems
from tests.welfare.reporting import report

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def named(value: Any) -> list[str]:
    return [problem.field for problem in problems(value, NOW)]


def test_a_whole_report_is_right() -> None:
    assert named(report()) == []
    assert named(report(barn={"fnr": "14831770229"}, akutt=None, stilling="x", ekstra={"a": [1]})) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "melding"}, "type"),
        ({"id": None}, "id"),
        ({"id": 17}, "id"),
        ({"id": "a\nb"}, "id"),
        ({"id": "x" * 501}, "id"),
        ({"logg": "emma-logg"}, "logg"),
        ({"plan": "p"}, "plan"),
        ({"tidspunkt": None}, "tidspunkt"),
        ({"tidspunkt": "2026-11-21"}, "tidspunkt"),
        ({"tidspunkt": "2026-11-21T10:00:00"}, "tidspunkt"),
        ({"tidspunkt": "2026-11-21T14:00:00+01:00"}, "tidspunkt"),
        ({"endret": "i går"}, "endret"),
        ({"barn": None}, "barn"),
        ({"barn": {"foedt": "2017-03-14"}}, "barn"),
        ({"barn": {"navn": {"fornavn": ""}}}, "barn"),
        ({"barn": {"fnr": "14831770228"}}, "barn.fnr"),
        ({"barn": {"navn": {"fornavn": "A"}, "foedt": "14.03.2017"}}, "barn.foedt"),
        ({"barn": {"navn": {"fornavn": 7}}}, "barn.navn.fornavn"),
        ({"barn": {"navn": "Ola"}}, "barn.navn"),
        ({"barn": {"navn": {"fornavn": "A"}, "adressebeskyttelse": "hemmelig"}}, "barn.adressebeskyttelse"),
        ({"melder": None}, "melder"),
        ({"melder": {"tjeneste": "skole"}}, "melder.navn"),
        ({"melder": {"navn": "Kari"}}, "melder.tjeneste"),
        ({"melder": {"navn": "Kari", "tjeneste": "naboen"}}, "melder.tjeneste"),
        ({"melder": {"navn": "Kari", "tjeneste": "skole", "telefon": 55}}, "melder.telefon"),
        ({"grunn": None}, "grunn"),
        ({"grunn": ["vold"]}, "grunn"),
        ({"beskrivelse": "  "}, "beskrivelse"),
        ({"beskrivelse": "x" * 100_001}, "beskrivelse"),
        ({"akutt": "ja"}, "akutt"),
        ({"mistankeVoldOvergrep": None}, "mistankeVoldOvergrep"),
        ({"mistankeVoldOvergrep": "nei"}, "mistankeVoldOvergrep"),
        ({"foresatteInformert": True}, "foresatteInformert"),
        ({"foresatteInformert": {"ja": "ja"}}, "foresatteInformert.ja"),
        (
            {"mistankeVoldOvergrep": False, "foresatteInformert": {"ja": False}},
            "foresatteInformert.hvorforIkke",
        ),
    ],
)
def test_each_field_is_named(changes: dict[str, Any], field: str) -> None:
    whole = {name: value for name, value in {**report(), **changes}.items() if value is not None}
    assert field in named(whole)


def test_everything_is_named_at_once_and_each_field_once() -> None:
    wrong = report(type="x", barn={"fnr": "1"}, melder={}, akutt=7, grunn="")
    assert named(wrong) == ["akutt", "barn.fnr", "grunn", "melder", "melder.navn", "melder.tjeneste", "type"]


@pytest.mark.parametrize("value", [None, [], "x", 7])
def test_what_is_no_object_is_said_to_be_none(value: Any) -> None:
    assert named(value) == [""]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(report())), _JSON))
def test_anything_is_read_and_no_sentence_repeats_a_value(changes: dict[str, Any]) -> None:
    for problem in problems({**report(), **changes}, NOW):
        assert problem.text.endswith(".")
        for value in changes.values():
            assert not isinstance(value, str) or len(value) < 4 or value not in problem.text


@pytest.mark.parametrize(
    ("changes", "may_see", "must"),
    [
        ({}, False, False),
        ({"mistankeVoldOvergrep": False}, False, True),
        ({"mistankeVoldOvergrep": False, "foresatteInformert": {"ja": True}}, True, True),
        ({"foresatteInformert": {"ja": True}}, False, False),
    ],
)
def test_what_guardians_may_know(changes: dict[str, Any], may_see: bool, must: bool) -> None:
    told = guardians.told(report(**changes))
    assert (told["maySee"], told["mustBeInformed"]) == (may_see, must)
    assert ("ikke kunne finne" in told["nb"], "ikkje kunne finne" in told["nn"].replace("  ", " ")) == (
        not may_see,
        not may_see,
    )
