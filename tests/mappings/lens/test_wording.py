"""Several values in one text: taken apart at the last place where the signs stand, put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.lens.wording import BadWording, Wording, put_together, taken_apart


@pytest.mark.parametrize(
    ("wording", "text", "parts"),
    [
        ("{navn} ({fnr})", "Sofie (2) Prøvesen (319)", {"navn": "Sofie (2) Prøvesen", "fnr": "319"}),
        ("{fornavn} {etternavn}", "Anne Lise Moe", {"fornavn": "Anne Lise", "etternavn": "Moe"}),
        ("{a}, {b}, {c}", "1, 2, 3, 4", {"a": "1, 2", "b": "3", "c": "4"}),
        ("Nivå {n}", "Nivå 2", {"n": "2"}),
        ("{Logg Nr}/{}", "4711/2", {"Logg Nr": "4711", "": "2"}),
        ("{navn} ({fnr})", "Sofie Prøvesen", None),
        ("{navn} ({fnr})", "Sofie ()", None),
        ("({a})", "(", None),
        ("{a} {b}", "Sofie", None),
        ("{a} {b}", " Sofie", None),
        ("{a} {b}", "Sofie ", None),
        ("{a} {b}", "S P", {"a": "S", "b": "P"}),
        ("{a}--{b}", "x--y", {"a": "x", "b": "y"}),
        ("{a}, {b}, {c}", "1, 2", None),
        ("(({a}))", "((x))", {"a": "x"}),
        ("ab{x}ba", "aba", None),
        ("ab{x}ba", "abba", None),
        ("ab{x}ba", "abcba", {"x": "c"}),
        ("Nivå {n}", "Trinn 2", None),
        ("{n} år", "2 mnd", None),
    ],
)
def test_taken_apart(wording: str, text: str, parts: dict[str, str] | None) -> None:
    assert Wording(wording).parts(text) == parts


ONCE = "must name each part once, in braces"
APART = "has nothing between two names: nobody could tell them apart"
BRACE = "has a brace too much"


@pytest.mark.parametrize(
    ("wording", "reason"),
    [("", ONCE), ("navn", ONCE), ("{a} {a}", ONCE), ("{a}{b}", APART), ("{a}, {b}{c}", APART),
     ("{a} {b", BRACE), ("a} {b}", BRACE), ("{a} {", BRACE), ("} {a}", BRACE)],
)  # fmt: skip
def test_what_nobody_could_take_apart_is_refused_with_the_reason(wording: str, reason: str) -> None:
    with pytest.raises(BadWording) as bad:
        Wording(wording)
    assert str(bad.value) == f"{wording!r} {reason}"


def test_a_wording_is_filled_with_texts_between_its_signs() -> None:
    wording = Wording("<{a}, {b}>")
    assert wording.names == ("a", "b")
    assert wording.filled({"a": "1", "b": "2", "c": 3}) == "<1, 2>"


@given(st.lists(st.text("ab ()/", min_size=1), min_size=2, max_size=2))
def test_what_was_taken_apart_is_put_together_again(values: list[str]) -> None:
    wording = Wording("{x} ({y})")
    text = wording.filled(dict(zip(("x", "y"), values, strict=True)))
    assert text is not None
    parts = wording.parts(text)
    assert parts is not None
    assert wording.filled(parts) == text


def test_the_first_wording_that_fits_is_used() -> None:
    forms = ("{navn} ({fnr})", "{navn}")
    assert taken_apart(forms, "Sofie (319)") == {"navn": "Sofie", "fnr": "319"}
    assert taken_apart(forms, "Sofie") == {"navn": "Sofie"}
    assert put_together(forms, {"navn": "Sofie"}) == "Sofie"
    assert put_together(forms, {"fnr": "319"}) is None
    assert put_together(forms, {"navn": "Sofie", "fnr": ""}) == "Sofie"
    assert put_together(forms, {"navn": "Sofie", "fnr": 319}) == "Sofie"
