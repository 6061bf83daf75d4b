"""A copy that a system holds in another form than ours (measures inside the plan, parts hidden) is the base
of what it says: an edit there changes exactly that, and what the form or the law left out stays as it was."""

from __future__ import annotations

from copy import deepcopy

import pytest

from gateway.hub.merge import merge
from gateway.hub.sameness import same
from mappings.canonical import BELONGS_TO
from mappings.dialects import InlineMapping
from mappings.model import ITEM, Ids, Json, Resource, State

MASKED = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
SUBJECT = {"reference": "Patient/1"}
IDS = Ids(
    "Patient/1",
    "CarePlan/1",
    "bup",
    {"CarePlan/9": "CarePlan/1", "Patient/9": "Patient/1"},
    {"CarePlan/1": "CarePlan/9", "Patient/1": "Patient/9"},
)


def measure(**more: Json) -> Resource:
    """A measure with more in it than a plan's activity can say."""
    known: Resource = {
        "resourceType": "ServiceRequest",
        "id": "m",
        "status": "active",
        "intent": "plan",
        "subject": SUBJECT,
        "category": [
            {"coding": [{"system": "https://stafettbro.no/fhir/CodeSystem/entry-kind", "code": "tiltak"}]}
        ],
        "code": {"text": "Lekegruppe"},
        "extension": [
            {"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/1"}},
            {"url": "urn:own", "valueString": "Barnets egne ord"},
        ],
        "note": [{"text": "Bare for skolen"}],
    }
    return deepcopy(known | more)


def plan() -> Resource:
    return {"resourceType": "CarePlan", "id": "1", "status": "active", "intent": "plan", "subject": SUBJECT}


def test_an_edit_inside_the_plan_changes_that_of_the_measure_alone() -> None:
    mapping = InlineMapping()
    held = State({ITEM: plan(), "ServiceRequest/m": measure()})
    native = mapping.get(held, IDS)
    known = mapping.put(native, held, IDS)
    edited = deepcopy(native)
    (activity,) = edited["activity"]
    activity["detail"]["description"] = "Hver tirsdag"
    theirs = mapping.put(edited, known, IDS)
    current = measure(priority="urgent", note=[{"text": "Bare for skolen"}, {"text": "Nytt notat"}])
    merged = merge(known.focus["ServiceRequest/m"], theirs.focus["ServiceRequest/m"], current)
    assert merged.conflicts == ()
    changed = {n for n in merged.value if not same(merged.value[n], current.get(n), n)}
    assert len(changed) == 1
    assert "Hver tirsdag" in str([merged.value[n] for n in changed])
    assert merged.value.keys() >= current.keys()
    assert same(theirs.focus[ITEM], known.focus[ITEM])


@pytest.mark.parametrize("hidden", ["note", "code", "extension"])
def test_an_edit_in_a_redacted_copy_takes_nothing_hidden_away(hidden: str) -> None:
    held = {name: part for name, part in measure().items() if name != hidden}
    for mark in ({}, {f"_{hidden}": {"extension": [MASKED]}}):
        merged = merge({**held, **mark}, {**held, **mark, "status": "completed"}, measure(priority="urgent"))
        assert merged.value == measure(priority="urgent", status="completed")
        assert merged.conflicts == ()


def test_a_field_said_anew_where_something_was_hidden_is_a_conflict_not_an_overwrite() -> None:
    held = {name: part for name, part in measure().items() if name != "code"}
    merged = merge(held, {**held, "code": {"text": "Noe annet"}}, measure())
    assert merged.value == measure()
    assert [(c.path, c.theirs) for c in merged.conflicts] == [("ServiceRequest.code", {"text": "Noe annet"})]
