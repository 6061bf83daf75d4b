"""Several values in one text, as the place in FHIR sees them."""

from __future__ import annotations

import pytest

from mappings.lens.texts import joined, listed
from mappings.lens.values import Lens
from mappings.model import Ids, Json

IDS = Ids("Patient/p", "CarePlan/c", "test")
STORED = Lens(get=lambda node, _: node, put=lambda _, value, __: value)  # what comes in is what stands there
NAME = joined(("{navn} ({nr})", "{navn}"), STORED)
GOALS = listed(", ", STORED)


@pytest.mark.parametrize(
    ("text", "members"),
    [("Sofie (7)", {"navn": "Sofie", "nr": "7"}), ("Sofie", {"navn": "Sofie"}), ("", None), (None, None)],
)
def test_a_text_says_the_members_of_an_object(text: str | None, members: Json) -> None:
    assert NAME.put({"navn": "before"}, text, IDS) == members
    assert NAME.get(members, IDS) == (text or None)


def test_an_object_that_lacks_a_part_of_every_wording_is_not_said() -> None:
    assert NAME.get({"nr": "7"}, IDS) is None
    assert joined(("{navn} ({nr})",), STORED).put(None, "Sofie", IDS) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [("2, 7", ["2", "7"]), ("2,7,", ["2", "7"]), (" 2 ", ["2"]), (", ", None), ("", None), (None, None)],
)
def test_a_text_says_the_values_of_a_list(text: str | None, values: Json) -> None:
    assert GOALS.put(["before"], text, IDS) == values


def test_a_list_is_told_in_one_text() -> None:
    assert GOALS.get(["2", 7], IDS) == "2, 7"
    assert GOALS.get([], IDS) is None
    assert GOALS.get(None, IDS) is None


def test_a_space_may_part_the_values() -> None:
    spaced = listed(" ", STORED)
    assert spaced.put(None, "2  7", IDS) == ["2", "7"]
    assert spaced.get(["2", "7"], IDS) == "2 7"
