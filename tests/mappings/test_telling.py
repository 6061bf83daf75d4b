"""What is told of a stranger's resource: words where there are any, and never a stumble."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from gateway.intake.fhir_faults import faults
from mappings import telling
from mappings.fhir import FhirMapping
from mappings.model import EMPTY, ITEM, Ids, State
from tests.mappings.strange_resources import resources
from tests.mappings.test_fhir_mapping import exact


@given(resources())
@settings(max_examples=200)
def test_whatever_is_valid_is_kept_as_it_is_and_can_be_told_of(resource: dict[str, Any]) -> None:
    assert faults(resource) == []
    native = {**resource, "id": "5"}
    own = f"{resource['resourceType']}/5"
    ids = Ids(
        "Patient/h", "", "bup", {"Patient/9": "Patient/h", own: own}, {"Patient/h": "Patient/9", own: own}
    )
    state = FhirMapping().put(native, EMPTY, ids)
    assert exact(FhirMapping().get(state, ids)) == exact(native)
    elsewhere = Ids("Patient/h", "", "lege", {}, {"Patient/h": "Patient/4"})
    told = FhirMapping().get(State({ITEM: state.focus[ITEM]}), elsewhere)
    assert faults(told) == []
    title, text = telling.title_of(resource), telling.text_of(resource)
    assert title is None or 0 < len(title) <= telling.TITLE
    assert text is None or 0 < len(text) <= telling.LONGEST
    assert telling.who_of(resource) is not None
    assert all(isinstance(time, str) for time in telling.times_of(resource))


OWN_CODE = {"coding": [{"system": "https://stafettbro.no/fhir/CodeSystem/x", "code": "y"}]}
CODED = {"coding": [{"system": "http://x", "code": "38341003", "display": "Høyt blodtrykk"}]}


@pytest.mark.parametrize(
    ("resource", "title"),
    [
        ({"code": {**CODED, "text": "Blodtrykk"}}, "Blodtrykk"),
        ({"code": CODED}, "Høyt blodtrykk"),
        ({"medicationCodeableConcept": CODED}, "Høyt blodtrykk"),
        ({"medicationReference": {"display": "Melatonin 3 mg"}}, "Melatonin 3 mg"),
        ({"medicationReference": {"reference": "Medication/1", "display": "Skjult"}}, None),
        ({"title": "Plan", "category": [{"text": "x"}]}, "Plan"),
        ({"category": [{"text": "Vektplan"}]}, "Vektplan"),
        ({"text": {"div": "<div><p>Første&nbsp; linje</p><p>Andre</p></div>"}}, "Første linje"),
        ({"code": {"coding": [{"system": "http://x", "code": "59284-0"}]}}, "59284-0"),
        ({"category": [OWN_CODE]}, None),
        ({"code": "feil form", "description": 7, "content": [None], "name": [{"family": "x"}]}, None),
    ],
)  # fmt: skip
def test_the_title(resource: dict[str, Any], title: str | None) -> None:
    assert telling.title_of(resource) == title


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        ({"payload": [{"contentString": "Hei"}], "note": [{"text": "PS"}]}, "Hei\nPS"),
        ({"code": {"text": "Vekt"}, "valueQuantity": {"value": Decimal("1.10"), "unit": "kg"}}, "1.10 kg"),
        ({"code": {"text": "Røyker"}, "valueBoolean": False}, "nei"),
        ({"code": {"text": "Prøve"}, "conclusion": "Normal"}, "Normal"),
        ({"text": {"div": "<div>En<br/>to</div>"}}, "En\nto"),
        ({"code": {"text": "Prøve"}, "text": {"div": "<div>En</div>"}}, None),
    ],
)
def test_the_text(resource: dict[str, Any], text: str | None) -> None:
    assert telling.text_of(resource) == text


def test_who_said_it_is_named_by_what_stands_there_and_not_by_what_is_decided_elsewhere() -> None:
    inside = {"resourceType": "Practitioner", "id": "p", "name": [{"given": ["Kari"], "family": "Lege"}]}
    assert telling.who_of({"author": {"reference": "#p"}, "contained": [inside]}) == ("Kari Lege", None)
    assert telling.who_of({"performer": [{"actor": {"display": "Ola"}}]}) == ("Ola", None)
    assert telling.who_of({"author": {"reference": "Practitioner/7", "display": "Skjult"}}) == (None, None)
    number = {"identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "343231946"}}
    assert telling.who_of({"author": number}) == (None, "343231946")


def test_status_and_times_of_strangers() -> None:
    active = {"coding": [{"code": "active"}]}
    assert telling.status_of({"clinicalStatus": active}) == "active"
    assert telling.status_of({"status": "draft"}) == "draft"
    given = {"onsetDateTime": "2012-05", "recordedDate": "2013-01-01", "period": {"end": "2019"}}
    assert list(dict.fromkeys(telling.times_of(given))) == ["2012-05", "2013-01-01"]
