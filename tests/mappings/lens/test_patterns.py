"""Which element of a list is meant: the one that says all that its pattern says."""

from __future__ import annotations

import pytest

from mappings.lens.patterns import Pattern, contains
from mappings.model import Json


@pytest.mark.parametrize(
    ("node", "pattern", "held"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [2]}}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ([{"a": 1}, {"b": 2, "c": 3}], [{"b": 2}, {"a": 1}], True),
        ([{"a": 1}], {"a": 1}, False),
        ({"a": 1}, [{"a": 1}], False),
        ("a", {"a": 1}, False),
        ("a", "a", True),
        ("a", "b", False),
        ([], [], True),
    ],
)
def test_a_node_holds_a_pattern_when_all_of_it_stands_there(node: Json, pattern: Json, held: bool) -> None:
    assert contains(node, pattern) is held


@pytest.mark.parametrize(
    ("pattern", "node", "meant"),
    [
        (Pattern({"a": "x"}), {"a": "x", "b": 1}, True),
        (Pattern({"a": "x"}), {"a": ["x"]}, False),
        (Pattern({"a": {"b": 1}}), {"a": {"b": 1, "c": 2}}, True),
        (Pattern({"a": {"b": 1}}), {"a": {"c": 2}}, False),
        (Pattern({"a": {"b": 1}}), {}, False),
        (Pattern({"a": 1, "b": 2}), {"a": 1}, False),
        (Pattern({"a": 1, "b": 2}), {"a": 1, "b": 2}, True),
        (Pattern({}), {}, True),
        (Pattern({}, has=("a",)), {"a": None}, True),
        (Pattern({}, has=("a", "b")), {"a": 1}, False),
        (Pattern({}, lacks=("a",)), {"b": 1}, True),
        (Pattern({}, lacks=("a", "b")), {"b": 1}, False),
        (Pattern({"c": 1}, has=("a",), lacks=("b",)), {"a": 1}, False),
        (Pattern({"c": 1}, has=("a",), lacks=("b",)), {"a": 1, "c": 1}, True),
        (Pattern({"c": "x"}, has=("a",)), {"c": "x"}, False),
        (Pattern({"c": "x"}, lacks=("a",)), {"c": "x", "a": 1}, False),
    ],
)
def test_an_element_is_meant_by_what_it_says_has_and_lacks(pattern: Pattern, node: Json, meant: bool) -> None:
    assert pattern.matcher()(node) is meant
