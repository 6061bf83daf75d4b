"""What is refused by the head of a request alone, and how fast one client may ask."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.access.client_address import client_address
from gateway.access.pace import REMEMBERED, Pace
from gateway.api.edge import HEADERS
from gateway.api.guard import MOST_ADDRESS, MOST_HEAD, MOST_HEADERS
from gateway.config import Limits
from tests.access.issuer_server import Issuer
from tests.api.world import World, fields, settings

BODY = b'{"type":"maal"}'


def send(world: World, *extra: tuple[str, str], path: str = "/systems/logg/records") -> httpx.Response:
    """A post with these headers beside or instead of the usual ones, each as it stands."""
    usual = {"Host": "testserver", "Content-Type": "application/json", **world.headers("logg")}
    kept = [
        (name, value) for name, value in usual.items() if name not in dict(extra) or (name, value) in extra
    ]
    request = httpx.Request("POST", f"http://testserver{path}", headers=[*kept, *extra], content=BODY)
    return world.http.send(request)


@pytest.mark.parametrize(
    ("extra", "status", "code"),
    [
        ([("Content-Encoding", "gzip")], 415, "encoding"),
        ([("Content-Encoding", "identity, br")], 415, "encoding"),
        ([("Content-Type", "application/json"), ("Content-Type", "text/plain")], 400, "header-twice"),
        ([("Stafettbro-System", "logg"), ("Stafettbro-System", "plan")], 400, "header-twice"),
        ([("Idempotency-Key", "a"), ("Idempotency-Key", "b")], 400, "header-twice"),
        ([("Host", "testserver"), ("Host", "annet.example")], 400, "header-twice"),
        ([("Stafettbro_System", "plan")], 400, "header-name"),
        ([("Content_Length", "3")], 400, "header-name"),
        ([("Transfer-Encoding", "chunked")], 400, "framing"),
        ([("Host", "annet.example")], 421, "host"),
        ([("Host", "testserver.annet.example")], 421, "host"),
        ([("Host", "testserver@annet.example")], 400, "host"),
        ([("Host", "[")], 400, "host"),
        ([("Host", "")], 400, "host"),
        ([("X-Fill", "a" * MOST_HEAD)], 431, "head"),
        ([(f"X-{n}", "a") for n in range(MOST_HEADERS)], 431, "head"),
    ],
)
def test_a_head_that_can_be_misread_is_refused(
    world: World, extra: list[tuple[str, str]], status: int, code: str
) -> None:
    answer = send(world, *extra)
    assert (answer.status_code, fields(answer)["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert all(answer.headers[name] == value for name, value in HEADERS.items())


def test_a_head_as_others_send_it_is_let_in(world: World) -> None:
    for extra in ([("Host", "TestServer:443")], [("Content-Encoding", "identity")], [("X_Own", "1")]):
        assert send(world, *extra).status_code == 422, extra  # it is the record that is wrong
    long = world.http.get("/healthz?" + "a" * MOST_ADDRESS)
    assert (long.status_code, fields(long)["code"]) == (414, "head")


def test_who_asks_whether_we_live_may_call_us_by_any_name(world: World) -> None:
    for path, status in {"/healthz": 200, "/readyz": 200, "/metrics": 421, "/healthz/": 421}.items():
        answer = world.http.get(path, headers={"Host": "10.0.0.7:8420"})
        assert answer.status_code == status, path


def test_a_name_of_ours_in_the_request_leads_nowhere(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    told = {
        "X-Forwarded-Host": "annet.example",
        "X-Forwarded-Proto": "gopher",
        "Forwarded": "host=annet.example",
    }
    answer = world.get("/fhir/metadata", "bup", **told)
    assert answer.status_code == 200
    assert "annet" not in answer.text
    assert "gopher" not in answer.text


def test_no_other_origin_may_read(world: World) -> None:
    for headers in ({}, world.headers("drift")):
        answer = world.http.get("/lanes", headers={**headers, "Origin": "https://annet.example"})
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    asked = {"Origin": "https://annet.example", "Access-Control-Request-Method": "GET"}
    assert world.http.options("/lanes", headers=asked).status_code == 405


@pytest.fixture
def hurried(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> World:
    """A gateway at which each client has three requests, and one more each ten seconds."""
    limits = Limits(requests_per_second=0.1, requests_at_once=3)
    return World(settings(sqlite_url, tmp_path, issuer).model_copy(update={"limits": limits}), issuer)


def test_a_client_that_asks_too_often_is_told_to_wait_and_no_other_is(hurried: World) -> None:
    answers = [hurried.get("/lanes", "drift") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    last = answers[-1]
    assert (last.headers["content-type"], fields(last)["code"]) == ("application/problem+json", "too-many")
    assert 1 <= int(last.headers["retry-after"]) <= 10
    other = {"X-Forwarded-For": "10.1.1.1", "Host": "localhost"}  # it is the token that is counted
    assert hurried.get("/lanes", "drift", **other).status_code == 429
    assert hurried.get("/lanes", "nabodrift").status_code == 200
    assert hurried.http.get("/healthz").status_code == 200
    for _ in range(3):
        hurried.get("/fhir/metadata", "bup")
    refused = hurried.get("/fhir/metadata", "bup")
    assert (refused.status_code, fields(refused)["resourceType"]) == (429, "OperationOutcome")
    assert fields(refused)["issue"][0]["code"] == "throttled"
    hurried.close()


def test_a_refused_token_costs_nobody_else_a_request(hurried: World) -> None:
    forged = {"Authorization": "Bearer " + hurried.token("drift")[:-4] + "AAAA"}
    assert {hurried.http.get("/lanes", headers=forged).status_code for _ in range(9)} == {401}
    assert hurried.get("/lanes", "drift").status_code == 200
    hurried.close()


def test_a_pause_fills_the_bucket_up_to_its_brim() -> None:
    now = 0.0
    pace = Pace(2.0, 3, lambda: now)
    assert [pace.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    now = 0.5
    assert [pace.wait("a"), pace.wait("a")] == [0, 0.5]
    now = 1_000.0
    assert [pace.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_those_in_a_hurry_are_forgotten_in_the_order_in_which_they_are_quiet() -> None:
    pace = Pace(0.001, 1, lambda: 0.0)
    assert pace.wait("first") == 0
    for n in range(REMEMBERED - 1):
        pace.wait(n)
    assert pace.wait("first") > 0
    for n in range(REMEMBERED):
        pace.wait(-n - 1)
    assert pace.wait("first") == 0


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # nobody asked that one
        ("10.0.0.2", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.2", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),  # what comes first is anybody's word
        ("10.0.0.2", ["198.51.100.1", "203.0.113.7, 10.0.0.3"], "203.0.113.7"),
        ("10.0.0.2", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.2", ["garbage"], "unknown"),
        ("10.0.0.2", [], "10.0.0.2"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", [], "2001:db8:1:2::/64"),
        (None, ["198.51.100.1"], "unknown"),
    ],
)
def test_from_where_somebody_comes(peer: str | None, forwarded: list[str], counted: str) -> None:
    assert client_address(peer, forwarded, [ip_network("10.0.0.0/8")]) == counted
