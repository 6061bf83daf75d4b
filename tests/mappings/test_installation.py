"""Our identifier of an item outside and inside."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical import identifier_system
from mappings.fhir import OURS
from mappings.installation import inward, item_system, outward

THEIRS = {"system": OURS, "value": "en-annens"}
OWN = {"system": OURS, "value": "3f", "use": "official"}


@pytest.mark.parametrize("identifier", [[THEIRS, OWN], [OWN], OWN, None])
def test_out_and_in_is_the_same(identifier: Any) -> None:
    resource = {"resourceType": "Goal", "id": "3f"} | ({"identifier": identifier} if identifier else {})
    out = outward(resource, "fjordbyen", "3f")
    assert inward(out, "fjordbyen") == resource
    named = identifier_system("fjordbyen/item")
    assert str(out).count(named) == (1 if identifier else 0)
    assert inward(out, "nabo") == out  # another installation takes it for none of its own
    assert outward(resource, None, "3f") is resource


def test_what_another_gateway_without_a_name_wrote_stays_its_own() -> None:
    out = outward({"resourceType": "Goal", "id": "3f", "identifier": [THEIRS, OWN]}, "fjordbyen", "3f")
    assert out["identifier"] == [THEIRS, {**OWN, "system": item_system("fjordbyen")}]
