"""What is filled, and by what the elements of a list are known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mappings.lens.compose import Branch, at, branches, each, filled, identity_by
from mappings.lens.values import LEAVES
from mappings.lens.ways import Names, Pattern, way
from mappings.model import Ids, Json

IDS = Ids("Patient/p", "CarePlan/c", "test")


@pytest.mark.parametrize("value", [False, 0, Decimal("0.0"), "0", [0], {"a": None}])
def test_no_and_zero_are_values(value: Json) -> None:
    assert filled(value) is value


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_what_holds_nothing_is_none(value: Json) -> None:
    assert filled(value) is None


def test_an_element_is_known_by_its_key_or_as_a_whole() -> None:
    assert identity_by("id")({"id": "a", "b": 1}) == "a"
    assert identity_by("id")("a") == "a"
    assert identity_by(None)("a") == "a"
    assert identity_by(None)({"id": "a"}) is None
    assert identity_by("id")({"id": ["a"]}) is None


@pytest.mark.parametrize(
    ("fresh", "before", "after"), [({"system": "s"}, {"list": []}, None), ({}, {"a": 1}, {"a": 1})]
)
def test_what_fhir_cannot_hold_leaves_no_element(fresh: Json, before: Json, after: Json) -> None:
    token = at(way("value", Names({}, {})), LEAVES["token"])
    lens = each("list", Pattern(fresh), token, identity_by(None))
    assert lens.put(before, ["to  ord"], IDS) == after


def test_a_place_with_more_in_it_than_the_code_says_still_means_the_code() -> None:
    there = way("code", Names({}, {}))
    lens = branches([Branch("a", ((there, {"text": "a"}),)), Branch("b", ((there, {"text": "b"}),))])
    assert lens.get({"code": {"text": "b", "id": "x"}}, IDS) == "b"
    assert lens.get({"code": {"text": "c"}}, IDS) is None
    assert lens.get({}, IDS) is None
