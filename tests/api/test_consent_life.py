"""How each consent stands: who must sign, who is missing, and everything it has been."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Settings
from gateway.hub import links
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.world import World, fields, settings


@pytest.fixture
def jonas() -> list[dict[str, Any]]:
    """15 years old; his mother and he have consented to more than his father has."""
    return records("stafettlogg", "jonas")


def ref(world: World, native_id: str) -> str:
    """What a record of the log is in the hub."""
    with world.service.store.read("fjordbyen") as connection:
        return links.names(connection, "fjordbyen", "logg", [native_id])[native_id].ref


def standing(world: World, log: list[dict[str, Any]], native_id: str, client: str = "drift") -> Any:
    """One consent, as told now."""
    own = person(world, log[0])
    answer = world.get(f"/people/{own}/consents", client)
    assert answer.status_code == 200, answer.text
    wanted = ref(world, native_id)
    return next(one for one in fields(answer)["consents"] if one["consent"] == wanted)


def changed(log: list[dict[str, Any]], native_id: str, at: str, **fields_: Any) -> dict[str, Any]:
    """A later edition of a record."""
    one = next(r for r in log if r["id"] == native_id)
    return {**one, "endret": at, **fields_}


def test_a_consent_that_all_have_signed_holds(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", emma)
    found = standing(any_world, emma, "e-s1")
    assert (found["state"], found["missing"]) == ("in-force", [])
    assert found["nb"].startswith("Gjelder:")
    assert found["nn"].startswith("Gjeld:")
    assert {s["participants"][0] for s in found["signers"]} == {ref(any_world, n) for n in ("e-d2", "e-d3")}
    assert {s["role"] for s in found["signers"]} == {"foresatt"}
    assert (found["start"], found["end"]) == ("2026-09-14", "2027-06-18")
    assert "bup" in found["recipients"]
    assert "maal" in found["categories"]


def test_partial_until_all_have_signed_and_who_is_missing(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    alone = [{**r, "giver": ["e-d2"]} if r["id"] == "e-s1" else r for r in emma]
    any_world.hand_in("logg", alone)
    found = standing(any_world, emma, "e-s1")
    assert found["state"] == "partial"
    assert [m["participants"] for m in found["missing"]] == [[ref(any_world, "e-d3")]]
    any_world.hand_in("logg", [changed(emma, "e-s1", "2026-11-20T10:00:00+01:00")])
    assert standing(any_world, emma, "e-s1")["state"] == "in-force"


def test_of_two_parents_who_differ_each_is_told_how_far_the_other_went(
    world: World, jonas: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", jonas)
    mothers, fathers = (standing(world, jonas, name) for name in ("j-s1", "j-s2"))
    assert [m["participants"] for m in mothers["missing"]] == [[ref(world, "j-d4")]]
    assert (mothers["state"], fathers["state"]) == ("partial", "in-force")
    assert fathers["exceptRecipients"] == ["ppt"]
    assert {s["role"] for s in mothers["signers"]} == {"foresatt", "barn"}


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"til": "2026-11-20"}, "ended"),
        ({"til": "2026-11-21"}, "in-force"),
        ({"fra": "2026-11-22"}, "later"),
        ({"trukket": {"tidspunkt": "2026-11-21T10:00:00+01:00", "av": "e-d2"}}, "withdrawn"),
        ({"avgjoerelse": "nekter"}, "refusal"),
        ({"mottakere": []}, "permits-nothing"),
        ({"feilregistrert": {"tidspunkt": "2026-11-21T10:00:00+01:00", "av": "e-d1"}}, "in-error"),
    ],
)
def test_every_state_has_its_words(
    world: World, emma: list[dict[str, Any]], change: dict[str, Any], state: str
) -> None:
    world.hand_in("logg", emma)
    answer = world.hand_in("logg", [changed(emma, "e-s1", "2026-11-21T10:30:00+01:00", **change)])
    assert fields(answer)["results"][0]["status"] == "stored", answer.text
    found = standing(world, emma, "e-s1")
    assert found["state"] == state
    assert found["nb"]
    assert found["nn"]


def test_a_consent_of_another_form_says_that_it_is_not_understood(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    strange: dict[str, Any] = {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "research"}]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": f"Patient/{own}"},
        "performer": [{"reference": ref(world, "e-d2")}],
        "policyRule": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]
        },
        "provision": {
            "type": "permit",
            "period": {"start": "2026-01-01"},
            "purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}],
        },
    }
    made = world.post("/fhir/Consent", "bup", strange, Content_Type="application/fhir+json")
    assert made.status_code == 201, made.text
    newest = fields(world.get(f"/people/{own}/consents", "drift"))["consents"][0]
    assert (newest["system"], newest["state"]) == ("bup", "not-understood")
    ours = {**strange, "scope": {"coding": [{**strange["scope"]["coding"][0], "code": "patient-privacy"}]}}
    made = world.post("/fhir/Consent", "bup", ours, Content_Type="application/fhir+json")
    assert made.status_code == 201, made.text
    newest = fields(world.get(f"/people/{own}/consents", "drift"))["consents"][0]
    assert (newest["system"], newest["state"]) == ("bup", "not-counted")


def test_crossing_sixteen_changes_who_must_sign_at_oslo_midnight(
    world: World, jonas: list[dict[str, Any]]
) -> None:
    own = [{**r, "giver": ["j-d5"]} if r["id"] == "j-s1" else r for r in jonas if r["id"] != "j-s2"]
    world.hand_in("logg", own)
    world.now = datetime(2027, 6, 1, 21, 59, 59, tzinfo=UTC)  # one second before he is sixteen, in Oslo
    before = standing(world, own, "j-s1")
    world.now = datetime(2027, 6, 1, 22, tzinfo=UTC)
    after = standing(world, own, "j-s1")
    assert (before["state"], len(before["missing"])) == ("partial", 2)
    assert (after["state"], after["missing"]) == ("in-force", [])
    assert [s["role"] for s in after["signers"]] == ["barn"]


def test_the_hearing_that_is_owed(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    hearing = standing(world, emma, "e-s1")["hearing"]
    assert (hearing["due"], hearing["greatWeight"]) == (True, False)
    assert hearing["nb"]
    assert hearing["nn"]


def test_history_keeps_every_version_and_says_what_it_changed(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    any_world.hand_in("logg", emma)
    any_world.later()
    narrower = changed(emma, "e-s1", "2026-11-20T10:00:00+01:00", mottakere=["bup"], til="2027-01-31")
    any_world.hand_in("logg", [{**narrower, "endretAv": "e-d2"}])
    any_world.later()
    consent = ref(any_world, "e-s1")
    any_world.post(f"/consents/{consent.partition('/')[2]}/withdraw", "drift", {"by": ref(any_world, "e-d3")})
    steps = standing(any_world, emma, "e-s1")["history"]
    assert [s["number"] for s in steps] == [1, 2, 3]
    said = [{c["what"]: (c["before"], c["after"]) for c in s["changes"]} for s in steps]
    assert said[0]["decision"] == ([], ["samtykker"])
    assert said[1]["recipients"][1] == ["bup"]
    assert "skole" in said[1]["recipients"][0]
    assert said[1]["end"] == (["2027-06-18"], ["2027-01-31"])
    assert set(said[2]) == {"withdrawn", "withdrawnBy"}
    assert said[2]["withdrawnBy"][1] == [ref(any_world, "e-d3")]
    assert [s["by"] for s in steps] == [ref(any_world, n) for n in ("e-d1", "e-d2", "e-d3")]
    assert any("Mottakere" in c["nb"] and "Mottakarar" in c["nn"] for c in steps[1]["changes"])


def test_no_content_and_nobody_elses(world: World, jonas: list[dict[str, Any]]) -> None:
    world.hand_in("logg", jonas)
    own = person(world, jonas[0])
    answer = world.get(f"/people/{own}/consents", "drift")
    for secret in ("hasj", "Jonas", "Prøve", "Marit", jonas[0]["barn"]["fnr"], "11877904689"):
        assert secret not in answer.text
    assert len(fields(world.get(f"/people/{own}/consents", "logg"))["consents"]) == 2
    assert world.get(f"/people/{own}/consents", "bup").status_code == 404
    assert world.get(f"/people/{own}/consents", "nabodrift").status_code == 404
    assert world.get("/people/ingen/consents", "drift").status_code == 404


def test_of_ordinary_sharing_one_guardian_suffices(
    sqlite_url: str, tmp_path: Path, issuer: Issuer, emma: list[dict[str, Any]]
) -> None:
    told = settings(sqlite_url, tmp_path, issuer).model_dump()
    told["tenants"][0]["ordinary"] = next(r["kategorier"] for r in emma if r["id"] == "e-s1")
    world = World(Settings.model_validate(told), issuer)
    world.hand_in("logg", [{**r, "giver": ["e-d4"]} if r["id"] == "e-s1" else r for r in emma])
    before = standing(world, emma, "e-s1")
    assert {s["asked"] for s in before["signers"]} == {"one-of"}
    assert (before["state"], len(before["missing"])) == ("partial", 2)
    world.hand_in("logg", [changed(emma, "e-s1", "2026-11-20T10:00:00+01:00", giver=["e-d2"])])
    after = standing(world, emma, "e-s1")
    assert (after["state"], after["missing"]) == ("in-force", [])
    assert sorted(s["signed"] for s in after["signers"]) == [False, True]
    world.close()
