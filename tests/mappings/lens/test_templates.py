"""What a new resource starts as: everything but the names of the references at hand stands as it is."""

from __future__ import annotations

import pytest

from mappings.lens.templates import maker
from mappings.model import Ids, Json

IDS = Ids("Patient/p", "CarePlan/c", "logg")


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("$subject", "Patient/p"),
        ("$frame", "CarePlan/c"),
        ("$item", "Goal/g"),
        ("$system", "logg"),
        ("$annet", "$annet"),
        (7, 7),
        ({"a": {"b": "$item"}, "c": 1}, {"a": {"b": "Goal/g"}, "c": 1}),
        ([1, "$subject", [{"a": "$system"}]], [1, "Patient/p", [{"a": "logg"}]]),
    ],
)
def test_names_become_the_references_at_hand(template: Json, made: Json) -> None:
    assert maker(template)(IDS, "Goal/g") == made


@pytest.mark.parametrize("template", [{"a": [{"b": "c"}]}, [1, {"a": "b"}]])
def test_what_names_nothing_is_shared(template: Json) -> None:
    assert maker(template)(IDS, "Goal/g") is template
