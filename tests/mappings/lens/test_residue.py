"""What is left beside FHIR, where FHIR has gone on: what it says now wins, whatever form it has."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mappings.lens.residue import ABSENT, Shape, difference, restore, same
from mappings.model import Json


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (Decimal("1.10"), Decimal("1.10"), True),
        (Decimal("1.10"), Decimal("1.1"), False),
        (1, True, False),
        (1, Decimal(1), False),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": 1}, {"a": 1, "b": 1}, False),
    ],
)
def test_the_written_form_counts(one: Json, other: Json, equal: bool) -> None:
    assert same(one, other) is equal


@pytest.mark.parametrize("now", ["text", ["a"], 7])
def test_what_was_an_object_and_is_now_something_else_is_taken_as_it_is(now: Json) -> None:
    tree = difference({"a": 1, "left": ""}, {"a": 1})
    assert restore(now, tree) == now


def test_an_object_that_fhir_no_longer_says_is_gone() -> None:
    tree = difference({"a": 1, "left": ""}, {"a": 1})
    assert restore(ABSENT, tree) is ABSENT


def test_an_object_that_fhir_never_said_is_there_all_the_same() -> None:
    tree = difference({"left": ""}, ABSENT)
    assert restore(ABSENT, tree) == {"left": ""}


def test_an_object_is_kept_whole_where_fhir_said_no_object() -> None:
    tree = difference({"a": 1}, "text")
    assert restore("text", tree) == {"a": 1}
    assert restore("other", tree) == "other"


@pytest.mark.parametrize("now", ["text", {"a": 1}])
def test_what_was_a_list_and_is_none_now_is_taken_as_it_is(now: Json) -> None:
    tree = difference([{"id": "a", "left": ""}], [{"id": "a"}], Shape(key="id"))
    assert restore(now, tree) == now


def test_elements_with_a_key_are_restored_each_by_itself_also_when_others_come() -> None:
    tree = difference([{"id": "a", "left": ""}, {"id": "b"}], [{"id": "a"}, {"id": "b"}], Shape(key="id"))
    assert restore([{"id": "c"}, {"id": "a"}], tree) == [{"id": "c"}, {"id": "a", "left": ""}]


@pytest.mark.parametrize(
    "seen",
    [
        [{"id": "b"}, {"id": "a"}],  # in another order
        [{"id": "a"}, "b"],  # one is no object
        [{"id": "a"}],  # one is missing
    ],
)
def test_lists_that_fhir_says_otherwise_are_kept_whole(seen: Json) -> None:
    raw = [{"id": "a", "left": ""}, {"id": "b"}]
    tree = difference(raw, seen, Shape(key="id"))
    assert restore(seen, tree) == raw
    assert restore([{"id": "c"}], tree) == [{"id": "c"}]
