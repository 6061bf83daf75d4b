"""Whether a resource is R4: there is always an answer, and none that tells what stood there."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.intake.fhir_faults import MOST_FAULTS, faults
from tests.mappings.strange_resources import resources

WORD = "Turteldueslag"
NAMES = ["id", "resource", "contained", "valueString", "x"]
TYPES = st.sampled_from(
    [
        WORD,
        "Patient",
        "Goal",
        "Bundle",
        "Identifier",
        "Resource",
        "DomainResource",
        "Element",
        "",
        "R4.Goal",
        7,
        True,
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.just(WORD),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
        | st.fixed_dictionaries({"resourceType": TYPES | inner}, optional={"contained": inner, "id": inner})
    ),
    max_leaves=8,
)  # fmt: skip
PLACES = st.sampled_from(
    ["contained", "extension", "resourceType", "entry", "parameter", "text", "meta", "id"]
)


@given(resources(), PLACES, ANYTHING)
@settings(max_examples=400)
def test_it_never_stumbles_and_tells_no_value(resource: dict[str, Any], place: str, value: Any) -> None:
    spoiled = deepcopy(resource) | {place: value}
    told = faults(spoiled)
    assert len(told) <= MOST_FAULTS
    assert WORD not in str(told)
