"""What a FHIR reader gets, and above all what it cannot even guess."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class
from sqlalchemy import select

from gateway import jsontext
from gateway.api.fhir_read import STEP
from gateway.api.fhir_types import KINDS
from gateway.hub.schema.tables import link
from tests.api.conftest import records, unshared
from tests.api.world import World, fields

FNR = "urn:oid:2.16.578.1.12.4.1.4.1"


def people(world: World) -> list[str]:
    with world.service.store.read("fjordbyen") as connection:
        return list(connection.exec_driver_sql("SELECT id FROM person ORDER BY created, id").scalars())


def person(world: World, record: dict[str, Any], system: str = "logg") -> str:
    """Hub id of the person a log is about."""
    with world.service.store.read("fjordbyen") as connection:
        found = connection.execute(select(link.c.person).where(link.c.native_id == record["id"]))
        return str(found.scalar_one())


def find(world: World, client: str, number: str, system: str = FNR) -> httpx.Response:
    form = {"identifier": f"{system}|{number}"}
    return world.http.post("/fhir/Patient/_search", data=form, headers=world.headers(client))


def matches(response: httpx.Response, mode: str = "match") -> list[dict[str, Any]]:
    found = fields(response).get("entry", [])
    return [e["resource"] for e in found if e["search"]["mode"] == mode]


def evaluated(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same log with an evaluation on every goal."""
    result = {"dato": "2026-10-01", "tekst": "Går rette veien.", "resultat": "delvisNaadd"}
    return [{**r, "evaluering": result} if r["type"] == "maal" else r for r in log]


@pytest.fixture
def jonas() -> list[dict[str, Any]]:
    """15 years old; towards BUP the consents that meet are plan, maal and tiltak: no evaluations."""
    return evaluated(records("stafettlogg", "jonas"))


@pytest.fixture
def with_emma(world: World, emma: list[dict[str, Any]]) -> tuple[World, str]:
    world.hand_in("logg", emma)
    return world, person(world, emma[0])


@pytest.fixture
def with_jonas(world: World, jonas: list[dict[str, Any]]) -> tuple[World, str]:
    world.hand_in("logg", jonas)
    return world, person(world, jonas[0])


def test_a_patient_is_found_by_national_id_in_the_body_alone(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    any_world.hand_in("logg", emma)
    number = emma[0]["barn"]["fnr"]
    (found,) = matches(find(any_world, "bup", number))
    assert found["id"] == person(any_world, emma[0])
    assert [i["value"] for i in found["identifier"]] == [number]
    read = fields(any_world.get(f"/fhir/Patient/{found['id']}", "bup"))
    assert "identifier" not in read
    refused = any_world.get(f"/fhir/Patient?identifier={FNR}|{number}", "bup")
    assert (refused.status_code, fields(refused)["resourceType"]) == (400, "OperationOutcome")
    assert number not in refused.text


def test_a_child_of_whom_nothing_is_shared_and_one_that_is_not_there_look_the_same(world: World) -> None:
    amina = unshared("amina")
    world.hand_in("logg", amina)
    hidden = find(world, "bup", amina[0]["barn"]["fnr"])
    absent = find(world, "bup", "14831770229")
    assert hidden.content == absent.content
    own = person(world, amina[0])
    for path in (f"Patient/{own}", f"CarePlan?patient={own}", f"Goal?patient={own}&_count=0"):
        other = path.replace(own, "00000000-0000-0000-0000-000000000000")
        here, there = world.get(f"/fhir/{path}", "bup"), world.get(f"/fhir/{other}", "bup")
        assert here.status_code == there.status_code
        assert here.text.replace(own, "x") == there.text.replace("00000000-0000-0000-0000-000000000000", "x")


def test_every_type_is_valid_r4_and_names_its_version(with_emma: tuple[World, str]) -> None:
    world, own = with_emma
    seen = 0
    for kind in KINDS.values():
        path = f"/fhir/{kind.name}?" + (f"patient={own}" if kind.patient else f"_id={own}")
        for resource in matches(world.get(path, "bup")):
            get_fhir_model_class(kind.name).model_validate(resource)
            read = world.get(f"/fhir/{kind.name}/{resource['id']}", "bup")
            assert fields(read) == resource
            assert read.headers["etag"] == f'W/"{resource["meta"]["versionId"]}"'
            seen += 1
    assert seen >= 15


def test_totals_pages_and_includes_tell_nothing_of_what_is_hidden(with_jonas: tuple[World, str]) -> None:
    world, own = with_jonas
    for kind in ("Appointment", "Observation", "DocumentReference"):
        nothing = fields(world.get(f"/fhir/{kind}?patient={own}", "bup"))
        assert (nothing["total"], nothing.get("entry")) == (0, None), kind
    handed_over = fields(world.get(f"/fhir/Communication?patient={own}", "bup"))
    assert handed_over["total"] == len(handed_over["entry"]) == 1
    assert "overfoering" in str(handed_over["entry"])
    goals = matches(world.get(f"/fhir/Goal?patient={own}", "bup"))
    assert goals
    assert not any("outcomeReference" in goal for goal in goals)
    everything = world.get(
        f"/fhir/CarePlan?patient={own}&_include=CarePlan:goal&_include=CarePlan:care-team", "bup"
    )
    (plan,) = matches(everything)
    named = {r["reference"] for r in plan["goal"]}
    assert {f"Goal/{r['id']}" for r in matches(everything, "include") if r["resourceType"] == "Goal"} == named
    assert named == {f"Goal/{goal['id']}" for goal in goals}


def test_a_reference_to_what_is_hidden_is_not_shown(world: World, emma: list[dict[str, Any]]) -> None:
    narrow = [{**r, "kategorier": ["plan", "tiltak"]} if r["type"] == "samtykke" else r for r in emma]
    world.hand_in("logg", narrow)
    own = person(world, emma[0])
    tasks = matches(world.get(f"/fhir/ServiceRequest?patient={own}", "bup"))
    assert "Goal/" in str(matches(world.get(f"/fhir/ServiceRequest?patient={own}", "logg")))
    assert tasks
    assert "Goal/" not in str(tasks)
    assert "belongs-to" not in str(tasks)
    (plan,) = matches(world.get(f"/fhir/CarePlan?patient={own}", "bup"))
    assert "goal" not in plan


def test_what_matches_is_not_included_once_more(with_emma: tuple[World, str]) -> None:
    world, own = with_emma
    first, second = matches(world.get(f"/fhir/ServiceRequest?patient={own}", "bup"))[:2]
    based = {**second, "basedOn": [{"reference": f"ServiceRequest/{first['id']}"}]}
    headers = world.headers(
        "bup", Content_Type="application/fhir+json", If_Match=f'W/"{second["meta"]["versionId"]}"'
    )
    done = world.http.put(
        f"/fhir/ServiceRequest/{second['id']}", content=jsontext.encode(based), headers=headers
    )
    assert done.status_code == 200
    found = world.get(f"/fhir/ServiceRequest?patient={own}&_include=ServiceRequest:based-on", "bup")
    assert matches(found, "include") == []
    alone = f"/fhir/ServiceRequest?_id={second['id']}&_include=ServiceRequest:based-on"
    assert [r["id"] for r in matches(world.get(alone, "bup"), "include")] == [first["id"]]


def test_hidden_and_unknown_get_the_same_answer(with_jonas: tuple[World, str]) -> None:
    world, own = with_jonas
    with world.service.store.read("fjordbyen") as connection:
        refs = connection.exec_driver_sql("SELECT ref FROM resource").scalars().all()
    shown = {
        f"Communication/{r['id']}" for r in matches(world.get(f"/fhir/Communication?patient={own}", "bup"))
    }
    hidden = next(ref for ref in refs if ref.startswith("Communication/") and ref not in shown)
    unknown = world.get("/fhir/Communication/finnes-ikke", "bup")
    assert unknown.status_code == 404
    for path in (hidden, f"{hidden}/_history", f"{hidden}/_history/1"):
        answer = world.get(f"/fhir/{path}", "bup")
        assert (answer.status_code, answer.content) == (404, unknown.content), path
    by_id = world.get(f"/fhir/Communication?_id={hidden.partition('/')[2]}", "bup")
    assert fields(by_id)["total"] == 0


def test_its_own_writing_a_system_always_reads_back(world: World) -> None:
    amina = records("stafettlogg", "amina")
    world.hand_in("logg", amina)
    own = person(world, amina[0])
    assert fields(world.get(f"/fhir/CarePlan?patient={own}", "logg"))["total"] == 1
    assert fields(world.get(f"/fhir/CarePlan?patient={own}", "plan"))["total"] == 0


def test_a_change_of_what_is_hidden_moves_no_version_no_time_and_no_history(
    with_emma: tuple[World, str], emma: list[dict[str, Any]]
) -> None:
    world, own = with_emma
    (plan,) = matches(world.get(f"/fhir/CarePlan?patient={own}", "bup"))
    kin = matches(world.get(f"/fhir/RelatedPerson?patient={own}", "bup"))
    world.later()
    log = {**emma[0], "endret": "2026-11-20T09:00:00+01:00", "alvorlighet": "alvorlig"}
    mother = next(r for r in emma if r.get("rolle") == "foresatt")
    moved = {
        **mother,
        "endret": "2026-11-20T09:00:00+01:00",
        "bruker": {"utsteder": "https://id.example", "subjekt": "7"},
    }
    for record in (log, moved):
        assert fields(world.hand_in("logg", record))["status"] == "stored"
    assert fields(world.get(f"/fhir/CarePlan/{plan['id']}", "bup")) == plan
    assert fields(world.get(f"/fhir/CarePlan/{plan['id']}/_history", "bup"))["total"] == 1
    assert matches(world.get(f"/fhir/RelatedPerson?patient={own}", "bup")) == kin
    for one in kin:
        assert fields(world.get(f"/fhir/RelatedPerson/{one['id']}/_history", "bup"))["total"] == 1
    since = "_lastUpdated=gt2026-11-21T12:00:00Z"
    assert fields(world.get(f"/fhir/RelatedPerson?patient={own}&{since}", "bup"))["total"] == 0


def test_a_change_of_what_is_seen_moves_both(
    with_emma: tuple[World, str], emma: list[dict[str, Any]]
) -> None:
    world, own = with_emma
    (plan,) = matches(world.get(f"/fhir/CarePlan?patient={own}", "bup"))
    world.later()
    task = next(r for r in emma if r["type"] == "tiltak")
    world.hand_in("logg", {**task, "id": "e-ny", "endret": "2026-11-20T09:00:00+01:00"})
    (after,) = matches(world.get(f"/fhir/CarePlan?patient={own}", "bup"))
    assert after["meta"]["versionId"] != plan["meta"]["versionId"]
    assert after["meta"]["lastUpdated"] == "2026-11-21T12:01:00.000Z"


def test_what_others_wrote_into_its_own_a_system_reads_only_while_it_may(
    with_emma: tuple[World, str], emma: list[dict[str, Any]]
) -> None:
    world, own = with_emma
    mine, theirs = matches(world.get(f"/fhir/Goal?patient={own}", "bup"))
    edited = {**theirs, "description": {"text": "Det BUP skrev"}}
    headers = world.headers(
        "bup", Content_Type="application/fhir+json", If_Match=f'W/"{theirs["meta"]["versionId"]}"'
    )
    done = world.http.put(f"/fhir/Goal/{theirs['id']}", content=jsontext.encode(edited), headers=headers)
    assert done.status_code == 200
    assert "Det BUP skrev" in world.get(f"/fhir/Goal/{theirs['id']}", "logg").text
    goal = next(r for r in emma if r.get("tekst") == theirs["description"]["text"])
    last = {**goal, "endret": "2026-11-20T09:00:00+01:00", "start": "2026-01-01"}
    assert fields(world.hand_in("logg", last))["status"] == "stored"
    assert "Det BUP skrev" in world.get(f"/fhir/Goal/{theirs['id']}", "logg").text
    consent = next(r for r in emma if r["type"] == "samtykke")
    withdrawn = {"tidspunkt": "2026-11-21T08:00:00+01:00", "av": consent["giver"][0]}
    world.hand_in("logg", {**consent, "endret": "2026-11-21T08:00:00+01:00", "trukket": withdrawn})
    assert world.get(f"/fhir/Goal/{mine['id']}", "logg").status_code == 200
    assert world.get(f"/fhir/Goal/{theirs['id']}", "logg").status_code == 404
    assert world.get(f"/fhir/Goal/{mine['id']}", "bup").status_code == 404


def test_history_and_vread_show_each_edition_that_looks_different(
    with_emma: tuple[World, str], emma: list[dict[str, Any]]
) -> None:
    world, _ = with_emma
    goal = next(r for r in emma if r["type"] == "maal")
    edit = {**goal, "endret": "2026-11-20T09:00:00+01:00", "tekst": "Emma har to hun leker med."}
    ref = fields(world.hand_in("logg", edit))["resource"]
    history = fields(world.get(f"/fhir/{ref}/_history", "bup"))
    texts = [e["resource"]["description"]["text"] for e in history["entry"]]
    assert texts == [edit["tekst"], goal["tekst"]]
    assert [e["request"]["method"] for e in history["entry"]] == ["PUT", "POST"]
    old = history["entry"][1]["resource"]
    assert fields(world.get(f"/fhir/{ref}/_history/{old['meta']['versionId']}", "bup")) == old
    assert world.get(f"/fhir/{ref}/_history/1", "bup").status_code == 404


def test_a_version_that_was_withheld_hides_the_whole_history(
    with_emma: tuple[World, str], emma: list[dict[str, Any]]
) -> None:
    world, _ = with_emma
    goal = next(r for r in emma if r["type"] == "maal")
    withheld = {**goal, "endret": "2026-11-19T09:00:00+01:00", "sperre": ["NORS"], "tekst": "Hemmelig."}
    ref = fields(world.hand_in("logg", withheld))["resource"]
    assert world.get(f"/fhir/{ref}", "bup").status_code == 404
    world.hand_in("logg", {**goal, "endret": "2026-11-20T09:00:00+01:00", "tekst": "Åpen igjen."})
    history = world.get(f"/fhir/{ref}/_history", "bup")
    assert fields(history)["total"] == 1
    assert "Hemmelig" not in history.text


def test_pages_follow_each_other_while_others_write(
    with_emma: tuple[World, str], emma: list[dict[str, Any]]
) -> None:
    world, own = with_emma
    whole = [r["id"] for r in matches(world.get(f"/fhir/ServiceRequest?patient={own}", "bup"))]
    page = world.get(f"/fhir/ServiceRequest?patient={own}&_count=1&_total=none", "bup")
    seen = []
    while True:
        assert "total" not in fields(page)
        seen += [r["id"] for r in matches(page)]
        assert len(seen) <= len(whole)
        following = [link["url"] for link in fields(page)["link"] if link["relation"] == "next"]
        if not following:
            break
        task = next(r for r in emma if r["type"] == "tiltak")
        world.hand_in(
            "logg", {**task, "endret": f"2026-11-20T09:00:0{len(seen)}+01:00", "tittel": f"{len(seen)}"}
        )
        parts = urlsplit(following[0])
        page = world.get(f"{parts.path}?{parts.query}", "bup")
    assert seen == whole


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("Goal?patient={p}&lifecycle-status=active", 2),
        ("Goal?patient={p}&lifecycle-status=completed", 0),
        (
            "ServiceRequest?patient={p}&category=https://stafettbro.no/fhir/CodeSystem/entry-kind|henvisning",
            1,
        ),
        ("ServiceRequest?subject=Patient/{p}&category=henvisning", 1),
        ("Communication?patient={p}&category=lysglimt,melding", None),
        ("Goal?patient={p}&_lastUpdated=ge2026-11-21", 2),
        ("Goal?patient={p}&_lastUpdated=lt2026-11-21", 0),
        ("Goal?patient={p}&_lastUpdated=gt2026-11-21T11:59:59Z&_lastUpdated=le2026-11-21T12:00:00Z", 2),
        ("CarePlan?patient={p}&category=individuell-plan", 0),
    ],
)
def test_filters(with_emma: tuple[World, str], query: str, count: int | None) -> None:
    world, own = with_emma
    found = fields(world.get("/fhir/" + query.format(p=own), "bup"))
    assert found["total"] == count if count is not None else found["total"] > 1


@pytest.mark.parametrize(
    "query",
    [
        "Goal",
        "Goal?_count=3",
        "Patient",
        "Goal?patient=a&patient=b",
        "Goal?patient=a,b",
        "Goal?patient=a&ukjent=1",
        "Goal?patient=a&_include=Goal:finnes-ikke",
        "Goal?patient=a&_lastUpdated=igår",
        "Goal?patient=a&_lastUpdated=2026-02-30",
        "Goal?patient=a&_count=mange",
        "Goal?patient=a&identifier=urn:oid:2.16.578.1.12.4.1.4.1|14831770229",
        "Goal/x/_history?_since=2026-01-01",
        "Goal?patient=a%00",
    ],
)
def test_a_search_that_is_not_understood_is_refused_whole(world: World, query: str) -> None:
    answer = world.get(f"/fhir/{query}", "bup")
    assert answer.status_code == 400
    assert fields(answer)["issue"][0]["severity"] == "error"


def test_each_answer_with_content_is_one_disclosure(with_emma: tuple[World, str]) -> None:
    world, own = with_emma
    world.get(f"/fhir/CarePlan?patient={own}&_include=CarePlan:goal", "bup")
    world.get(f"/fhir/Goal?patient={own}&lifecycle-status=completed", "bup")
    world.get("/fhir/Goal/finnes-ikke", "bup")
    told = fields(world.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
    assert [(one["channel"], one["state"], one["client"]) for one in told] == [("read", "delivered", "bup")]
    kinds = sorted(item["ref"].partition("/")[0] for item in told[0]["items"])
    assert kinds == ["CarePlan", "Goal", "Goal"]
    assert all(item["ground"] == "G1" and item["consents"] for item in told[0]["items"])


def test_only_the_tenants_own_systems_read_and_operators_do_not(with_emma: tuple[World, str]) -> None:
    world, own = with_emma
    assert fields(world.get(f"/fhir/Goal?patient={own}", "nabo"))["total"] == 0
    refused = world.get(f"/fhir/Goal?patient={own}", "drift")
    assert (refused.status_code, fields(refused)["resourceType"]) == (403, "OperationOutcome")
    assert world.http.get(f"/fhir/Goal?patient={own}").status_code == 401


def test_other_forms_and_types_are_refused(world: World) -> None:
    headers = world.headers("bup", Accept="application/fhir+xml")
    assert world.http.get("/fhir/metadata", headers=headers).status_code == 406
    assert world.get("/fhir/Goal/1?_format=xml", "bup").status_code == 406
    assert world.get("/fhir/Medication/1", "bup").status_code == 404
    assert world.get("/fhir/Goal/en%20id", "bup").status_code == 400


def test_the_capability_statement_is_valid_and_claims_what_there_is(world: World) -> None:
    statement = fields(world.get("/fhir/metadata", "bup"))
    get_fhir_model_class("CapabilityStatement").model_validate(statement)
    (rest,) = statement["rest"]
    assert {r["type"] for r in rest["resource"]} == set(KINDS) | {"AuditEvent"}
    for resource in rest["resource"]:
        if resource["type"] == "AuditEvent":  # of those who oversee it
            continue
        for parameter in resource["searchParam"]:
            value = {"_lastUpdated": "2026-11-21", "identifier": "a|b"}.get(parameter["name"], "x")
            names = KINDS[resource["type"]]
            base = "patient=x" if names.patient else "_id=x"
            path = f"/fhir/{resource['type']}?{base}&{parameter['name']}={value}"
            assert world.get(path, "bup").status_code == 200, path
        for included in resource.get("searchInclude", []):
            path = f"/fhir/{resource['type']}?patient=x&_include={included}"
            assert world.get(path, "bup").status_code == 200, path


def test_a_search_in_the_order_of_change_page_by_page(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    goals = [r for r in emma if r["type"] == "maal"]
    for number, wish in enumerate(reversed(goals)):
        world.later()
        world.hand_in(
            "logg", {**wish, "tekst": f"Nummer {number}", "endret": f"2026-11-20T1{number}:00:00+01:00"}
        )
    forwards = ordered(world, f"/fhir/Goal?patient={own}&_sort=_lastUpdated&_count=1")
    backwards = ordered(world, f"/fhir/Goal?patient={own}&_sort=-_lastUpdated&_count=1")
    times = [r["meta"]["lastUpdated"] for r in forwards]
    assert times == sorted(times)
    assert len(set(times)) == len(goals) > 1
    assert backwards == forwards[::-1]
    since = forwards[-1]["meta"]["lastUpdated"]
    newest = world.get(
        f"/fhir/Goal?patient={own}&_sort=_lastUpdated&_lastUpdated=ge{since[:-1]}%2B00:00", "bup"
    )
    assert matches(newest) == forwards[-1:]
    for wrong in ("status", "_lastUpdated,_id", ""):
        assert world.get(f"/fhir/Goal?patient={own}&_sort={wrong}", "bup").status_code == 400


def ordered(world: World, path: str) -> list[dict[str, Any]]:
    """All pages of a search."""
    found: list[dict[str, Any]] = []
    while True:
        page = world.get(path, "bup")
        found += matches(page)
        following = [one["url"] for one in fields(page)["link"] if one["relation"] == "next"]
        if not following:
            return found
        path = following[0].removeprefix("http://testserver")


def test_a_log_is_found_by_its_level(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0]).removeprefix("Patient/")
    found = [
        fields(world.get(f"/fhir/CarePlan?patient={own}&nivaa={level}", "bup"))["total"] for level in "123"
    ]
    assert found == [0, 1, 0]


def test_what_a_reader_may_not_see_is_not_found_by_it(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0]).removeprefix("Patient/")
    totals = {
        client: fields(world.get(f"/fhir/CarePlan?patient={own}&bekymring=sosialeVansker", client))["total"]
        for client in ("logg", "bup")
    }
    assert totals == {"logg": 1, "bup": 0}  # nobody has consented to `bekymring`


def test_a_number_in_vain_takes_as_long_whether_the_child_is_here_or_not(world: World) -> None:
    """National ids can be tried; how long the search takes is not to tell which of them are known."""
    log = unshared("jonas")
    world.hand_in("logg", log)
    for number in (log[0]["barn"]["fnr"], "13816798756"):
        began = time.monotonic()
        assert matches(find(world, "lege", number)) == []
        assert time.monotonic() - began >= STEP
