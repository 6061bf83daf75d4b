"""Names: given names in one text, or the whole name in one text."""

from __future__ import annotations

import pytest

from mappings.canonical import MIDDLE_NAME
from mappings.lens.person_names import PERSON_NAMES
from mappings.model import Ids, Json

IDS = Ids("Patient/p", "CarePlan/c", "test")
MIDDLE = {"extension": [{"url": MIDDLE_NAME, "valueString": "Lise"}]}


@pytest.mark.parametrize(
    ("node", "said"),
    [(["Anne", "Lise"], "Anne Lise"), (["Anne", None, "Lise"], "Anne Lise"), ("Anne Moe", "Anne Moe"),
     ([], None), ([None], None)],
)  # fmt: skip
def test_given_names_are_one_text(node: Json, said: str | None) -> None:
    assert PERSON_NAMES["given"].get(node, IDS) == said


@pytest.mark.parametrize(
    ("value", "node"), [("Anne Lise", ["Anne Lise"]), ("A\x01", ["A"]), (" ", None), (None, None)]
)
def test_given_names_stand_as_they_were_written(value: str | None, node: Json) -> None:
    assert PERSON_NAMES["given"].put(["Before"], value, IDS) == node


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ({"given": ["Anne", "Marie"], "family": "Moe", "text": "A. Moe"}, "Anne Marie Moe"),
        ({"given": ["Anne"], "family": "Moe", **MIDDLE}, "Anne Lise Moe"),
        ({"given": ["Anne", None], "family": "Moe"}, "Anne Moe"),
        ({"family": "Moe"}, "Moe"),
        ({"text": "A. Moe"}, "A. Moe"),
        ({}, None),
    ],
)
def test_a_name_is_told_by_its_parts_where_they_are_known(node: Json, said: str | None) -> None:
    assert PERSON_NAMES["name"].get(node, IDS) == said


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        (None, "Anne Lise Moe", {"given": ["Anne Lise"], "family": "Moe"}),
        (None, "  Anne \t Moe ", {"given": ["Anne"], "family": "Moe"}),
        (None, "Anne", {"text": "Anne"}),
        (None, " ", None),
        (None, None, None),
        ({"use": "usual", "text": "x", "given": ["x"], "family": "x", **MIDDLE}, "Anne Moe",
         {"use": "usual", "given": ["Anne"], "family": "Moe"}),
        ({"use": "usual", "given": ["x"], "family": "x"}, "Anne", {"use": "usual", "text": "Anne"}),
        ({"use": "usual", "text": "x", **MIDDLE}, None, {"use": "usual"}),
        ({"given": ["x"], "family": "x"}, None, None),
    ],
)  # fmt: skip
def test_a_name_is_written_whole_and_its_last_word_is_the_family_s(
    before: Json, value: str | None, after: Json
) -> None:
    assert PERSON_NAMES["name"].put(before, value, IDS) == after
