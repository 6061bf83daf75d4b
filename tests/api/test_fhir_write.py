"""What a FHIR system writes here: checked, merged, never more than it may, all or nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from gateway import jsontext
from gateway.hub import versions
from tests.api.conftest import records, unshared
from tests.api.test_fhir_read import evaluated, matches, person
from tests.api.world import World, fields

FHIR = "application/fhir+json"
OWN_SYSTEM = "https://bup.example/id"


def send(
    world: World, method: str, path: str, resource: Any, client: str = "bup", **headers: str
) -> httpx.Response:
    named = world.headers(client, Content_Type=FHIR, **headers)
    return world.http.request(method, path, content=jsontext.encode(resource), headers=named)


def goal(person: str, text: str = "Sove bedre", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "lifecycleStatus": "active",
        "description": {"text": text},
        "subject": {"reference": f"Patient/{person}"},
        **more,
    }


@pytest.fixture
def here(world: World, emma: list[dict[str, Any]]) -> tuple[World, str]:
    world.hand_in("logg", emma)
    return world, person(world, emma[0])


def test_what_is_created_is_read_back_and_its_author_is_the_system(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    any_world.hand_in("logg", emma)
    own = person(any_world, emma[0])
    made = send(any_world, "POST", "/fhir/Goal", goal(own))
    assert made.status_code == 201
    ref = f"Goal/{fields(made)['id']}"
    assert made.headers["location"].startswith(f"http://testserver/fhir/{ref}/_history/")
    assert fields(any_world.get(f"/fhir/{ref}", "bup")) == fields(made)
    assert any_world.get(f"/fhir/{ref}", "bup").headers["etag"] == made.headers["etag"]
    lanes = fields(any_world.get("/lanes?recipient=logg", "drift"))["lanes"]
    assert [one["state"] for one in lanes] == ["waiting"]


def test_decimals_are_kept_as_they_were_written(here: tuple[World, str]) -> None:
    world, own = here
    quantity = {"detailQuantity": {"value": Decimal("7.50"), "unit": "timer"}}
    target = [{"measure": {"text": "søvn"}, **quantity}]
    made = send(world, "POST", "/fhir/Goal", goal(own, target=target))
    assert b"7.50" in world.get(f"/fhir/Goal/{fields(made)['id']}", "bup").content


def test_a_conditional_create_is_made_once(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", emma)
    own = person(any_world, emma[0])
    named = goal(own, identifier=[{"system": OWN_SYSTEM, "value": "g-1"}])
    condition = f"identifier={OWN_SYSTEM}|g-1"
    first = send(any_world, "POST", "/fhir/Goal", named, If_None_Exist=condition)
    again = send(any_world, "POST", "/fhir/Goal", named, If_None_Exist=condition)
    assert (first.status_code, again.status_code) == (201, 200)
    assert fields(first)["id"] == fields(again)["id"]
    ours = f"identifier=https://stafettbro.no/fhir/id/item|{fields(first)['id']}"
    assert send(any_world, "POST", "/fhir/Goal", named, If_None_Exist=ours).status_code == 200
    assert send(any_world, "POST", "/fhir/Goal", named, If_None_Exist="status=active").status_code == 400


def test_another_stafettbro_creates_once_too(any_world: World, emma: list[dict[str, Any]]) -> None:
    """Its items carry an identifier of the same system as ours, with an id that is unknown here."""
    any_world.hand_in("logg", emma)
    theirs = {"system": "https://stafettbro.no/fhir/id/item", "value": "5f0c"}
    named = goal(person(any_world, emma[0]), identifier=[theirs])
    condition = f"identifier={theirs['system']}|5f0c"
    first = send(any_world, "POST", "/fhir/Goal", named, If_None_Exist=condition)
    again = send(any_world, "POST", "/fhir/Goal", named, If_None_Exist=condition)
    assert (first.status_code, again.status_code) == (201, 200)
    assert fields(first)["id"] == fields(again)["id"]


def test_an_update_names_the_version_it_changes(here: tuple[World, str]) -> None:
    world, own = here
    made = send(world, "POST", "/fhir/Goal", goal(own))
    path, tag = f"/fhir/Goal/{fields(made)['id']}", made.headers["etag"]
    changed = {**fields(made), "description": {"text": "Sove åtte timer"}}
    assert send(world, "PUT", path, changed).status_code == 412
    assert send(world, "PUT", path, changed, If_Match='W/"gammel"').status_code == 412
    done = send(world, "PUT", path, changed, If_Match=tag)
    assert (done.status_code, fields(done)["description"]["text"]) == (200, "Sove åtte timer")
    assert send(world, "PUT", path, changed, If_Match=tag).status_code == 412
    same = send(world, "PUT", path, fields(done), If_Match=done.headers["etag"])
    assert (same.status_code, same.headers["etag"]) == (200, done.headers["etag"])


def test_what_the_writer_cannot_see_survives_its_update(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    read = world.get(f"/fhir/CarePlan?patient={own}", "bup")
    (plan,) = matches(read)
    assert "bekymring" not in str(plan["extension"])
    inline = {"detail": {"status": "in-progress", "description": "Et tiltak uten egen post"}}
    changed = {**plan, "title": "Felles plan", "activity": [*plan["activity"], inline]}
    done = send(
        world, "PUT", f"/fhir/CarePlan/{plan['id']}", changed, If_Match=f'W/"{plan["meta"]["versionId"]}"'
    )
    assert (done.status_code, fields(done)["title"]) == (200, "Felles plan")
    assert fields(done)["goal"] == plan["goal"]
    (whole,) = matches(world.get(f"/fhir/CarePlan?patient={own}", "logg"))
    assert whole["title"] == "Felles plan"
    with world.service.store.read("fjordbyen") as connection:
        written = versions.current(connection, "fjordbyen", f"CarePlan/{plan['id']}")
    assert written is not None
    stored = written.resource
    assert "mindreAlvorlig" in str(stored)
    assert not {"goal", "activity", "careTeam"} & set(stored)


def test_an_edit_at_bup_reaches_the_logg_and_the_childs_own_words_stay(here: tuple[World, str]) -> None:
    world, own = here
    shown = matches(world.get(f"/fhir/Goal?patient={own}", "bup"))
    wish = next(g for g in shown if "vente" in str(g))
    edited = {**wish, "target": [{"dueDate": "2027-01-15"}]}
    tag = f'W/"{wish["meta"]["versionId"]}"'
    assert (
        send(
            world, "PUT", f"/fhir/Goal/{wish['id']}", {**wish, "target": edited["target"]}, If_Match=tag
        ).status_code
        == 200
    )
    after = fields(world.get(f"/fhir/Goal/{wish['id']}", "logg"))
    assert after["target"][0]["dueDate"] == "2027-01-15"
    assert "vente på meg" in str(after["extension"])
    (plan,) = matches(world.get(f"/fhir/CarePlan?patient={own}", "logg"))
    assert {"reference": f"Goal/{wish['id']}"} in plan["goal"]


def test_what_is_hidden_cannot_be_written_to_and_a_reference_to_it_leads_nowhere(world: World) -> None:
    jonas = evaluated(records("stafettlogg", "jonas"))
    world.hand_in("logg", jonas)
    own = person(world, jonas[0])
    with world.service.store.read("fjordbyen") as connection:
        refs = connection.exec_driver_sql("SELECT ref FROM resource").scalars().all()
    observation = next(r for r in refs if r.startswith("Observation/"))
    assert world.get(f"/fhir/{observation}", "logg").status_code == 200
    body = {
        "resourceType": "Observation", "id": observation.partition("/")[2], "status": "final",
        "code": {"text": "x"}, "subject": {"reference": f"Patient/{own}"},
    }  # fmt: skip
    hidden = send(world, "PUT", f"/fhir/{observation}", body, If_Match='W/"x"')
    unknown = send(
        world, "PUT", "/fhir/Observation/finnes-ikke", {**body, "id": "finnes-ikke"}, If_Match='W/"x"'
    )
    assert (
        (hidden.status_code, hidden.content)
        == (unknown.status_code, unknown.content)
        == (404, hidden.content)
    )
    for ref in (observation, "Observation/finnes-ikke"):
        pointing = [{"reference": ref, "display": "Sett i timen"}]
        made = send(world, "POST", "/fhir/Goal", goal(own, outcomeReference=pointing))
        assert (made.status_code, fields(made)["outcomeReference"]) == (201, pointing)
        with world.service.store.read("fjordbyen") as connection:
            written = versions.current(connection, "fjordbyen", f"Goal/{fields(made)['id']}")
        assert written is not None
        stored = written.resource
        assert stored["outcomeReference"] == [{**pointing[0], "reference": f"urn:stafettbro:peer:bup:{ref}"}]


def test_a_patient_nobody_showed_the_writer_is_not_known_here(world: World) -> None:
    amina = unshared("amina")
    world.hand_in("logg", amina)
    hidden = send(world, "POST", "/fhir/Goal", goal(person(world, amina[0])))
    unknown = send(world, "POST", "/fhir/Goal", goal("00000000-0000-0000-0000-000000000000"))
    assert (hidden.status_code, hidden.content) == (422, unknown.content)


@pytest.mark.parametrize(
    ("resource", "expression"),
    [
        ({"lifecycleStatus": 7}, "Goal.lifecycleStatus"),
        ({"startDate": "ikke en dato"}, "Goal.startDate"),
        ({"finnesIkke": True}, "Goal.finnesIkke"),
        ({"target": [{"dueDate": "2026-13-01"}]}, "Goal.target[0].dueDate"),
        ({"identifier": None}, "Goal.identifier"),
        ({"note": []}, "Goal.note"),
        ({"target": [{}]}, "Goal.target[0]"),
        ({"contained": [{"resourceType": "Hemmelig tekst"}]}, "Goal.contained[0].resourceType"),
        ({"contained": [{"resourceType": ["Patient"]}]}, "Goal.contained[0].resourceType"),
        ({"contained": [{"id": "x"}]}, "Goal.contained[0].resourceType"),
        ({"contained": [{"resourceType": "DomainResource"}]}, "Goal.contained[0].resourceType"),
    ],
)
def test_what_is_not_r4_is_refused_with_its_place(
    here: tuple[World, str], resource: dict[str, Any], expression: str
) -> None:
    world, own = here
    refused = send(world, "POST", "/fhir/Goal", goal(own, **resource))
    assert refused.status_code == 422
    assert fields(refused)["issue"][0]["expression"] == [expression]
    assert "Hemmelig" not in refused.text


def test_only_fhir_systems_write_and_only_what_is_kept_here(here: tuple[World, str]) -> None:
    world, own = here
    assert send(world, "POST", "/fhir/Goal", goal(own), client="logg").status_code == 403
    assert send(world, "POST", "/fhir/Goal", goal(own), client="nabo").status_code == 403
    patient = {"resourceType": "Patient"}
    assert send(world, "POST", "/fhir/Patient", patient).status_code == 405
    assert send(world, "POST", "/fhir/Medication", {"resourceType": "Medication"}).status_code == 404
    assert send(world, "POST", "/fhir/Goal", {"resourceType": "Observation"}).status_code == 422
    nobody = {k: v for k, v in goal(own).items() if k != "subject"} | {"subject": {"display": "Emma"}}
    assert send(world, "POST", "/fhir/Goal", nobody).status_code == 422


def test_the_caller_chooses_what_comes_back(here: tuple[World, str]) -> None:
    world, own = here
    minimal = send(world, "POST", "/fhir/Goal", goal(own), Prefer="return=minimal")
    assert (minimal.status_code, minimal.content) == (201, b"")
    assert minimal.headers["location"]
    outcome = send(world, "POST", "/fhir/Goal", goal(own), Prefer="return=OperationOutcome")
    assert fields(outcome)["resourceType"] == "OperationOutcome"


def transaction(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def entry(
    method: str, url: str, resource: Any = None, full_url: str | None = None, **request: str
) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    return made | ({"resource": resource} if resource else {}) | ({"fullUrl": full_url} if full_url else {})


def measure(person: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "ServiceRequest", "status": "active", "intent": "plan",
        "code": {"text": "Søvnskole"}, "subject": {"reference": f"Patient/{person}"}, **more,
    }  # fmt: skip


PERTAINS = "http://hl7.org/fhir/StructureDefinition/resource-pertainsToGoal"


def test_a_transaction_resolves_what_its_entries_call_each_other(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    any_world.hand_in("logg", emma)
    own = person(any_world, emma[0])
    name = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    refers = measure(own, extension=[{"url": PERTAINS, "valueReference": {"reference": name}}])
    answer = send(
        any_world, "POST", "/fhir",
        transaction(
            entry("POST", "ServiceRequest", refers),
            entry("POST", "Goal", goal(own), name),
            entry("GET", f"Goal?patient={own}"),
        ),
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    task, aim, search = fields(answer)["entry"]
    assert [e["response"]["status"] for e in (task, aim, search)] == ["201 Created", "201 Created", "200 OK"]
    pointed = task["resource"]["extension"][0]["valueReference"]["reference"]
    assert pointed == f"Goal/{aim['resource']['id']}"
    assert search["resource"]["total"] == 3


@pytest.mark.parametrize("wrong", ["missing", "shape", "stale", "other-patient"])
def test_a_transaction_happens_whole_or_not_at_all(
    any_world: World, emma: list[dict[str, Any]], wrong: str
) -> None:
    any_world.hand_in("logg", emma)
    own = person(any_world, emma[0])
    bad = {
        "missing": entry("PUT", "Goal/finnes-ikke", {**goal(own), "id": "finnes-ikke"}, ifMatch='W/"1"'),
        "shape": entry("POST", "Goal", goal(own, startDate="i går")),
        "stale": entry("POST", "Goal", goal(own, outcomeReference=[{"reference": "urn:uuid:ukjent"}])),
        "other-patient": entry("POST", "Goal", goal("en-annen")),
    }[wrong]
    before = fields(any_world.get(f"/fhir/Goal?patient={own}", "bup"))["total"]
    answer = send(any_world, "POST", "/fhir", transaction(entry("POST", "Goal", goal(own)), bad))
    assert answer.status_code in (404, 422)
    assert fields(answer)["resourceType"] == "OperationOutcome"
    assert fields(any_world.get(f"/fhir/Goal?patient={own}", "bup"))["total"] == before


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"resourceType": "Bundle", "type": "batch", "entry": []},
        {"resourceType": "Bundle", "type": "transaction"},
        {"resourceType": "Bundle", "type": "transaction", "entry": [7]},
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "DELETE", "url": "Goal/1"}}],
        },
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [{"request": {"method": "GET", "url": "Goal/1"}}],
        },
    ],
)
def test_a_bundle_that_is_not_understood_is_refused(world: World, body: Any) -> None:
    assert send(world, "POST", "/fhir", body).status_code == 400


def test_what_stands_in_two_entries_is_refused(here: tuple[World, str]) -> None:
    world, own = here
    named = goal(own, identifier=[{"system": OWN_SYSTEM, "value": "g-2"}])
    once = entry("POST", "Goal", named, ifNoneExist=f"identifier={OWN_SYSTEM}|g-2")
    assert send(world, "POST", "/fhir", transaction(once, once)).status_code == 400
    (wish, *_) = matches(world.get(f"/fhir/Goal?patient={own}", "bup"))
    change = entry("PUT", f"Goal/{wish['id']}", wish, ifMatch=f'W/"{wish["meta"]["versionId"]}"')
    assert send(world, "POST", "/fhir", transaction(change)).status_code == 200
    assert send(world, "POST", "/fhir", transaction(change, change)).status_code == 400


def test_a_transaction_that_reads_needs_a_token_that_reads(here: tuple[World, str]) -> None:
    world, own = here
    asked = transaction(entry("POST", "Goal", goal(own)), entry("GET", f"Goal?patient={own}"))
    for scope, status in (("fhir.write", 403), ("fhir.write fhir.read", 200)):
        headers = world.headers("bup", scope, Content_Type=FHIR)
        answer = world.http.post("/fhir", content=jsontext.encode(asked), headers=headers)
        assert answer.status_code == status, answer.text
