"""Literal references are found and translated; everything else is left exactly as it was."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.references import references, rewrite


def goal(**parts: Any) -> dict[str, Any]:
    return {"resourceType": "Goal", "id": "g", **parts}


NOT_LITERAL = [
    "#pr1",
    "https://other.example/fhir/Goal/1",
    "urn:uuid:1",
    "Patient?identifier=a|b",
    "goal/1",
    "Goal/",
]


@pytest.mark.parametrize("text", NOT_LITERAL)
def test_only_type_and_id_is_a_reference(text: str) -> None:
    resource = goal(subject={"reference": text})
    assert references(resource) == set()
    assert rewrite(resource, lambda _: None) is not None
    assert rewrite(resource, lambda _: None) == resource


def test_references_are_found_everywhere() -> None:
    resource = goal(
        subject={"reference": "Patient/9"},
        contained=[{"resourceType": "Goal", "id": "in", "subject": {"reference": "Patient/8"}}],
        extension=[{"url": "http://x", "valueReference": {"reference": "CarePlan/1"}}],
        outcomeReference=[{"reference": "Observation/a.b-c"}, {"reference": "Observation/2/_history/3"}],
        content=[{"attachment": {"contentType": "text/plain", "url": "Binary/5"}}],
        provision={"data": [{"meaning": "instance", "reference": {"reference": "Goal/7"}}]},
    )
    assert references(resource) == {
        "Patient/9",
        "Patient/8",
        "CarePlan/1",
        "Observation/a.b-c",
        "Observation/2",
        "Binary/5",
        "Goal/7",
    }


def test_translating_changes_a_copy_and_shares_the_rest() -> None:
    resource = goal(subject={"reference": "Patient/9"}, target=[{"dueDate": "2026-12-01"}])
    before = deepcopy(resource)
    out = rewrite(resource, {"Patient/9": "Patient/hub"}.get)
    assert out["subject"] == {"reference": "Patient/hub"}
    assert out["target"] is resource["target"]
    assert resource == before


def test_without_a_partner_the_reference_goes_with_what_only_carried_it() -> None:
    resource = goal(
        expressedBy={"reference": "Patient/9", "display": "Kari Nordmann"},
        outcomeReference=[{"reference": "Observation/1"}],
        extension=[{"url": "http://x", "valueReference": {"reference": "CarePlan/1"}}],
        note=[{"authorReference": {"reference": "Patient/9"}, "text": "Bra"}],
        participant=[{"status": "accepted", "actor": {"reference": "Patient/9"}}, {"status": "declined"}],
    )
    assert rewrite(resource, lambda _: None) == goal(
        note=[{"text": "Bra"}], participant=[{"status": "declined"}]
    )


def test_an_identifier_keeps_the_reference_logical() -> None:
    named = {
        "reference": "Organization/1",
        "identifier": {"system": "urn:x", "value": "9"},
        "display": "Skolen",
    }
    out = rewrite(goal(subject=named), lambda _: None)
    assert out["subject"] == {"identifier": {"system": "urn:x", "value": "9"}, "display": "Skolen"}


def test_an_attachment_goes_with_its_bytes() -> None:
    content = [{"attachment": {"title": "Referat", "url": "Binary/5"}, "format": {"code": "x"}}]
    assert rewrite(goal(content=content), lambda _: None) == goal(content=[{"format": {"code": "x"}}])


def test_lists_that_run_in_step_keep_their_places() -> None:
    carrying = {"extension": [{"url": "http://x", "valueReference": {"reference": "Goal/1"}}]}
    resource = goal(given=["a", "b"], _given=[carrying, {"id": "2"}])
    assert rewrite(resource, lambda _: None)["_given"] == [None, {"id": "2"}]


REFERENCE = st.builds(lambda t, i: f"{t}/{i}", st.sampled_from(["Goal", "Patient"]), st.sampled_from("123"))
TREE = st.recursive(
    st.one_of(st.integers(), st.text(max_size=3), st.builds(lambda r: {"reference": r}, REFERENCE)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
)


@given(TREE)
def test_there_and_back_is_the_same(tree: Any) -> None:
    there = rewrite(goal(part=tree), lambda ref: ref + "x")
    assert {ref[:-1] for ref in references(there)} == references(goal(part=tree))
    assert rewrite(there, lambda ref: ref[:-1]) == goal(part=tree)


@given(TREE)
def test_nothing_without_a_partner_is_left(tree: Any) -> None:
    assert references(rewrite(goal(part=tree), lambda ref: None if "Patient" in ref else ref)) == {
        ref for ref in references(goal(part=tree)) if "Patient" not in ref
    }
