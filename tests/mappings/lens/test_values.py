"""Single values at the edges of what FHIR can hold. What it cannot hold is not said; the rest keeps it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mappings.lens.values import LEAVES, coded, dated, is_blank, text, uri
from mappings.model import Ids, Json

IDS = Ids("Patient/p", "CarePlan/c", "test")


def said(kind: str, value: Json, node: Json = None) -> Json:
    return LEAVES[kind].put(node, value, IDS)


def test_of_the_control_characters_a_text_keeps_those_that_part_its_lines_and_words() -> None:
    every = "".join(map(chr, [*range(1, 33), 0x7F, 0x80]))
    assert text(f"a{every}b") == "a\t\n\r \x80b"


@pytest.mark.parametrize("sign", [chr(n) for n in (*range(1, 9), 11, 12, *range(14, 32), 0x7F)])
def test_each_sign_that_fhir_forbids_leaves_the_text_by_itself(sign: str) -> None:
    assert text(f"a{sign}b") == "ab"


@pytest.mark.parametrize("value", ["", " ", "\t\n", "\x01", " \x7f "])
def test_a_text_with_nothing_in_it_is_blank(value: str) -> None:
    assert text(value) is None
    assert is_blank(value)


@pytest.mark.parametrize("value", ["a", " a ", 0, False, None, ["  "]])
def test_what_is_no_text_is_not_blank(value: Json) -> None:
    assert not is_blank(value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [("a", True), ("a b", True), ("a  b", False), (" a", False), ("a ", False), ("", False),
     ("a\tb", False), ("a\x01b", False), ("a\x7f", False)],
)  # fmt: skip
def test_a_code_has_single_spaces_inside_and_none_around(value: str, kept: bool) -> None:
    assert said("token", value) == (value if kept else None)


@pytest.mark.parametrize(
    ("value", "is_uri", "is_absolute"),
    [("https://a.no", True, True), ("urn:x", True, True), ("x", True, False), ("a b:c", False, False),
     ("urn:x y", False, False), ("urn:x\u00a0y", False, False), ("urn:", True, False), ("1a:b", True, False),
     ("s", True, False), ("", False, False)],
)  # fmt: skip
def test_a_uri_has_no_spaces_and_a_system_has_a_scheme(value: str, is_uri: bool, is_absolute: bool) -> None:
    assert uri(value) == (value if is_uri else None)
    assert said("uri", value) == (value if is_absolute else None)


@pytest.mark.parametrize(
    ("written", "kept"), [("YQ==", "YQ=="), ("YQ ==\n", "YQ=="), ("", None), ("YQ", None), ("æ", None)]
)
def test_content_is_written_as_fhir_wants_it(written: str, kept: str | None) -> None:
    assert said("base64", written) == kept


def test_of_several_words_for_a_code_the_first_is_told() -> None:
    lens = coded({"Ferdig": "done", "Slutt": "done", 3: "three"})
    assert [lens.put(None, word, IDS) for word in ("Ferdig", "Slutt", 3, "Borte", None)] == [
        "done", "done", "three", None, None,
    ]  # fmt: skip
    assert [lens.get(code, IDS) for code in ("done", "three", "gone", {"code": "done"}, ["done"])] == [
        "Ferdig", 3, None, None, None,
    ]  # fmt: skip


def test_a_date_that_is_no_text_in_fhir_is_not_told() -> None:
    lens = dated("dd.MM.yyyy", None)
    assert lens.get("2026-11-20", IDS) == "20.11.2026"
    assert lens.get({"extension": []}, IDS) is None
    assert lens.put(None, "20.11.2026", IDS) == "2026-11-20"
    assert lens.put("2026-11-20", None, IDS) is None


@pytest.mark.parametrize(
    "kind", ["text", "date", "moment", "time", "boolean", "token", "uri", "base64", "fnr"]
)
def test_nothing_is_nothing_and_fhir_is_told_as_it_stands(kind: str) -> None:
    assert said(kind, None, "before") is None
    assert LEAVES[kind].get("2026", IDS) == "2026"


@pytest.mark.parametrize("kind", ["date", "boolean"])
def test_what_was_checked_before_is_taken_as_it_is(kind: str) -> None:
    assert said(kind, "2026-11-20") == "2026-11-20"


@pytest.mark.parametrize("kind", ["fnr", "dnr", "fhn", "orgnr"])
def test_a_number_is_a_text(kind: str) -> None:
    assert said(kind, "983974678\x01") == "983974678"


class TestAScalar:
    """A text, a number or yes and no in a member of its own, beside what stands there."""

    @pytest.mark.parametrize(
        ("value", "member"),
        [
            ("ja", {"valueString": "ja"}),
            (True, {"valueBoolean": True}),
            (False, {"valueBoolean": False}),
            (0, {"valueInteger": 0}),
            (2**31 - 1, {"valueInteger": 2**31 - 1}),
            (-(2**31), {"valueInteger": -(2**31)}),
        ],
    )
    def test_has_the_member_of_its_type(self, value: Json, member: Json) -> None:
        assert said("scalar", value) == member
        assert said("scalar", value, {"id": "x", "valueString": "før"}) == {"id": "x", **member}
        assert LEAVES["scalar"].get({"id": "x", **member}, IDS) == value

    @pytest.mark.parametrize("value", [" ", "\x01", 2**31, -(2**31) - 1, Decimal("1.5"), ["a"], None])
    def test_that_fhir_has_no_member_for_leaves_none(self, value: Json) -> None:
        assert said("scalar", value) is None
        for name in ("valueString", "valueBoolean", "valueInteger"):
            assert said("scalar", value, {name: 1}) is None
            assert said("scalar", value, {"id": "x", name: 1}) == {"id": "x"}

    def test_that_is_not_there_is_not_told(self) -> None:
        assert LEAVES["scalar"].get({"id": "x"}, IDS) is None
