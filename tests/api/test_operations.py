"""Health, figures and lanes."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import text

from gateway.api.readiness import LOOKS_PER_SECOND
from gateway.events import Event
from tests.api.test_fhir_read import person
from tests.api.world import World, fields
from tests.databases import as_owner


def test_health_needs_no_token_and_says_whether_the_database_is_there(any_world: World) -> None:
    assert any_world.http.get("/healthz").json() == {"status": "ok"}
    ready = any_world.http.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": True, "migrated": True})
    with as_owner(any_world.service.store.url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    behind = any_world.http.get("/readyz")
    assert (behind.status_code, behind.json()["checks"]["migrated"]) == (503, False)


def test_whoever_asks_without_a_token_keeps_nobody_busy(world: World) -> None:
    looked = 0
    looking = world.service.store.outside

    def counted(*given: Any, **named: Any) -> Any:
        nonlocal looked
        looked += 1
        return looking(*given, **named)

    world.service.store.outside = counted  # type: ignore[method-assign]
    began = time.monotonic()
    assert {world.http.get("/readyz").status_code for _ in range(4 * LOOKS_PER_SECOND)} == {200}
    assert looked <= LOOKS_PER_SECOND * (1 + time.monotonic() - began) + 1


def test_the_embedded_worker_is_part_of_readiness(world: World) -> None:
    with world.http as http:
        assert http.get("/readyz").json()["checks"]["worker"] is True
    assert world.http.get("/readyz").json()["checks"]["worker"] is False


def test_every_answer_carries_the_strict_headers(world: World) -> None:
    for path in ("/healthz", "/lanes", "/finnes-ikke", "/fhir/Goal/1"):
        headers = world.http.get(path).headers
        assert headers["cache-control"] == "no-store", path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "no-referrer", path
        assert headers["strict-transport-security"] == "max-age=31536000", path
        assert headers["cross-origin-resource-policy"] == "same-origin", path
        policy = headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy), path


def test_unknown_paths_and_methods_are_problems_too(world: World) -> None:
    unknown = world.http.get("/finnes-ikke")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")
    wrong = world.http.delete("/healthz")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")
    assert world.http.request("TRACE", "/healthz", headers={"X-Told": "Emma"}).status_code == 405
    fhir = world.http.get("/fhir/finnes/ikke/her/i/det/hele")
    assert fields(fhir)["resourceType"] == "OperationOutcome"


def test_what_nobody_foresaw_is_noted_and_not_told(world: World, caplog: Any) -> None:
    def broken(*_: object) -> None:
        raise ValueError("Emma Sofie Testesen")

    world.service.intake.take = broken  # type: ignore[method-assign, assignment]
    answer = world.hand_in("logg", [])
    assert (answer.status_code, fields(answer)["code"]) == (500, "internal")
    assert "Emma" not in answer.text
    assert "SB0010" in caplog.text
    assert "Emma" not in caplog.text


def test_who_is_not_let_in_stands_in_the_log_without_what_was_shown(world: World, caplog: Any) -> None:
    caplog.set_level("INFO", logger="stafettbro")
    world.http.get("/people/01010112345/held", headers={"Authorization": "Bearer Emma.Sofie.Testesen"})
    world.post("/systems/logg/records", "plan", [])
    world.hand_in("logg", [{}] * 1001)
    world.hand_in("logg", b"Emma")
    world.http.request("EMMA", "/lanes?x=Emma")
    lines = [line.getMessage() for line in caplog.records if line.getMessage().startswith("SB0011")]
    assert [line.partition(" method=")[2] for line in lines] == [
        "GET route=/people/{person_id}/held status=401 code=token-malformed",
        "POST route=/systems/{system}/records status=403 code=other-system",
        "POST route=/systems/{system}/records status=413 code=too-large",
    ]
    misread = [one.getMessage() for one in caplog.records if one.getMessage().startswith("SB0012")]
    assert [line.partition(" method=")[2] for line in misread] == [
        "POST route=/systems/{system}/records status=400 code=not-json",
        "other route=/lanes status=405 code=method-not-allowed",
    ]
    assert "Emma" not in caplog.text
    assert "01010112345" not in caplog.text


def test_every_event_has_a_number_of_its_own() -> None:
    numbers = [event.value[0] for event in Event]
    assert len(set(numbers)) == len(numbers)


def test_metrics_count_and_name_nobody_elses_systems(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma[:2])
    assert world.http.get("/metrics").status_code == 401
    text = world.get("/metrics", "drift").text
    assert 'stafettbro_records_total{status="stored",system="logg"} 2.0' in text
    assert 'route="/systems/{system}/records",status="200"' in text
    assert 'stafettbro_lanes{recipient="bup",state="waiting"} 1.0' in text
    assert "nabologg" not in text
    assert 'system="logg"' not in world.get("/metrics", "nabodrift").text


def test_lanes_are_shown_page_by_page_and_to_those_they_concern(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    first = fields(world.get("/lanes?limit=3", "drift"))
    rest = fields(world.get(f"/lanes?after={first['next']}", "drift"))
    assert sorted(one["recipient"] for one in first["lanes"] + rest["lanes"]) == [
        "bup",
        "lege",
        "logg",
        "plan",
    ]
    assert rest["next"] is None
    assert fields(world.get("/lanes", "bup"))["lanes"] == []  # it was told nothing of her yet
    own = person(world, emma[0])
    assert world.get(f"/timeline/{own}", "bup").status_code == 200
    assert [one["recipient"] for one in fields(world.get("/lanes", "bup"))["lanes"]] == ["bup"]
    assert fields(world.get("/lanes?recipient=bup&state=held", "drift"))["lanes"] == []
    assert fields(world.get("/lanes", "nabodrift"))["lanes"] == []


def test_an_operator_holds_releases_and_replays(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", emma)
    lane = fields(any_world.get("/lanes?recipient=bup", "drift"))["lanes"][0]
    path = f"/lanes/{lane['id']}"
    held = fields(any_world.post(f"{path}/hold", "drift", {"reason": "agreed-stop"}))
    assert (held["state"], held["lastError"]) == ("held", "agreed-stop")
    again = any_world.post(f"{path}/hold", "drift", {"reason": "asked"})
    assert (again.status_code, fields(again)["code"]) == (409, "lane-held")
    assert fields(any_world.post(f"{path}/release", "drift"))["state"] == "waiting"
    assert fields(any_world.post(f"{path}/replay", "drift"))["behind"] >= len(emma)
    for written in ("", "Emma er syk", ["asked"], None):  # what is written freely might be about a child
        refused = any_world.post(f"{path}/hold", "drift", {"reason": written})
        assert (refused.status_code, "Emma" in refused.text) == (422, False)
    assert any_world.post(f"{path}/release", "nabodrift").status_code == 404
    assert any_world.post(f"{path}/release", "logg").status_code == 404


def test_a_running_lane_is_left_alone_and_its_owner_named(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    lane = fields(world.get("/lanes?recipient=bup", "drift"))["lanes"][0]
    with world.service.store.write("fjordbyen") as connection:
        connection.execute(text("UPDATE lane SET state='running', owner='w1' WHERE recipient='bup'"))
        connection.execute(
            text("INSERT INTO worker (id, lock_key, host, pid, gone, started) VALUES ('w1',0,'x',1,true,0)")
        )
    busy = world.post(f"/lanes/{lane['id']}/release", "drift")
    assert (busy.status_code, fields(busy)["code"]) == (409, "lane-running")
    shown = fields(world.get("/lanes?state=running", "drift"))["lanes"][0]
    assert shown["owner"] == {"id": "w1", "host": "x", "pid": 1, "process": "dead"}
