"""A national number whose kind its digits show, on the person among identifiers of others."""

from __future__ import annotations

import pytest

from mappings.canonical import DNR, DUF, FHN, FNR
from mappings.lens.person_ids import PERSON_ID
from mappings.model import Ids, Json

IDS = Ids("Patient/p", "CarePlan/c", "test")
OTHER = {"system": "urn:peer", "value": "17"}


@pytest.mark.parametrize(
    ("number", "system"),
    [("15108695088", FNR), ("31921077435", FNR), ("41921077435", DNR), ("71921077186", DNR),
     ("83111025226", FHN), ("93111025226", FHN)],
)  # fmt: skip
def test_the_first_digit_tells_whose_number_it_is(number: str, system: str) -> None:
    node = PERSON_ID.put(None, number, IDS)
    assert node == {"identifier": [{"system": system, "value": number}]}
    assert PERSON_ID.get({"identifier": [OTHER, *node["identifier"]]}, IDS) == number


@pytest.mark.parametrize("system", [FNR, DNR, FHN])
def test_a_new_number_takes_the_place_of_the_one_before_and_of_no_other(system: str) -> None:
    before = {"id": "p", "identifier": [OTHER, {"system": system, "value": "1"}]}
    after = PERSON_ID.put(before, "15108695088", IDS)
    assert after == {"id": "p", "identifier": [{"system": FNR, "value": "15108695088"}, OTHER]}
    assert PERSON_ID.put(before, None, IDS) == {"id": "p", "identifier": [OTHER]}
    assert PERSON_ID.put(before, "\x01", IDS) == {"id": "p", "identifier": [OTHER]}
    assert PERSON_ID.put({"id": "p", "identifier": before["identifier"][1:]}, None, IDS) == {"id": "p"}


@pytest.mark.parametrize(
    "node", [{}, {"identifier": [OTHER]}, {"identifier": [{"system": DUF, "value": "1"}]}]
)
def test_a_number_of_another_kind_is_none_of_these(node: Json) -> None:
    assert PERSON_ID.get(node, IDS) is None
