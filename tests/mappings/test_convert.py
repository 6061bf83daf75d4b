"""The stateless way: what the Bundle looks like, and what comes back without its Binary or elsewhere."""

from __future__ import annotations

from typing import Any

from mappings.canonical import code_system
from mappings.convert import from_bundle, to_bundle
from mappings.model import Record, Resource
from tests.mappings.factories import LOG, PLAN, record

CHILD = {"fnr": "14831770229", "navn": {"fornavn": "Emma"}, "foedt": "2017-03-14"}


def small() -> list[Record]:
    """A log with a goal and a measure, the measure first, though it names the goal."""
    return [
        record("tiltak", maal=["m/1"], tittel="Lek") | {"id": "t1", "logg": "l1"},
        record("stafettlogg", barn=CHILD, status="aktiv", farge=1) | {"id": "l1"},
        record("maal", tekst="x", status="aktiv", evaluering={"tekst": "bra"}) | {"id": "m/1", "logg": "l1"},
    ]


def entries(bundle: Resource, kind: str) -> list[dict[str, Any]]:
    return [e for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def test_the_bundle_is_a_collection_whose_references_stay_inside() -> None:
    bundle, refused = to_bundle(LOG, "stafettlogg", small())
    assert (bundle["type"], refused) == ("collection", ())
    urls = [e["fullUrl"] for e in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    (goal,), (request,) = entries(bundle, "Goal"), entries(bundle, "ServiceRequest")
    (patient,) = entries(bundle, "Patient")
    assert goal["resource"]["subject"]["reference"] == patient["fullUrl"]
    pertains = next(e for e in request["resource"]["extension"] if "pertainsToGoal" in e["url"])
    assert pertains["valueReference"]["reference"] == goal["fullUrl"]
    assert goal["resource"]["id"].startswith("x-")  # "m/1" is no FHIR id
    assert request["resource"]["id"] == "t1"


def test_one_binary_carries_the_rest_of_one_system() -> None:
    bundle, _ = to_bundle(LOG, "stafettlogg", small())
    (binary,) = entries(bundle, "Binary")
    assert binary["resource"]["meta"]["tag"] == [{"system": code_system("rest"), "code": "stafettlogg"}]
    assert from_bundle(LOG, "stafettlogg", bundle) == (small(), ())


def test_without_the_binary_what_fhir_holds_comes_back() -> None:
    bundle, _ = to_bundle(LOG, "stafettlogg", small())
    bundle["entry"] = [e for e in bundle["entry"] if e["resource"]["resourceType"] != "Binary"]
    back, lost = from_bundle(LOG, "stafettlogg", bundle)
    by_type = {native["type"]: native for native in back}
    assert lost == ()
    assert "farge" not in by_type["stafettlogg"]
    assert by_type["maal"]["evaluering"] == {"tekst": "bra"}
    assert by_type["tiltak"]["maal"] == [by_type["maal"]["id"]]


def test_another_system_takes_what_it_has_a_form_for() -> None:
    bundle, _ = to_bundle(LOG, "stafettlogg", small())
    back, lost = from_bundle(PLAN, "individuell-plan", bundle)
    assert {native["type"] for native in back} == {"hovedmaal", "tiltak"}
    assert [one.reference for one in lost] == ["CarePlan/l1"]


def test_two_versions_of_a_record_both_survive() -> None:
    old = record("maal", tekst="A", status="foreslaatt", evaluering={"tekst": "e"}) | {"id": "m"}
    new = record("maal", tekst="B", status="aktiv", ny=True) | {"id": "m"}
    bundle, _ = to_bundle(LOG, "stafettlogg", [new, old])
    assert [e["resource"]["meta"]["versionId"] for e in entries(bundle, "Goal")] == ["1", "2"]
    assert from_bundle(LOG, "stafettlogg", bundle)[0] == [new, old]


def test_ids_that_could_meet_do_not() -> None:
    goal = record("maal", tekst="A", evaluering={"tekst": "e"}) | {"id": "m"}
    clash = record("forhold", slag="hoert", verdi="x") | {"id": "m-evaluering"}
    both = [goal, clash, record("lysglimt", tekst="t") | {"id": "m"}]
    assert from_bundle(LOG, "stafettlogg", to_bundle(LOG, "stafettlogg", both)[0])[0] == both


def test_a_lone_record_has_a_patient_of_whom_nothing_is_known() -> None:
    lone = record("maal", tekst="A", status="aktiv")
    bundle, _ = to_bundle(LOG, "stafettlogg", [lone])
    (patient,) = entries(bundle, "Patient")
    assert set(patient["resource"]) == {"resourceType", "id", "meta"}
    assert from_bundle(LOG, "stafettlogg", bundle)[0] == [lone]


def test_a_stranger_s_bundle() -> None:
    goal = {
        "resourceType": "Goal",
        "id": "9",
        "lifecycleStatus": "active",
        "description": {"text": "Sove"},
        "meta": {"lastUpdated": "2026-11-01T10:00:00Z"},
    }
    odd = {"resourceType": "Goal", "id": "10", "lifecycleStatus": "active", "description": {}}
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [
            {"fullUrl": "https://bup.example.no/Goal/9", "resource": goal},
            {"resource": odd},
            {"search": {}},
        ],
    }
    back, lost = from_bundle(LOG, "stafettlogg", bundle)
    assert back == [
        {"type": "maal", "id": "9", "endret": "2026-11-01T10:00:00Z", "tekst": "Sove", "status": "aktiv"}
    ]
    assert [one.reference for one in lost] == ["Goal/10"]


def test_a_spoilt_binary_is_as_none() -> None:
    bundle, _ = to_bundle(LOG, "stafettlogg", small())
    entries(bundle, "Binary")[0]["resource"]["data"] = "bm90IGpzb24="
    assert len(from_bundle(LOG, "stafettlogg", bundle)[0]) == 3
