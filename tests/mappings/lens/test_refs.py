"""References: records of the same system, writers, who may be told, and records of other systems."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mappings.canonical import ENH, identifier_system
from mappings.lens.refs import REFERENCES, by_cells, recipient
from mappings.lens.wording import wording
from mappings.model import Ids, Json

REFS = {"d1": "PractitionerRole/r1", "m1": "Goal/g1"}
NATIVES = {ref: own for own, ref in REFS.items()} | {"Patient/p": "barn", "CarePlan/c": "logg"}
IDS = Ids("Patient/p", "CarePlan/c", "test", REFS, NATIVES)
OWN = identifier_system("record/test")
RECORDS = ("ref", "mention", "named", "writer", "frame")


def get(kind: str, node: Json) -> Json:
    return REFERENCES[kind].get(node, IDS)


def put(kind: str, value: Json, node: Json = None) -> Json:
    return REFERENCES[kind].put(node, value, IDS)


def logical(system: str, value: str) -> dict[str, Any]:
    return {"identifier": {"system": system, "value": value}}


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize(
    ("node", "native"),
    [
        ({"reference": "Goal/g1"}, "m1"),
        ({"reference": "Goal/other"}, None),
        ({"reference": "Patient/p"}, None),  # a person is no record, also where its id is known
        (logical(OWN, "m7"), "m7"),
        ({"reference": "Goal/other", **logical(OWN, "m7")}, "m7"),
        ({"reference": "Goal/g1", **logical(OWN, "m7")}, "m1"),
        (logical(identifier_system("record/other"), "m7"), None),
        ({"display": "m1"}, None),
    ],
)
def test_a_record_is_named_by_its_reference_or_by_the_id_of_this_system(
    kind: str, node: Json, native: str | None
) -> None:
    assert get(kind, node) == native


@pytest.mark.parametrize("kind", ["ref", "mention", "frame"])
def test_a_known_record_becomes_a_reference_and_an_unknown_one_keeps_its_id(kind: str) -> None:
    assert put(kind, "m1") == {"reference": "Goal/g1"}
    assert put(kind, "m9") == logical(OWN, "m9")
    assert put(kind, None, {"reference": "Goal/g1"}) is None


def test_who_wrote_stands_by_the_id_of_the_system_and_without_one_the_system_itself() -> None:
    assert put("writer", "d1") == put("named", "d1") == logical(OWN, "d1")
    assert put("writer", None) == logical(identifier_system("system"), "test")
    assert put("named", None) is None


@pytest.mark.parametrize("name", [None, "", " ", "\x01"])
def test_a_name_that_says_nothing_is_nobody(name: str | None) -> None:
    assert put("display", name, {"display": "Kari"}) is None
    assert put("writer-name", name) == logical(identifier_system("system"), "test")


def test_a_name_without_an_id_stays_a_name() -> None:
    for kind in ("display", "writer-name"):
        assert put(kind, "Kari\x01", {"reference": "Goal/g1"}) == {"display": "Kari"}
        assert get(kind, {"display": "Kari", "reference": "Goal/g1"}) == "Kari"
        assert get(kind, {"reference": "Goal/g1"}) is None


class TestOneWhoMayBeTold:
    lens = recipient({"bup": "bup"})

    @pytest.mark.parametrize(
        ("value", "node"),
        [
            ("bup", {"type": "Organization", **logical(identifier_system("tjeneste"), "bup")}),
            ("983974678", {"type": "Organization", **logical(ENH, "983974678")}),
            ("d1", {"reference": "PractitionerRole/r1"}),
            ("d9", logical(OWN, "d9")),
            ("9839746781", logical(OWN, "9839746781")),
        ],
    )
    def test_is_a_service_an_organization_or_a_participant(self, value: str, node: Json) -> None:
        assert self.lens.put(None, value, IDS) == node
        assert self.lens.get(node, IDS) == value

    @pytest.mark.parametrize("node", [{}, {"identifier": {"value": "bup"}}, logical("urn:x", "bup")])
    def test_that_this_system_has_no_form_for_is_left_out(self, node: Json) -> None:
        assert self.lens.get(node, IDS) is None

    def test_is_gone_with_the_value(self) -> None:
        assert self.lens.put({"reference": "Goal/g1"}, None, IDS) is None


class TestAnIdMadeOfCells:
    lens = by_cells(REFERENCES["ref"], wording("{sak}/{}"))
    ids = replace(
        IDS,
        refs={"7/2": "Goal/g1", "m": "Goal/m"},
        natives={"Goal/g1": "7/2", "Goal/h": "8/2", "Goal/ours": "0b1e"},
        cells={"sak": "7"},
    )

    def test_is_short_among_its_own(self) -> None:
        assert self.lens.get({"reference": "Goal/g1"}, self.ids) == "2"
        assert self.lens.put(None, "2", self.ids) == {"reference": "Goal/g1"}

    def test_is_not_told_where_its_cells_say_something_else(self) -> None:
        assert self.lens.get({"reference": "Goal/h"}, self.ids) is None

    def test_is_a_value_by_itself_where_it_is_one_of_ours(self) -> None:
        assert self.lens.get({"reference": "Goal/ours"}, self.ids) == "0b1e"

    def test_is_the_value_itself_in_a_record_without_those_cells(self) -> None:
        assert self.lens.put(None, "m", replace(self.ids, cells={})) == {"reference": "Goal/m"}

    def test_is_nothing_where_nothing_is_named(self) -> None:
        assert self.lens.get({"reference": "Goal/unknown"}, self.ids) is None
        assert self.lens.put({"reference": "Goal/g1"}, None, self.ids) is None


@pytest.mark.parametrize(
    ("value", "node"),
    [
        ({"system": "gammel", "id": "7"}, {"system": identifier_system("record/gammel"), "value": "7"}),
        ({"system": "gammel"}, None),
        ({"id": "7"}, None),
        ({"system": "to ord", "id": "7"}, None),
        ({"system": "", "id": ""}, None),
        (None, None),
    ],
)
def test_a_record_of_another_system_is_named_by_both(value: Json, node: Json) -> None:
    assert put("elsewhere", value, {"system": "before", "value": "1"}) == node
    if node is not None:
        assert get("elsewhere", node) == value


@pytest.mark.parametrize(
    "node",
    [{}, {"value": "7"}, {"system": identifier_system("record/gammel")}, {"system": "urn:x", "value": "7"},
     {"system": identifier_system("record/gammel"), "value": ""}],
)  # fmt: skip
def test_what_names_no_record_of_another_system_is_not_told(node: Json) -> None:
    assert get("elsewhere", node) is None
