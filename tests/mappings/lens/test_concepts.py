"""A word as a CodeableConcept: coded where the table knows it, text in any case."""

from __future__ import annotations

import pytest

from mappings.lens.concepts import concept
from mappings.model import Ids, Json

IDS = Ids("Patient/p", "CarePlan/c", "test")
LENS = concept({"Møte": "m", "Treff": "m", "Samtale": "s"}, "urn:own")
OTHER = {"system": "urn:other", "code": "x"}


def own(code: str) -> dict[str, str]:
    return {"system": "urn:own", "code": code}


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        (None, "Møte", {"coding": [own("m")], "text": "Møte"}),
        (None, "Treff", {"coding": [own("m")], "text": "Treff"}),
        (None, "Fest", {"text": "Fest"}),
        (None, "Fest\x01", {"text": "Fest"}),
        (None, " ", None),
        (None, None, None),
        ({"id": "a", "coding": [own("m"), OTHER], "text": "Møte"}, "Samtale",
         {"id": "a", "coding": [OTHER, own("s")], "text": "Samtale"}),
        ({"coding": [own("m"), OTHER], "text": "Møte"}, "Fest", {"coding": [OTHER], "text": "Fest"}),
        ({"coding": [own("m"), OTHER], "text": "Møte"}, None, {"coding": [OTHER]}),
        ({"id": "a", "coding": [own("m")], "text": "Møte"}, None, {"id": "a"}),
        ({"coding": [own("m")], "text": "Møte"}, None, None),
    ],
)  # fmt: skip
def test_a_word_takes_the_place_of_the_one_before_and_leaves_codes_of_others(
    before: Json, word: str | None, after: Json
) -> None:
    assert LENS.put(before, word, IDS) == after


@pytest.mark.parametrize(
    ("node", "word"),
    [
        ({"coding": [own("m")], "text": "Treff"}, "Treff"),
        ({"coding": [own("m")], "text": "Samtale"}, "Møte"),
        ({"coding": [own("m")], "text": "Fest"}, "Møte"),
        ({"coding": [own("m")]}, "Møte"),
        ({"coding": [own("ny")], "text": "Fest"}, "Fest"),
        ({"coding": [own("ny")]}, None),
        ({"coding": [OTHER], "text": "Fest"}, "Fest"),
        ({"coding": [OTHER, own("s")], "text": "Fest"}, "Samtale"),
        ({"text": "Fest"}, "Fest"),
        ({}, None),
    ],
)
def test_a_code_of_ours_wins_over_a_text_that_says_something_else(node: Json, word: str | None) -> None:
    assert LENS.get(node, IDS) == word
