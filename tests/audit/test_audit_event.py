"""The audit as FHIR tells it, to whoever oversees it, and to nobody else."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from gateway.access import scopes
from tests.api.test_fhir_read import find, person
from tests.api.world import World, fields

PATTERN = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."


@pytest.fixture
def own(world: World, emma: list[dict[str, Any]]) -> str:
    assert world.hand_in("logg", emma).status_code == 200
    return person(world, emma[0])


def events(world: World, query: str = "", client: str = "drift") -> list[dict[str, Any]]:
    answer = world.get(f"/fhir/AuditEvent{query}", client)
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in fields(answer).get("entry", [])]


def agent(event: dict[str, Any], code: str) -> dict[str, Any]:
    (found,) = [a for a in event["agent"] if a.get("type", {}).get("coding", [{}])[0].get("code") == code]
    return found  # type: ignore[no-any-return]


def test_a_read_follows_the_pattern_of_a_read(world: World, own: str) -> None:
    world.get(f"/fhir/Patient/{own}", "bup")
    one, *_ = events(world, f"?patient={own}")
    assert one["meta"]["profile"] == [f"{PATTERN}PatientRead"]
    assert (one["type"]["code"], one["subtype"][0]["code"], one["action"], one["outcome"]) == (
        "rest",
        "read",
        "R",
        "0",
    )
    assert agent(one, "110152")["who"]["identifier"]["value"] == "343231946"
    assert agent(one, "110153")["who"]["display"] == "Stafettbro"
    about, data = one["entity"]
    assert about["what"]["reference"] == f"Patient/{own}"
    assert (about["type"]["code"], about["role"]["code"]) == ("1", "1")
    assert data["what"]["reference"].startswith(f"Patient/{own}/_history/")
    assert (data["type"]["code"], data["role"]["code"]) == ("2", "4")


def test_a_search_follows_the_pattern_of_a_query_and_tells_no_value(world: World, own: str) -> None:
    assert own
    find(world, "bup", "01010112345")
    one, *_ = events(world)
    assert one["meta"]["profile"] == [f"{PATTERN}Query"]
    (query,) = one["entity"]
    assert b64decode(query["query"]) == b"POST /fhir/{type}/_search"
    assert query["role"]["code"] == "24"
    world.get(f"/fhir/Goal?patient={own}", "bup")
    one, *_ = events(world)
    assert one["meta"]["profile"] == [f"{PATTERN}PatientQuery"]
    kinds = [entity["type"]["code"] for entity in one["entity"]]
    assert kinds[:2] == ["1", "2"]
    assert set(kinds[2:]) <= {"Goal"}


def test_what_was_refused_is_a_failure_of_no_pattern(world: World, own: str) -> None:
    assert own
    world.get("/fhir/Patient/00000000-0000-0000-0000-000000000000", "bup")
    one, *_ = events(world)
    assert (one["outcome"], one["outcomeDesc"], "meta" in one) == ("4", "404", False)


def test_one_entry_is_read_by_its_id_and_pages_follow_each_other(world: World, own: str) -> None:
    for _ in range(5):
        world.get(f"/fhir/Patient/{own}", "bup")
    every = events(world, f"?patient={own}&_count=200")
    one = fields(world.get(f"/fhir/AuditEvent/{every[0]['id']}", "drift"))
    assert one == every[0]
    first = fields(world.get(f"/fhir/AuditEvent?patient={own}&_count=2", "drift"))
    seen = [entry["resource"]["id"] for entry in first["entry"]]
    after = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = fields(world.get(after.removeprefix("http://testserver"), "drift"))
    seen += [entry["resource"]["id"] for entry in second["entry"]]
    numbers = [int(own_id.removeprefix("audit-")) for own_id in seen]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4


def test_a_time_is_asked_for(world: World, own: str) -> None:
    world.get(f"/fhir/Patient/{own}", "bup")
    world.later(minutes=60 * 48)
    world.get(f"/fhir/Patient/{own}", "bup")
    (one,) = [e for e in events(world, "?date=ge2026-11-23") if e["action"] == "R" and "meta" in e]
    assert one["recorded"].startswith("2026-11-23T12:00:00")
    assert events(world, "?date=lt2026-11-21") == []
    assert world.get("/fhir/AuditEvent?date=igaar", "drift").status_code == 400
    assert world.get("/fhir/AuditEvent?agent=x", "drift").status_code == 400


def test_a_system_is_told_of_its_own_looks_alone_and_a_neighbour_of_none(world: World, own: str) -> None:
    world.get(f"/fhir/Patient/{own}", "bup")
    world.get(f"/fhir/Goal?patient={own}", "lege")
    ids = {event["id"] for event in events(world)}
    theirs = events(world, client="bup")
    assert {event["id"] for event in theirs} < ids
    reads = [e for e in theirs if "read" in str(e.get("subtype"))]
    assert {agent(e, "110152")["who"]["display"] for e in reads} == {"bup"}
    for client in ("nabodrift", "nabo"):
        assert own not in str(events(world, client=client))
        told = [world.get(f"/fhir/AuditEvent/{one}", client).text for one in sorted(ids)]
        assert own not in "".join(told)
    narrow = sorted(scopes.ALL - {scopes.AUDIT_READ})
    assert (
        world.http.get("/fhir/AuditEvent", headers=world.headers("drift", " ".join(narrow))).status_code
        == 403
    )


def test_looking_at_the_audit_is_told_of_too(world: World, own: str) -> None:
    events(world, f"?patient={own}")
    one, *_ = events(world, f"?patient={own}")
    assert (one["type"]["code"], one["subtype"][0]["code"]) == ("rest", "search")
    assert one["entity"][0]["what"]["reference"] == f"Patient/{own}"


# --- in plain words ----------------------------------------------------------------------------------------


def looked(world: World, own: str, reader: str, client: str = "drift") -> Any:
    return world.get(f"/people/{own}/audit?reader={reader}", client)


def readers(world: World, own: str) -> dict[str, str]:
    """Emma's participants in the log, by role."""
    desk = world.app.state.desk
    with desk.service.store.read("fjordbyen") as connection:
        facts = desk.service.facts.read(connection, "fjordbyen", own, 10**6)
    return {p.role: p.id for p in facts.facts.participants}


def test_a_guardian_is_told_in_both_written_forms_who_looked(world: World, own: str) -> None:
    guardian = next(ref for ref in readers(world, own).values() if ref.startswith("RelatedPerson/"))
    world.get(f"/fhir/Goal?patient={own}", "bup")
    told = fields(looked(world, own, guardian))["looked"]
    sentences = {one["said"]["nb"] for one in told}
    assert any(s.startswith("BUP Fjordane, Indre Fjord søkte og fikk se") for s in sentences), sentences
    assert any("såg" in one["said"]["nn"] or "søkte og fekk sjå" in one["said"]["nn"] for one in told)
    assert "Et samtykke ble skrevet inn eller endret." in sentences


def test_what_a_reader_may_not_see_leaves_no_trace_of_who_saw_it(world: World, own: str) -> None:
    """The same looks, told to two readers: each is told of no more items than it may see."""
    world.get(f"/timeline/{own}", "bup")
    every = {e["id"] for e in events(world, f"?patient={own}")}
    assert every
    for reader in readers(world, own).values():
        answer = looked(world, own, reader)
        held = world.get(f"/people/{own}/held?reader={reader}", "drift")
        if answer.status_code == 404:
            assert held.status_code == 404
            continue
        seen = {item["item"] for one in fields(held)["holders"] for item in one["items"]}
        got = {ref for one in fields(answer)["looked"] if one["kind"] != "decision" for ref in one["items"]}
        assert got <= seen


def test_nobody_is_told_for_one_who_takes_no_part(world: World, own: str) -> None:
    assert looked(world, own, "RelatedPerson/00000000-0000-0000-0000-000000000000").status_code == 404
    assert looked(world, "00000000-0000-0000-0000-000000000000", "RelatedPerson/x").status_code == 404
    guardian = next(iter(readers(world, own).values()))
    assert looked(world, own, guardian, "nabodrift").status_code == 404
