"""The front door of records: one answer each, nothing lost, nothing done twice."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateway import jsontext
from gateway.hub.schema.tables import link
from tests.api.world import World, fields
from tests.sealed import said


def statuses(response: Any) -> list[str]:
    return [one["status"] for one in fields(response)["results"]]


def test_a_log_is_stored_and_the_same_log_again_is_unchanged(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    first = any_world.hand_in("logg", emma)
    assert first.status_code == 200
    assert set(statuses(first)) == {"stored"}
    assert set(statuses(any_world.hand_in("logg", emma[::-1]))) == {"unchanged"}


def test_a_single_record_is_answered_by_itself(world: World, emma: list[dict[str, Any]]) -> None:
    stored = world.hand_in("logg", emma[0])
    assert (stored.status_code, fields(stored)["status"]) == (200, "stored")
    goal = next(r for r in emma if r["type"] == "maal")
    waiting = world.hand_in("logg", {**goal, "logg": "annen-logg"})
    assert (waiting.status_code, fields(waiting)["waitsFor"]) == (202, "annen-logg")
    refused = world.hand_in("logg", {**goal, "status": "finnes-ikke"})
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert fields(refused)["field"] == "status"
    assert fields(refused)["answer"]["status"] == "rejected"


def test_a_bad_line_is_rejected_by_number_and_the_others_go_in(
    world: World, emma: list[dict[str, Any]]
) -> None:
    lines = [jsontext.encode(emma[0]), b'{"type":', b"", b"[1]", jsontext.encode(emma[1])]
    answer = world.hand_in("logg", b"\n".join(lines), Content_Type="application/x-ndjson")
    assert statuses(answer) == ["stored", "rejected", "rejected", "stored"]
    assert [one.get("line") for one in fields(answer)["results"]] == [None, 2, 4, None]


def test_a_list_may_hold_anything_and_only_what_is_wrong_is_rejected(
    world: World, emma: list[dict[str, Any]]
) -> None:
    answer = world.hand_in("logg", [emma[0], 7, {}, None, {"type": "maal"}, emma[1]])
    assert statuses(answer) == ["stored", "rejected", "rejected", "rejected", "rejected", "stored"]


def test_a_character_that_cannot_be_stored_is_that_records_own_fault(
    world: World, emma: list[dict[str, Any]]
) -> None:
    wrong = {**emma[1], "navn": {"fornavn": "a\x00b", "etternavn": "\\u0000 skrevet ut"}}
    answer = world.hand_in("logg", [emma[0], wrong, emma[2]])
    assert statuses(answer) == ["stored", "rejected", "stored"]
    (problem,) = fields(answer)["results"][1]["problems"]
    assert (problem["field"], problem["code"]) == ("navn.fornavn", "forbidden-character")
    goal = {
        "resourceType": "Goal", "id": "1", "meta": {"lastUpdated": "2026-11-21T12:00:00Z"},
        "lifecycleStatus": "active", "subject": {"reference": "Patient/1"}, "description": {"text": "a\x00b"},
    }  # fmt: skip
    alone = world.hand_in("bup", goal)
    assert (alone.status_code, fields(alone)["code"]) == (422, "forbidden-character")


def test_decimals_of_unknown_keys_keep_their_digits(world: World, emma: list[dict[str, Any]]) -> None:
    body = jsontext.encode({**emma[0], "vekt": 0}).replace(b'"vekt":0', b'"vekt":1.10')
    assert fields(world.hand_in("logg", body))["status"] == "stored"
    with world.service.store.read("fjordbyen") as connection:
        kept = [said(connection, link, row) for row in connection.execute(select(link)).all()]
    assert any(b"1.10" in jsontext.encode(content) for content in kept)


def test_the_same_key_gets_the_same_answer_and_another_body_none(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    first = any_world.hand_in("logg", emma, Idempotency_Key="k-1")
    again = any_world.hand_in("logg", emma, Idempotency_Key="k-1")
    assert set(statuses(first)) == {"stored"}
    assert (again.status_code, again.content) == (first.status_code, first.content)
    other = any_world.hand_in("logg", emma[:1], Idempotency_Key="k-1")
    assert (other.status_code, fields(other)["code"]) == (422, "idempotency-key")


def test_a_request_that_failed_leaves_its_key_free(world: World, emma: list[dict[str, Any]]) -> None:
    broken = world.hand_in("logg", b"[1,", Idempotency_Key="k-2")
    assert (broken.status_code, fields(broken)["code"]) == (400, "not-json")
    assert world.hand_in("logg", emma[:1], Idempotency_Key="k-2").status_code == 200


def test_while_the_first_is_under_way_the_same_key_waits(world: World, emma: list[dict[str, Any]]) -> None:
    from gateway.access.tokens_in import Caller
    from gateway.api.idempotency import keyed

    caller = Caller("fjordbyen", "logg", "logg", None, frozenset())
    about = (b"logg", b"application/json", jsontext.encode(emma[:1]))
    keyed(world.service.store, caller, "k-3", *about).begin(world.service.clock())
    answer = world.hand_in("logg", emma[:1], Idempotency_Key="k-3")
    assert (answer.status_code, fields(answer)["code"]) == (409, "idempotency-pending")


def test_another_system_and_another_tenant_are_out_of_reach(world: World, emma: list[dict[str, Any]]) -> None:
    assert world.post("/systems/plan/records", "logg", emma).status_code == 403
    assert world.post("/systems/logg/records", "nabo", emma).status_code == 404
    assert world.post("/systems/finnes-ikke/records", "logg", emma).status_code == 404
    assert world.post("/systems/logg/records", "drift", emma).status_code == 403


def test_no_token_no_scope_no_entry(world: World, emma: list[dict[str, Any]]) -> None:
    bare = world.http.post("/systems/logg/records", json=[])
    assert (bare.status_code, bare.headers["www-authenticate"]) == (401, "Bearer")
    assert bare.headers["content-type"] == "application/problem+json"
    narrow = world.headers("logg", "records.read", Content_Type="application/json")
    assert world.http.post("/systems/logg/records", content=b"[]", headers=narrow).status_code == 403


def test_what_weighs_too_much_is_refused_before_it_is_read(world: World, emma: list[dict[str, Any]]) -> None:
    assert world.hand_in("logg", [{"type": "maal"}] * 1001).status_code == 413
    assert world.hand_in("logg", b" " * (20 * 1024 * 1024 + 1)).status_code == 413
    deep = world.hand_in("logg", b'{"a":' * 65 + b"1" + b"}" * 65)
    assert (deep.status_code, fields(deep)["code"]) == (400, "too-deep")
    assert world.hand_in("logg", b"[" * 100_000).status_code == 400
    assert world.hand_in("logg", b"{}", Content_Type="text/plain").status_code == 415
    assert world.hand_in("logg", b'"tekst"').status_code == 400
