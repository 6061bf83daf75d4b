"""What a sender is told of a wrong field: where, what it should be, and never what it held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.lens.checks import unstorable
from mappings.lens.system import SystemMapping
from mappings.model import Json, Problem, RecordRefused
from tests.mappings.factories import LOG, record, small

TEXT = Problem("x", "Feltet skal være en tekst.", "wrong-type")
YES = Problem("x", "Feltet skal være ja eller nei (true eller false).", "wrong-type")
WHOLE = Problem("x", "Feltet skal være et heltall.", "wrong-type")
OBJECT = Problem("x", "Feltet skal være et objekt.", "wrong-type")
SCALAR = Problem("x", "Feltet skal være en tekst, et heltall, eller ja eller nei.", "wrong-type")
LIST = Problem("x", "Feltet skal være en liste.", "wrong-type")
MISSING = Problem("x", "Feltet mangler.", "missing")
CODE = Problem("x", "Koden finnes ikke i kodelisten «ord».", "unknown-code")
DATE = Problem("x", "Feltet er ikke en gyldig dato (ÅÅÅÅ-MM-DD).", "not-a-date")
TIME = Problem(
    "x", "Feltet er ikke et gyldig tidspunkt med dato, klokkeslett og tidssone (RFC 3339).", "not-a-time"
)
MOMENT = Problem(
    "x", "Feltet er verken en gyldig dato eller et tidspunkt med tidssone (RFC 3339).", "not-a-time"
)
FORM = Problem("x", "Feltet er ikke en gyldig dato skrevet som dd.MM.yyyy.", "not-a-time")
BASE64 = Problem("x", "Innholdet er ikke gyldig base64.", "not-base64")
NUMBER = Problem(
    "x", "Nummeret er ikke gyldig: sifrene, datoen eller kontrollsifrene stemmer ikke.", "check-digit"
)
PARTS = Problem("x", "Teksten følger ikke formen «{a} ({b})» eller «{a}-{b}».", "wrong-form")
RECIPIENT = Problem("x", "Verken en kjent tjeneste eller et organisasjonsnummer.", "unknown-code")

TABLES = """
[codes]
ord = { ja = "yes", 1 = "one" }
tall = [1, 2]
[branches.grener]
ja = { a = "b" }
"""


def problems(mapping: SystemMapping, native: dict[str, Any]) -> tuple[Problem, ...]:
    try:
        mapping.describe(native)
    except RecordRefused as refused:
        return refused.problems
    return ()


def of(field: str, value: Json) -> tuple[Problem, ...]:
    """What is wrong with a value of a field declared so."""
    mapping = small(f"[section.maal.fields]\nx = {field}\n{TABLES}")
    return problems(mapping, record("maal", "plan", x=value))


@pytest.mark.parametrize(
    ("field", "problem", "right", "wrong"),
    [
        ('{ to = "a" }', TEXT, ["a", " ", "", None, [], {}], [1, True, ["a"], {"a": 1}, Decimal(1)]),
        ('{ to = "a", required = true }', MISSING, ["a"], ["", " ", None, [], {}, "\x01"]),
        ('{ to = "a", as = "boolean" }', YES, [True, False, ""], ["ja", 1, 0]),
        ('{ as = "integer" }', WHOLE, [0, -7, 10**20, None], ["1", True, False, Decimal("1.0")]),
        ('{ to = "", as = "scalar" }', SCALAR, ["a", 1, True], [Decimal(1), ["a"], {"a": 1}]),
        (
            '{ to = "a", fields = { y = { to = "b" } } }',
            OBJECT,
            [{"y": "a"}, {"z": 1}],
            ["a", 1, [{"y": "a"}]],
        ),
        ('{ to = "a", as = "elsewhere" }', OBJECT, [{"system": "a", "id": "b"}], ["a", 1, ["a"]]),
        ('{ to = "a*" }', LIST, [["a"], [], [None, "", "a"]], ["a", 1, {"a": 1}]),
        ('{ to = "a", codes = "ord" }', CODE, ["ja", "1", None], ["nei", True, 1, {"a": 1}, ["ja"]]),
        ('{ to = "a", as = "date" }', DATE, ["2026", "2026-02-28"], ["2026-02-29", "2026-01-01T00:00:00Z"]),
        ('{ to = "a", as = "time" }', TIME, ["2026-01-01T00:00:00Z"], ["2026-01-01", "2026-01-01T00:00:00"]),
        (
            '{ to = "a", as = "moment" }',
            MOMENT,
            ["2026-01-01", "2026-01-01T00:00:00Z"],
            ["i går", "01.01.2026"],
        ),
        (
            '{ to = "a", as = "date", form = "dd.MM.yyyy" }',
            FORM,
            ["28.02.2026"],
            ["29.02.2026", "2026-02-28"],
        ),
        ('{ to = "a", as = "base64" }', BASE64, ["YQ==", "Y Q\t=\r\n=", ""], ["YQ", "Y!Q==", "æ"]),
        ('{ to = "a", as = "fnr" }', NUMBER, ["15108695088"], ["15108695089", "83111025226", "1"]),
        ('{ to = "a", as = "dnr" }', NUMBER, ["71921077186"], ["15108695088"]),
        ('{ to = "a", as = "fhn" }', NUMBER, ["83111025226"], ["15108695088"]),
        ('{ to = "", as = "person-id" }', NUMBER, ["15108695088", "71921077186", "83111025226"], ["1"]),
        (
            '{ to = "a", as = "recipient", codes = "ord", people = false }',
            RECIPIENT,
            ["ja", "983974678"],
            ["d1", "98397467", "9839746789"],
        ),
        ('{ to = "a", as = "recipient", codes = "ord" }', TEXT, ["ja", "d1"], [1, ["ja"]]),
        (
            '{ parts = ["{a} ({b})", "{a}-{b}"], fields = { a = { to = "a" }, b = { to = "b" } } }',
            PARTS,
            ["x (y)", "x-y", ""],
            ["x", "x ()", "x y"],
        ),
        (
            '{ parts = ["{a} ({b})", "{a}-{b}"], fields = { a = { to = "a" }, b = { to = "b" } } }',
            TEXT,
            [],
            [{"a": "x"}, 1],
        ),
        ('{ to = "a*", as = "ref", separator = "," }', TEXT, ["a, b", "", "a,"], [["a"], 1]),
    ],
)
def test_each_kind_of_value_is_asked_for_by_its_own_sentence(
    field: str, problem: Problem, right: list[Json], wrong: list[Json]
) -> None:
    for value in right:
        assert of(field, value) == (), value
    for value in wrong:
        assert of(field, value) == (problem,), value


def test_true_is_not_one_among_codes() -> None:
    known = '{ to = "a", codes = "tall" }'
    unknown = Problem("x", "Koden finnes ikke i kodelisten «tall».", "unknown-code")
    assert of(known, 1) == of(known, 2) == ()
    assert of(known, True) == of(known, Decimal(1)) == of(known, 0) == (unknown,)


@pytest.mark.parametrize("field", ['codes = "ord", to = "a"', 'branches = "grener"'])
def test_a_word_beyond_an_open_table_is_taken_and_a_structure_is_not(field: str) -> None:
    for word in ("ja", "kanskje", 7, True):
        assert of(f"{{ {field}, open = true }}", word) == ()
    for value in (["ja"], {"ja": 1}):
        assert of(f"{{ {field}, open = true }}", value) == (SCALAR,)


def test_a_branch_is_known_by_its_own_table() -> None:
    unknown = Problem("x", "Koden finnes ikke i kodelisten «grener».", "unknown-code")
    assert of('{ branches = "grener" }', "ja") == ()
    assert of('{ branches = "grener" }', "1") == (unknown,)


def test_each_element_of_a_list_is_named_by_its_place() -> None:
    assert of('{ to = "a*" }', ["a", 1, None, ["b"]]) == (
        Problem("x[1]", TEXT.text, "wrong-type"),
        Problem("x[3]", TEXT.text, "wrong-type"),
    )
    inner = '{ to = "a*", fields = { y = { to = "b", required = true } } }'
    assert of(inner, [{"y": "a"}, {"z": 1}, {}, "a"]) == (
        Problem("x[1].y", "Feltet mangler.", "missing"),
        Problem("x[3]", OBJECT.text, "wrong-type"),
    )


def test_each_value_in_a_text_is_looked_at() -> None:
    several = '{ to = "a*", codes = "ord", separator = "," }'
    assert of(several, "ja, 1") == ()
    assert of(several, "ja, nei, kanskje") == (CODE, CODE)


def test_the_members_of_an_object_are_named_by_their_path() -> None:
    field = '{ to = "a", fields = { y = { to = "b", fields = { z = { to = "c" } } } } }'
    assert of(field, {"y": {"z": 1}}) == (Problem("x.y.z", TEXT.text, "wrong-type"),)
    assert of(field, {"y": 1}) == (Problem("x.y", OBJECT.text, "wrong-type"),)


def test_what_cannot_be_stored_is_named_by_its_path_and_never_shown() -> None:
    nul = "Teksten inneholder U+0000, som ikke kan lagres."
    half = "Teksten inneholder et halvt surrogatpar, som ikke kan lagres."
    name = "Et feltnavn inneholder tegn som ikke kan lagres."
    native = {"a": "x\x00", "b": ["", {"c": "\udfff"}], "d": {"e\ud800": "\x00", "f": "\x01\ue000\ud7ff"}}
    assert tuple(unstorable(native)) == (
        Problem("a", nul, "forbidden-character"),
        Problem("b[1].c", half, "forbidden-character"),
        Problem("d", name, "forbidden-character"),
    )


def test_a_record_without_id_or_type_is_told_so() -> None:
    said = record("maal", tekst="x")
    assert problems(LOG, {**said, "id": ""}) == (Problem("id", "Feltet mangler.", "missing"),)
    assert problems(LOG, {**said, "id": 7}) == (Problem("id", "Feltet skal være en tekst.", "wrong-type"),)
    unknown = Problem("type", "Posttypen finnes ikke i dette formatet.", "unknown-type")
    assert problems(LOG, {**said, "type": "kake"}) == (unknown,)
    assert problems(LOG, {**said, "type": ""}) == (Problem("type", "Feltet mangler.", "missing"),)
    assert problems(LOG, []) == (Problem("", "Posten skal være et objekt.", "wrong-type"),)  # type: ignore[arg-type]
