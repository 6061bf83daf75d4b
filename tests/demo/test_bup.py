"""BUP's demo system as a process: the part of FHIR R4 it offers, and what its page does for clinicians."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import jsontext
from gateway.demo import sample_children
from gateway.demo.fhir_store import FhirStore
from tests.demo.running import Running, started

FNR = "urn:oid:2.16.578.1.12.4.1.4.1"


@pytest.fixture(scope="module")
def bup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that these tests share: each writes about a patient of its own."""
    folder = tmp_path_factory.mktemp("bup")
    path = folder / "patients.json"
    path.write_bytes(jsontext.encode(sample_children.patients(date(2026, 11, 21))))
    arguments = ["--file", str(folder / "bup.db"), "--seed", str(path)]
    with started(folder, "bup", arguments, "/fhir/metadata") as running:
        yield running


@pytest.fixture
def patient(bup: Running) -> str:
    return str(create(bup, {"resourceType": "Patient", "name": [{"family": "Prøve"}]}).json()["id"])


def find_patient(bup: Running, number: str) -> list[dict[str, Any]]:
    answer = bup.http.post("/fhir/Patient/_search", data={"identifier": f"{FNR}|{number}"})
    return [entry["resource"] for entry in answer.json().get("entry", [])]


def goal(patient: str, text: str = "Sove", value: str = "") -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "identifier": [{"system": "https://example.org/id", "value": f"{value}{patient}"}],
        "lifecycleStatus": "active",
        "description": {"text": text},
        "subject": {"reference": f"Patient/{patient}"},
    }


def create(bup: Running, resource: dict[str, Any], **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return bup.http.post(f"/fhir/{resource['resourceType']}", json=resource, headers=named)


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json().get("entry", [])]


def issue(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    assert answer.headers["content-type"] == "application/fhir+json"
    return answer.status_code, body["issue"][0]["code"]


# --- FHIR ------------------------------------------------------------------------------------------------


def test_it_says_what_it_can_do(bup: Running) -> None:
    statement = bup.http.get("/fhir/metadata", headers={"Authorization": ""}).json()
    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")


def test_everything_else_needs_the_token(bup: Running) -> None:
    for path in ("/fhir/Patient", "/fhir/Patient/1", "/fhir/_history"):
        assert issue(bup.http.get(path, headers={"Authorization": "Bearer wrong"})) == (401, "login")


def test_its_own_patients_are_found_by_number_in_a_body(bup: Running) -> None:
    assert [p["birthDate"] for p in find_patient(bup, "14831770229")] == ["2017-03-14"]
    assert find_patient(bup, "20910952472") == []
    assert [p["birthDate"] for p in find_patient(bup, "02861183354")] == ["2011-06-02"]


def test_a_resource_comes_back_as_it_went_in(bup: Running, patient: str) -> None:
    text = jsontext.encode(
        goal(patient) | {"extension": [{"url": "http://example.org/x", "valueDecimal": 1}]}
    )
    text = text.replace(b'"valueDecimal":1', b'"valueDecimal":1.10')
    made = bup.http.post("/fhir/Goal", content=text)
    assert made.status_code == 201
    read = bup.http.get(f"/fhir/Goal/{made.json()['id']}")
    assert b'"valueDecimal":1.10' in read.content
    assert made.headers["location"].endswith(f"/fhir/Goal/{made.json()['id']}/_history/1")
    assert read.headers["etag"] == 'W/"1"'


def test_a_conditional_create_makes_one_only(bup: Running, patient: str) -> None:
    def make(value: str) -> httpx.Response:
        condition = f"identifier=https://example.org/id|{value}{patient}"
        return create(bup, goal(patient, value=value), If_None_Exist=condition)

    rounds = [str(n) for n in range(10) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(make, rounds))
    assert sorted(a.status_code for a in answers) == [200] * 70 + [201] * 10
    assert len({a.json()["id"] for a in answers}) == 10
    times = [a.json()["meta"]["lastUpdated"] for a in answers if a.status_code == 201]
    assert len(set(times)) == 10


def test_a_condition_that_fits_several_or_says_nothing_makes_none(bup: Running, patient: str) -> None:
    create(bup, goal(patient))
    create(bup, goal(patient))
    condition = f"identifier=https://example.org/id|{patient}"
    assert issue(create(bup, goal(patient), If_None_Exist=condition))[0] == 412
    assert issue(create(bup, goal(patient), If_None_Exist="_count=1"))[0] == 412
    assert len(ids(bup.http.get(f"/fhir/Goal?patient={patient}"))) == 2


def test_an_update_replaces_only_the_version_named(bup: Running, patient: str) -> None:
    own = create(bup, goal(patient)).json()["id"]
    changed = goal(patient, "Sove godt") | {"id": own}
    answer = bup.http.put(f"/fhir/Goal/{own}", json=changed, headers={"If-Match": 'W/"1"'})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    for stale in ('W/"1"', 'W/"3"', "x"):
        late = bup.http.put(
            f"/fhir/Goal/{own}", json=goal(patient, "nei") | {"id": own}, headers={"If-Match": stale}
        )
        assert issue(late) == (412, "conflict")
    first = bup.http.get(f"/fhir/Goal/{own}/_history/1").json()
    assert first["description"]["text"] == "Sove"
    assert bup.http.get(f"/fhir/Goal/{own}").json()["description"]["text"] == "Sove godt"
    versions = bup.http.get(f"/fhir/Goal/{own}/_history").json()["entry"]
    assert [entry["resource"]["meta"]["versionId"] for entry in versions] == ["2", "1"]


def test_an_update_that_changes_nothing_makes_no_version(bup: Running, patient: str) -> None:
    made = create(bup, goal(patient)).json()
    again = bup.http.put(f"/fhir/Goal/{made['id']}", json=made)
    assert again.headers["etag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ({"resourceType": "Goal"}, 422),
        ({"resourceType": "Goal", "lifecycleStatus": "active", "uhørt": 1}, 422),
        ({"resourceType": "Patient"}, 422),
        ([], 422),
    ],
)
def test_what_is_no_goal_is_refused(bup: Running, resource: Any, status: int) -> None:
    assert issue(bup.http.post("/fhir/Goal", json=resource)) == (status, "structure")


def test_what_it_lacks_it_refuses(bup: Running, patient: str) -> None:
    own = create(bup, goal(patient)).json()["id"]
    assert issue(bup.http.patch(f"/fhir/Goal/{own}", json={})) == (405, "not-supported")
    assert issue(bup.http.get("/fhir/Medication")) == (404, "not-supported")
    assert issue(bup.http.get("/fhir/Goal?foo=1")) == (400, "not-supported")
    assert issue(bup.http.get("/fhir/Goal?_lastUpdated=soon")) == (400, "not-supported")
    assert issue(bup.http.get("/fhir/Goal/unknown")) == (404, "not-found")
    assert issue(bup.http.put("/fhir/Goal/mine", json=goal(patient) | {"id": "mine"})) == (
        405,
        "not-supported",
    )
    assert issue(bup.http.post("/fhir/Goal", content=b"{")) == (400, "structure")


def test_search_by_patient_and_id(bup: Running, patient: str) -> None:
    jonas = create(bup, {"resourceType": "Patient"}).json()["id"]
    one, other = (create(bup, goal(p, value=p)).json()["id"] for p in (patient, jonas))
    assert ids(bup.http.get(f"/fhir/Goal?patient={patient}")) == [one]
    assert ids(bup.http.get(f"/fhir/Goal?subject=Patient/{jonas}")) == [other]
    assert ids(bup.http.get(f"/fhir/Goal?_id={one},{other}")) == [one, other]
    assert ids(bup.http.get(f"/fhir/Goal?_id={one}&patient={jonas}")) == []
    newest_first = bup.http.get(f"/fhir/Goal?_sort=-_lastUpdated&patient={patient},{jonas}")
    assert ids(newest_first) == [other, one]


def test_search_by_identifier_reads_escapes(bup: Running, patient: str) -> None:
    own = create(bup, goal(patient, value="a,b|c")).json()["id"]
    search = {"identifier": rf"https://example.org/id|a\,b\|c{patient}"}
    assert ids(bup.http.post("/fhir/Goal/_search", data=search)) == [own]
    assert (
        ids(bup.http.post("/fhir/Goal/_search", data={"identifier": rf"https://else|a\,b\|c{patient}"})) == []
    )


def test_no_two_changes_have_the_same_time(tmp_path: Path) -> None:
    store = FhirStore(tmp_path / "bup.db")
    times = [store.create({"resourceType": "Patient"}, shared=False).updated for _ in range(200)]
    assert times == sorted(set(times))


def test_who_polls_by_time_misses_nothing(bup: Running, patient: str) -> None:
    made = [create(bup, goal(patient, value=str(n))).json() for n in range(5)]
    times = [one["meta"]["lastUpdated"] for one in made]
    assert times == sorted(set(times))
    assert ids(bup.http.get("/fhir/Goal", params={"_lastUpdated": f"gt{times[2]}", "patient": patient})) == [
        m["id"] for m in made[3:]
    ]
    assert ids(bup.http.get("/fhir/Goal", params={"_lastUpdated": f"ge{times[2]}", "patient": patient})) == [
        m["id"] for m in made[2:]
    ]
    offset = times[2].replace("Z", "+00:00")
    assert ids(bup.http.get("/fhir/Goal", params={"_lastUpdated": f"lt{offset}", "patient": patient})) == [
        m["id"] for m in made[:2]
    ]
    seen = bup.http.get("/fhir/_history", params={"_since": times[3]}).json()
    assert seen["total"] == 2


def test_pages_hold_everything_once_and_their_links_say_nothing(bup: Running, patient: str) -> None:
    made = {create(bup, goal(patient, value=str(n))).json()["id"] for n in range(7)}
    answer = bup.http.post("/fhir/Goal/_search", data={"patient": patient, "_count": "3"}).json()
    seen: list[str] = []
    while True:
        seen += [entry["resource"]["id"] for entry in answer["entry"]]
        assert answer["total"] == 7
        if not answer.get("link"):
            break
        [link] = answer["link"]
        assert patient not in link["url"]
        answer = bup.http.get(link["url"]).json()
    assert len(seen) == 7
    assert set(seen) == made
    assert issue(bup.http.get("/fhir/_page/unknown")) == (410, "expired")


# --- the page --------------------------------------------------------------------------------------------


def test_the_page_shows_shared_resources_as_text(bup: Running, patient: str) -> None:
    create(bup, goal(patient, "<script>alert(1)</script>"))
    html = bup.http.get(f"/barn/{patient}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert" not in html
    assert "Delt gjennom Stafettbro" in html
    assert "Emma Sofie Nygård Testesen" in bup.http.get("/").text


def test_a_clinician_changes_a_goal_and_nothing_else_in_it(bup: Running, patient: str) -> None:
    made = create(bup, goal(patient) | {"note": [{"text": "behold"}]}).json()
    form = {"tekst": "Sove åtte timer", "versjon": "1", "oppnaaelse": "improving"}
    assert bup.http.post(f"/barn/{patient}/maal/{made['id']}", data=form).status_code == 303
    after = bup.http.get(f"/fhir/Goal/{made['id']}").json()
    assert after["description"] == {"text": "Sove åtte timer"}
    assert after["achievementStatus"]["coding"][0]["code"] == "improving"
    assert (after["note"], after["identifier"]) == (made["note"], made["identifier"])
    assert after["meta"]["versionId"] == "2"


def test_a_clinicians_edit_over_a_newer_version_is_not_stored(bup: Running, patient: str) -> None:
    made = create(bup, goal(patient)).json()
    bup.http.put(f"/fhir/Goal/{made['id']}", json=made | {"description": {"text": "ny"}})
    answer = bup.http.post(
        f"/barn/{patient}/maal/{made['id']}", data={"tekst": "min", "versjon": "1"}, follow_redirects=True
    )
    assert "endret av noen andre" in answer.text
    assert bup.http.get(f"/fhir/Goal/{made['id']}").json()["description"]["text"] == "ny"


def test_bups_own_goal_and_measure_are_valid_and_found_by_whoever_polls(bup: Running, patient: str) -> None:
    bup.http.post(
        f"/barn/{patient}/ny", data={"slag": "maal", "tekst": "Mestre angst", "frist": "2027-02-01"}
    )
    [made] = [e["resource"] for e in bup.http.get(f"/fhir/Goal?patient={patient}").json()["entry"]]
    assert (made["description"]["text"], made["target"]) == ("Mestre angst", [{"dueDate": "2027-02-01"}])
    form = {"slag": "tiltak", "tekst": "Ti timer", "maal": f"Goal/{made['id']}"}
    bup.http.post(f"/barn/{patient}/ny", data=form)
    [measure] = [
        e["resource"] for e in bup.http.get(f"/fhir/ServiceRequest?patient={patient}").json()["entry"]
    ]
    assert measure["extension"][0]["valueReference"] == {"reference": f"Goal/{made['id']}"}
    for resource in (made, measure):
        kind = resource["resourceType"]
        assert bup.http.put(f"/fhir/{kind}/{resource['id']}", json=resource).status_code == 200


def test_an_answer_points_at_the_message_and_goes_to_its_sender(bup: Running, patient: str) -> None:
    message = {
        "resourceType": "Communication",
        "status": "completed",
        "subject": {"reference": f"Patient/{patient}"},
        "sender": {"reference": "PractitionerRole/kari"},
        "topic": {"text": "Neste møte"},
        "payload": [{"contentString": "Passer det?"}],
    }
    own = create(bup, message).json()["id"]
    form = {"slag": "svar", "svarPaa": own, "tekst": "Ja"}
    assert bup.http.post(f"/barn/{patient}/ny", data=form).status_code == 303
    answer = bup.http.get(f"/fhir/Communication?patient={patient}").json()["entry"][1]["resource"]
    assert answer["inResponseTo"] == [{"reference": f"Communication/{own}"}]
    assert answer["recipient"] == [{"reference": "PractitionerRole/kari"}]
    assert answer["payload"] == [{"contentString": "Ja"}]
    assert answer["topic"] == {"text": "Neste møte"}
    html = bup.http.get(f"/barn/{patient}").text
    assert "Delt gjennom Stafettbro" in html
    assert "skrevet her" in html


def tasks(bup: Running, patient: str) -> list[dict[str, Any]]:
    return [e["resource"] for e in bup.http.get(f"/fhir/Task?patient={patient}").json().get("entry", [])]


def test_what_was_received_is_confirmed_in_one_task_that_goes_on(bup: Running, patient: str) -> None:
    kind = {"system": "https://stafettbro.no/fhir/CodeSystem/entry-kind", "code": "henvisning"}
    request = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "category": [{"coding": [kind]}],
        "code": {"text": "Utredning"},
        "subject": {"reference": f"Patient/{patient}"},
    }
    about = f"ServiceRequest/{create(bup, request).json()['id']}"
    where = f"/barn/{patient}/kvittering"
    assert bup.http.post(where, data={"gjelder": about}).status_code == 303
    (said,) = tasks(bup, patient)
    assert (said["status"], said["focus"]) == ("received", {"reference": about})
    refused = {"gjelder": about, "tilstand": "rejected"}
    assert "må ha en grunn" in bup.http.post(where, data=refused, follow_redirects=True).text
    bup.http.post(where, data=refused | {"tekst": "Hører til habilitering"})
    (said,) = tasks(bup, patient)
    assert (said["status"], said["statusReason"]) == ("rejected", {"text": "Hører til habilitering"})
    assert "Avslag hos oss" in bup.http.get(f"/barn/{patient}").text
    bup.http.post(where, data={"gjelder": about, "tilstand": "accepted"})
    (said,) = tasks(bup, patient)
    assert (said["status"], "statusReason" in said) == ("accepted", False)
    for wrong in ({"gjelder": "ServiceRequest/nei"}, {"gjelder": about, "tilstand": "nei"}, {}):
        assert bup.http.post(where, data=wrong).status_code == 404


@pytest.mark.parametrize(
    "form", [{"slag": "ukjent", "tekst": "x"}, {"slag": "svar", "tekst": "x", "svarPaa": "nei"}]
)
def test_a_form_that_makes_no_sense_stores_nothing(bup: Running, patient: str, form: dict[str, str]) -> None:
    before = bup.http.get("/endring").json()
    assert bup.http.post(f"/barn/{patient}/ny", data=form).status_code == 404
    assert bup.http.post(f"/barn/{patient}/ny", data={"slag": "maal", "tekst": " "}).status_code == 303
    assert bup.http.get("/endring").json() == before
