"""What a field says of itself: whether it is a list, what its values and members are."""

from __future__ import annotations

import pytest

from mappings.lens.declaration import CsvDeclaration, Field, pieces
from mappings.model import Json
from tests.mappings.factories import small

PLAIN = Field("a", "text", to="b")
BY_CELLS = Field("a", "ref", to="b", id="{sak}/{}")
PARTS = Field("a", "object", parts=("{x} ({y})", "{x}"), fields=(Field("x", "text"), Field("y", "text")))


def test_a_list_is_told_by_the_star_in_its_way() -> None:
    assert Field("a", "ref", to="b*").many is True
    assert Field("a", "ref", to="b*.c").many is True
    assert PLAIN.many is False
    assert Field("a", "text").many is False


def test_a_field_is_made_of_cells_when_it_or_a_member_is() -> None:
    assert BY_CELLS.by_cells is True
    assert PLAIN.by_cells is False
    assert Field("a", "object", fields=(PLAIN, BY_CELLS)).by_cells is True
    assert Field("a", "object", fields=(PLAIN,)).by_cells is False


@pytest.mark.parametrize(
    ("field", "value", "values"),
    [
        (PLAIN, "a, b", ["a, b"]),
        (PLAIN, ["a", "b"], ["a", "b"]),
        (PLAIN, None, [None]),
        (Field("a", "ref", to="b*", separator=", "), "a, b", ["a", "b"]),
        (Field("a", "ref", to="b*", separator=", "), ["a"], []),
    ],
)
def test_the_single_values_of_a_field(field: Field, value: Json, values: list[Json]) -> None:
    assert field.values(value) == values


@pytest.mark.parametrize(
    ("field", "value", "members"),
    [
        (PLAIN, {"x": 1}, {"x": 1}),
        (PLAIN, "x", {}),
        (PLAIN, ["x"], {}),
        (PARTS, "a (b)", {"x": "a", "y": "b"}),
        (PARTS, "a", {"x": "a"}),
        (PARTS, "", {}),
        (PARTS, {"x": "a"}, {}),
    ],
)
def test_the_members_of_a_value(field: Field, value: Json, members: Json) -> None:
    assert field.members(value) == members


@pytest.mark.parametrize(
    ("text", "separator", "found"),
    [
        ("a, b,c ,, ", ", ", ["a", "b", "c"]),
        ("a  b", " ", ["a", "b"]),
        ("", ",", []),
        (None, ",", []),
        (7, ",", []),
    ],
)
def test_the_values_that_stand_in_one_text(text: Json, separator: str, found: list[Json]) -> None:
    assert pieces(text, separator) == found


def test_what_a_field_is_where_nothing_is_said_of_it() -> None:
    field = Field("a", "text")
    said = (field.required, field.wanted, field.people, field.open, field.otherwise, dict(field.constants))
    assert said == (False, False, True, False, None, {})


def test_a_file_of_rows_is_as_norwegian_spreadsheets_write_it_unless_it_says_otherwise() -> None:
    assert small('[csv]\ncolumns = ["a", "b"]').declared.csv == CsvDeclaration(
        columns=("a", "b"), delimiter=";", encoding="utf-8-sig", line_end="\r\n", quote_all=False
    )
    assert small("").declared.csv is None


def test_a_declaration_knows_its_file() -> None:
    assert small("").declared.file == "liten.toml"
