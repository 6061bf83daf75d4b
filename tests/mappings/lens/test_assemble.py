"""From declared fields to lenses: wrong ways are named by their rule, lists and constants stand where they
should."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical import JOURNAL_ACCESS
from mappings.lens.declaration import BadDeclaration
from mappings.model import ITEM, Resource, State
from tests.mappings.factories import get, item, put, record, small

FIELDS = "[section.maal.fields]\n"
X = "section.maal.fields.x"


def goal(**fields: Any) -> dict[str, Any]:
    return record("maal", "plan", **fields)


def refused(text: str) -> BadDeclaration:
    with pytest.raises(BadDeclaration) as bad:
        small(text)
    return bad.value


@pytest.mark.parametrize(
    ("field", "rule"),
    [
        ('{ to = "a[1]" }', "to"),
        ('{ to = "a", also = ["b[1]"] }', "also"),
        ('{ to = "a", with = { "b[1]" = "c" } }', "with"),
        ('{ to = "a", fields = { y = { to = "b[1]" } } }', "fields.y.to"),
        ('{ to = "a[1]*" }', "to"),
        ('{ to = "a{ukjent}*" }', "to"),
        ('{ to = "a[1].b*" }', "to"),
        ('{ to = "a*.b[1]" }', "to"),
        ('{ to = "a*", fields = { y = { to = "b[1]" } } }', "fields.y.to"),
        ('{ to = "a*", with = { "b[1]" = "c" } }', "with"),
    ],
)
def test_a_wrong_way_is_named_by_its_rule(field: str, rule: str) -> None:
    assert refused(f"{FIELDS}x = {field}").where == f"{X}.{rule}"


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ('{ "b[1]" = "c" }', "branches.ord.ja"),
        ('{ b = "c", also = [{ "b[1]" = "c" }] }', "branches.ord.ja.also"),
    ],
)
def test_a_wrong_way_in_a_branch_is_named_by_its_row(row: str, where: str) -> None:
    assert refused(f'{FIELDS}x = {{ branches = "ord" }}\n[branches.ord]\nja = {row}').where == where


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[section.maal.slots.del]\nresource = "Observation"\nlink = "a[1]"', "section.maal.slots.del.link"),
        ('[section.maal.ensure]\n"a[1]" = "b"', "section.maal.ensure.a[1]"),
        ('[section.maal.ensure]\na = { "$set" = "b", "$if" = "c[1]" }', "section.maal.ensure.a"),
    ],
)
def test_a_wrong_way_beside_the_fields_is_named_by_its_rule(text: str, where: str) -> None:
    assert refused(text).where == where


def test_a_kind_of_value_that_only_stays_with_its_system_has_no_place_in_fhir() -> None:
    bad = refused(FIELDS + 'x = { to = "a", as = "integer" }')
    assert bad.where == f"{X}.as"
    assert bad.reason == "'integer' is only for values that stay with this system"


def test_a_label_stands_once_in_fhir_and_as_often_as_written_in_the_record() -> None:
    native = record("lysglimt", sperre=["NORS", "NORU", "NORS"])
    state = put(native)
    security = state.focus[ITEM]["meta"]["security"]
    assert security == [{"system": JOURNAL_ACCESS, "code": code} for code in ("NORS", "NORU")]
    assert get(state) == native


def test_what_is_no_label_stands_as_often_as_it_is_said() -> None:
    twice = item(record("melding", mottakere=["d1", "d1"]))["recipient"]
    assert twice == [{"reference": "PractitionerRole/r1"}] * 2


class TestAConstant:
    """What stands beside a value stands there as long as there is one."""

    SHARED = (
        FIELDS
        + """
    a = { to = "description.text", with = { language = "nb" } }
    b = { to = "statusReason", with = { language = "nb" } }
    """
    )

    def written(self, *records: dict[str, Any]) -> Resource:
        """The goal after one record has been written after the other."""
        mapping, state = small(self.SHARED), State({})
        for native in records:
            state = put(goal(**native), mapping, state)
        return state.focus[ITEM]

    def test_of_two_fields_stays_until_both_are_gone(self) -> None:
        assert self.written({"a": "x", "b": "y"}, {"b": "y"})["language"] == "nb"
        assert self.written({"a": "x", "b": "y"}, {"a": "x"})["language"] == "nb"
        assert "language" not in self.written({"a": "x", "b": "y"}, {})
        assert "language" not in self.written({"a": "x"}, {})
        assert self.written({}, {"b": "y"})["language"] == "nb"

    def test_in_a_resource_of_its_own_is_another_one(self) -> None:
        mapping = small(
            FIELDS
            + """
            a = { to = "description.text", with = { language = "nb" } }
            b = { slot = "del", to = "note[0].text", with = { language = "nb" } }
            [section.maal.slots.del]
            resource = "Observation"
            """
        )
        state = put(goal(a="x", b="y"), mapping)
        assert state.focus[ITEM]["language"] == state.focus["del"]["language"] == "nb"
        assert "language" not in put(goal(b="y"), mapping, state).focus[ITEM]

    def test_of_a_list_stands_in_each_of_its_elements(self) -> None:
        mapping = small(
            FIELDS
            + """
            a = { to = "description.text", with = { id = "nb" } }
            b = { to = "note*.text", with = { id = "nb" } }
            """
        )
        state = put(goal(b=["x", "y"]), mapping)
        assert state.focus[ITEM]["note"] == [{"text": "x", "id": "nb"}, {"text": "y", "id": "nb"}]
        assert state.focus[ITEM]["id"] == "h"


class TestARequirementUnderACondition:
    TEXT = """
    [section.maal.ensure]
    lifecycleStatus = "active"
    "description.text" = { "$set" = "Uten ord", "$if" = "statusDate" }
    [section.maal.fields]
    tekst = { to = "description.text" }
    dag = { to = "statusDate", as = "date" }
    """

    @pytest.mark.parametrize(
        ("native", "description"),
        [
            ({"dag": "2026-01-01"}, {"text": "Uten ord"}),
            ({"dag": "2026-01-01", "tekst": "Lese"}, {"text": "Lese"}),
            ({}, None),
        ],
    )
    def test_holds_only_where_that_is_there(self, native: dict[str, Any], description: Any) -> None:
        goal_resource = put(goal(**native), small(self.TEXT)).focus[ITEM]
        assert goal_resource.get("description") == description
        assert goal_resource["lifecycleStatus"] == "active"

    def test_an_object_without_one_is_required_as_it_is(self) -> None:
        mapping = small('[section.maal.ensure]\ndescription = { text = "Uten ord" }')
        assert put(goal(), mapping).focus[ITEM]["description"] == {"text": "Uten ord"}
