"""Both languages say everything, with the same values to put in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.web import language, rendering
from gateway.web.consents_shown import CATEGORIES
from gateway.web.language import ALL, catalog, chosen

NB, NN = catalog("nb"), catalog("nn")
SOURCES = sorted(Path(language.__file__).parent.glob("**/*.html"))
TEMPLATES = sorted(one.stem for one in SOURCES)


def test_the_catalogs_have_the_same_keys_and_values() -> None:
    assert NB.keys() == NN.keys()
    holes = re.compile(r"\{(\w+)\}")
    assert [key for key in NB if sorted(holes.findall(NB[key])) != sorted(holes.findall(NN[key]))] == []
    assert [key for key in NB if not NB[key].strip() or not NN[key].strip()] == []


def test_nynorsk_is_no_copy() -> None:
    sentences = [key for key in NB if len(NB[key].split()) > 5]
    assert len(sentences) > 40
    assert len([key for key in sentences if NB[key] == NN[key]]) < len(sentences) / 20


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.stem)
def test_every_key_of_a_template_is_there(source: Path) -> None:
    keys = re.findall(r'(?<!\w)t\("([\w.-]+)"[,)]', source.read_text(encoding="utf-8"))
    assert [key for key in keys if key not in NB] == []
    assert "<script" not in source.read_text()
    assert " style=" not in source.read_text()


def test_every_code_has_a_word() -> None:
    assert [c for c in CATEGORIES if f"category.{c}" not in NB or f"about.{c}" not in NB] == []
    for state in ("valid", "partial", "later", "ended", "refused", "withdrawn"):
        assert f"state.{state}" in NB
    for status in (401, 403, 404, 409, 422, 500, 503):
        kind = rendering._kind(type("E", (Exception,), {"status": status, "code": "x"})())  # type: ignore[arg-type]
        assert f"error.{kind}.title" in NB


@pytest.mark.parametrize(
    ("cookie", "accepted", "expected"),
    [
        (None, None, "nb"),
        (None, "nn-NO,nb;q=0.9", "nn"),
        (None, "no,nn;q=0.5", "nb"),
        (None, "en-GB,nn;q=0.5", "nn"),
        (None, "de", "nb"),
        ("nn", "nb", "nn"),
        ("xx", "nn", "nn"),
    ],
)
def test_the_language_is_the_chosen_or_the_browsers(
    cookie: str | None, accepted: str | None, expected: str
) -> None:
    assert chosen(cookie, accepted) is ALL[expected]
