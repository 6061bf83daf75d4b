"""OWASP API Security Top 10, 2023 edition: each item tried at the front door of a gateway with two
municipalities. How far each reaches beyond what is here stands in docs/owasp.md.

Source: OWASP API Security Top 10 2023, API1 to API10.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from gateway import jsontext
from gateway.access import scopes
from gateway.api.app import assemble
from gateway.api.limits import MOST_BYTES
from tests.access.errands import ERRANDS, FHIR, Errand
from tests.access.matrix import published, unpublished
from tests.access.town import CANARIES, MOTHER, ORIGIN, OTHER_MOTHER, READS, WHO, Town, made_up
from tests.api.world import World, fields
from tests.end_to_end.plant import wait_until

OPEN = {"GET /healthz", "GET /readyz"}  # no token, and nothing about anyone
WRITES = [name for name in ERRANDS if not name.startswith("GET") and "(" not in name]
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@pytest.fixture
def town(municipalities: Town) -> Town:
    return municipalities


@pytest.fixture
def world(town: Town) -> World:
    return town.world


def ask(world: World, name: str, errand: Errand, things: dict[str, str], **shown: str) -> httpx.Response:
    """An errand with these headers."""
    path, content, headers = errand.sent(things | {"own": "logg"})
    method = name.partition(" ")[0]
    return world.http.request(method, path, content=content, headers=headers | shown, follow_redirects=False)


def change_numbers(world: World) -> list[tuple[Any, ...]]:
    """How far every person has come: any version or fact that was written shows here."""
    with world.service.store.read("fjordbyen") as connection:
        rows = connection.exec_driver_sql("SELECT id, change_no, facts_no FROM person ORDER BY id").all()
    return [tuple(row) for row in rows]


# --- API1: broken object level authorization --------------------------------------------------------------


@pytest.mark.parametrize("client", ["fremmed", "nabobup", "nabodrift"])
def test_api1_an_object_is_reached_by_its_id_alone_by_nobody(town: Town, client: str) -> None:
    headers = town.world.headers(client)
    named = [name for name, one in ERRANDS.items() if one.named - {"own", "number", "entry"}]
    named = [name for name in named if "{system}" not in name]  # which systems there are is no secret
    before = change_numbers(town.world)
    assert len(named) > 45
    for name in named:
        answer = ask(town.world, name, ERRANDS[name], town.things, **headers)
        absent = ask(town.world, name, ERRANDS[name], made_up(town.things), **headers)
        assert answer.status_code == absent.status_code, name
        assert not [one for one in CANARIES if one in answer.text], name
    assert change_numbers(town.world) == before


def test_api1_neither_header_nor_body_makes_a_client_another(town: Town) -> None:
    """The client of the token decides; a header chooses among its own systems alone."""
    own = town.things["person"]
    for named in ("logg", "bup", "plan"):
        headers = {"Stafettbro-System": named, "X-Tenant": "fjordbyen", "X-Forwarded-User": "drift"}
        for client in ("fremmed", "nabobup"):
            shown = town.world.headers(client, **{k.replace("-", "_"): v for k, v in headers.items()})
            assert town.world.http.get(f"/timeline/{own}", headers=shown).status_code == 404


# --- API2: broken authentication --------------------------------------------------------------------------


def test_api2_nothing_but_a_valid_token_of_a_known_client_lets_in(town: Town) -> None:
    """Each kind of forgery at each route: tests/api/test_forged.py."""
    world, now = town.world, int(time.time())
    times = {"iat": now, "exp": now + 600, "scope": " ".join(scopes.ALL), "client_id": "drift"}
    thief = ECKey.generate_key("P-256", {"kid": "k1"})
    forged = {
        "no alg": _unsigned(world.token("drift")),
        "the thief's key": world.issuer.token(key=thief, **times),
        "expired": world.issuer.token(**{**times, "exp": now - 120}),
        "another audience": world.issuer.token(**times, aud="other"),
        "another issuer": world.issuer.token(**times, iss="https://evil.example"),
        "an unknown client": world.issuer.token(**{**times, "client_id": "ukjent"}),
        "an ID token": world.issuer.token({"typ": "JWT"}, **times),
        "the public key's address": world.issuer.token({"jku": "https://evil.example/jwks"}, thief, **times),
    }
    for what, token in forged.items():
        answer = world.http.get("/lanes", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.headers["www-authenticate"][:6]) == (401, "Bearer"), what
    good = world.token("drift")
    assert world.http.get("/lanes", headers={"Authorization": f"Bearer {good}"}).status_code == 200
    assert world.http.get(f"/lanes?access_token={good}").status_code == 401


def _unsigned(token: str) -> str:
    return f"eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{token.split('.')[1]}."


def test_api2_a_session_is_worth_nothing_once_it_has_ended(town: Town) -> None:
    key = town.session(MOTHER)
    cookie = {"Cookie": f"__Host-stafettbro={key}"}
    home = town.world.http.get(f"{ORIGIN}/min-side", headers=cookie)
    assert "Emma" in home.text
    sent = {"bevis": re.findall(r'name="bevis" value="([^"]+)"', home.text)[0]}
    out = town.world.http.post(f"{ORIGIN}/min-side/logg-ut", data=sent, headers=cookie | {"Origin": ORIGIN})
    assert out.status_code == 200
    assert "Emma" not in town.world.http.get(f"{ORIGIN}/min-side", headers=cookie).text


# --- API3: broken object property level authorization -----------------------------------------------------


def test_api3_what_of_a_thing_is_not_for_a_caller_is_not_in_the_answer(town: Town) -> None:
    world, things = town.world, town.things
    conflict = fields(world.get(f"/conflicts/{things['conflict']}", "drift"))
    assert {side: conflict[side].get("value") for side in ("current", "theirs")} == {
        "current": None, "theirs": None,
    }  # fmt: skip
    lane = fields(world.get("/lanes", "bup"))["lanes"][0]
    assert not {"owner_key", "content", "tenant", "cursor"} & lane.keys()
    found = fields(world.get(f"/fhir/Goal/{things['goal']}", "bup"))
    assert "egneOrd" not in found
    assert not re.search(r"residue|rest\b|e-m1", json.dumps(found))  # what the log alone can hold stays there


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/people/{person}/acts", {"kind": "finding", **WHO, "recipients": ["lege"], "categories": ["maal"]}),
        ("/people/{person}/recall", {"items": ["Goal/{goal}"], "by": WHO["by"], "reason": "feil-person"}),
        ("/people/{kept}/merge", {"other": "{joined}", **WHO}),
        ("/consents/{consent}/withdraw", {"by": "RelatedPerson/{mother}"}),
        ("/lanes/{lane}/hold", {"reason": "agreed-stop"}),
        ("/deviations/{deviation}/close", WHO),
    ],
)
@pytest.mark.parametrize("extra", [{"client": "drift"}, {"system": "bup"}, {"tenant": "nabokommune"}])
def test_api3_what_a_request_may_not_say_is_refused_and_not_passed_over(
    town: Town, path: str, body: dict[str, Any], extra: dict[str, str]
) -> None:
    before = change_numbers(town.world)
    sent, content, headers = Errand(path, body | extra).sent(town.things)
    answer = town.world.http.post(sent, content=content, headers=headers | town.world.headers("drift"))
    assert answer.status_code == 422, answer.text
    assert change_numbers(town.world) == before


def test_api3_what_a_server_sets_is_not_set_by_who_writes(town: Town) -> None:
    world = town.world
    given = ERRANDS["POST /fhir/{type}"].body | {
        "id": town.things["goal"],
        "meta": {"versionId": "99", "lastUpdated": "2020-01-01T00:00:00Z", "source": "https://logg.example"},
    }
    made = ask(world, "POST ", Errand("/fhir/Goal", given, FHIR), town.things, **world.headers("bup"))
    assert made.status_code == 201
    told = fields(made)
    assert told["id"] != town.things["goal"]
    assert (told["meta"]["versionId"], told["meta"]["lastUpdated"][:4]) != ("99", "2020")
    who = fields(world.get(f"/decisions?patient={town.things['person']}&recipient=lege", "drift"))["items"]
    assert {one["source"] for one in who if one["item"] == f"Goal/{told['id']}"} == {"bup"}


def test_api3_a_kind_of_act_above_ones_scope_is_refused(town: Town) -> None:
    wanted = " ".join(scopes.ALL - {scopes.EMERGENCY_WRITE})
    asked = ERRANDS["POST /people/{person_id}/acts (in danger)"]
    shown = {"Authorization": f"Bearer {town.world.token('logg', wanted)}"}
    answer = ask(town.world, "POST ", asked, town.things, **shown)
    assert (answer.status_code, fields(answer)["code"]) == (403, "no-emergency")


# --- API4: unrestricted resource consumption --------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/systems/logg/records", b'"' + b"x" * MOST_BYTES + b'"', 413),
        ("/systems/logg/records", b"[" * 100_000, 400),
        ("/systems/logg/records", b"[" * 65 + b"]" * 65, 400),
        ("/systems/logg/records", b"[" + b"{}," * 1_000 + b"{}]", 413),
        ("/worklist/search", b'{"hpr": "1", "limit": 100000}', 422),
        ("/people/{person}/recall", json.dumps({"items": ["Goal/x"] * 101, **WHO}).encode(), 422),
    ],
)
def test_api4_what_a_request_may_cost_is_bounded(town: Town, path: str, content: bytes, status: int) -> None:
    headers = town.world.headers("logg", Content_Type="application/json")
    answer = town.world.http.post(path.format(**town.things), content=content, headers=headers)
    assert answer.status_code == status, answer.text[:300]


def test_api4_every_list_has_pages_of_a_bounded_length(town: Town) -> None:
    document = json.loads(jsontext.encode(assemble().openapi()))
    paged = [
        (path, one["schema"]["maximum"])
        for path, item in document["paths"].items()
        for one in item.get("get", {}).get("parameters", [])
        if one["name"] in ("limit", "_count")
    ]
    assert len(paged) >= 12
    assert max(most for _, most in paged) <= 1_000
    answer = town.world.get("/lanes?limit=1000000", "drift")
    assert (answer.status_code, len(fields(town.world.get("/lanes?limit=1", "drift"))["lanes"])) == (400, 1)


# --- API5: broken function level authorization ------------------------------------------------------------


def test_api5_a_token_that_reads_changes_nothing_anywhere(town: Town) -> None:
    token, before = town.world.token("logg", " ".join(READS)), change_numbers(town.world)
    assert len(WRITES) >= 25
    searches = {"POST /fhir/{type}/_search", "POST /worklist/search"}  # so that no address holds a number
    for name in set(WRITES) - searches:
        answer = ask(town.world, name, ERRANDS[name], town.things, Authorization=f"Bearer {token}")
        assert answer.status_code == 403, name
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"], name
    assert change_numbers(town.world) == before


def test_api5_another_method_finds_no_other_function(town: Town) -> None:
    own = town.things["person"]
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"):
        for path in ("/lanes", f"/people/{own}/acts", f"/fhir/Goal/{town.things['goal']}", "/deviations"):
            if (method, path.startswith("/fhir")) != ("PUT", True):
                answer = town.world.http.request(method, path, headers=town.world.headers("drift"))
                assert answer.status_code == 405, (method, path)
    spoofed = town.world.headers("drift", X_HTTP_Method_Override="POST", X_Method_Override="POST")
    path = f"/lanes/{town.things['lane']}/release"
    assert town.world.http.get(path, headers=spoofed).status_code == 405


# --- API6: unrestricted access to sensitive business flows ------------------------------------------------


def test_api6_sharing_in_danger_is_one_item_to_one_system_for_a_day_at_most(town: Town) -> None:
    world, own = town.world, town.things["person"]
    asked = ERRANDS["POST /people/{person_id}/acts (in danger)"].body
    wrong = ({"items": ["Goal/a", "Goal/b"]}, {"recipients": ["lege", "bup"]}, {"by": " "}, {"reason": ""})
    for more in wrong:
        sent, content, headers = Errand(f"/people/{own}/acts", asked | more).sent(town.things)
        answer = world.http.post(sent, content=content, headers=headers | world.headers("logg"))
        assert answer.status_code == 422, more
    late = Errand(f"/people/{own}/acts", asked | {"ends": "2099-01-01T00:00:00Z"})
    made = fields(ask(world, "POST ", late, town.things, **world.headers("logg")))
    assert made["ends"][:4] == "2026"
    listed = fields(world.get(f"/fhir/AuditEvent?patient={own}&_count=100", "drift"))["entry"]
    assert any(made["id"] in json.dumps(one) for one in listed)


def test_api6_the_same_report_or_discussion_again_is_one(town: Town) -> None:
    answers = [
        ask(town.world, name, ERRANDS[name], town.things, **town.world.headers("logg"))
        for name in ("POST /welfare/reports", "POST /people/{person}/anonymous-discussions")
        for _ in range(3)
    ]
    assert len({fields(one)["id"] for one in answers}) == 2


# --- API7: server side request forgery --------------------------------------------------------------------


@contextmanager
def trap() -> Iterator[tuple[str, list[str]]]:
    """An address, and who has called there."""
    called: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            try:
                while True:
                    called.append(str(server.accept()[1]))
            except OSError:
                return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", called
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_api7_no_address_that_somebody_names_is_called(town: Town) -> None:
    """Addresses of recipients and issuers are the configuration's; whoever names another is not followed."""
    world = town.world
    with trap() as (url, called):
        document = {
            "resourceType": "DocumentReference", "status": "current",
            "subject": {"reference": "Patient/{person}"},
            "content": [{"attachment": {"url": f"{url}/a", "contentType": "text/plain"}}],
        }  # fmt: skip
        entry = {"fullUrl": f"{url}/fhir/DocumentReference/1", "resource": document}
        entry |= {"request": {"method": "POST", "url": "DocumentReference"}}
        far = {"request": {"method": "GET", "url": f"{url}/fhir/Goal/1"}}
        for entries, expected in (([entry], 200), ([entry, far], 400)):
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            sent = ask(world, "POST ", Errand("/fhir", bundle, FHIR), town.things, **world.headers("bup"))
            assert sent.status_code == expected, sent.text
        token = world.issuer.token({"jku": f"{url}/keys", "x5u": f"{url}/x5u"}, client_id="drift", iss=url)
        assert world.http.get("/lanes", headers={"Authorization": f"Bearer {token}"}).status_code == 401
        asked = {"Host": url[7:], "X-Forwarded-Host": url[7:], "Referer": url}
        shown = town.world.http.get(f"{ORIGIN}/min-side/spraak/nn", headers=asked, follow_redirects=False)
        assert shown.headers["location"] == "/min-side"
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))):
            wait_until(lambda: bool(called), 10, "a call is seen")
    assert len(called) == 1


# --- API8: security misconfiguration ----------------------------------------------------------------------


def test_api8_every_answer_carries_the_headers_and_no_other_origin_is_let_in(town: Town) -> None:
    world = town.world
    asked = ("GET /healthz", "GET /lanes", "GET /nowhere", "GET /min-side", "OPTIONS /lanes")
    for method, path in (one.split() for one in asked):
        for client in (None, "drift"):
            headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
            headers |= world.headers(client) if client else {}
            answer = world.http.request(method, f"{ORIGIN}{path}", headers=headers)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert "server" not in answer.headers


def test_api8_what_fails_inside_is_not_told(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError(f"SELECT secret FROM child WHERE name = '{CANARIES[0]}'")

    monkeypatch.setattr("gateway.api.lanes._rows", broken)
    http = TestClient(town.world.app, raise_server_exceptions=False)
    answer = http.get("/lanes", headers=town.world.headers("drift"))
    assert (answer.status_code, fields(answer)["code"]) == (500, "internal")
    assert not re.search(r"SELECT|Traceback|\.py|Emma", answer.text)
    http.close()


# --- API9: improper inventory management ------------------------------------------------------------------


def test_api9_there_is_no_route_that_no_list_knows(town: Town) -> None:
    """The lists are the contract and the tables of the matrix (test_matrix.py, test_matrix_of_pages.py)."""
    told = set(published())
    assert not told & set(unpublished())
    for name in told:
        answer = ask(town.world, name, ERRANDS[name], town.things)
        assert answer.status_code == (200 if name in OPEN else 401), name
    assert {name.partition(" ")[2].split("/")[1] for name in unpublished()} == {"min-side"}
    for path in ("/docs", "/redoc", "/openapi.json", "/v1/lanes", "/debug", "/admin", "/.env", "//lanes"):
        assert town.world.get(path, "drift").status_code == 404, path


# --- API10: unsafe consumption of APIs --------------------------------------------------------------------


def test_api10_what_a_recipient_says_lets_nobody_in(town: Town) -> None:
    """BUP's server says that the mother permits everything, and that a stranger takes part."""
    world, own = town.world, town.things["person"]
    before = _permitted(world, own)
    mother = {"reference": f"RelatedPerson/{town.things['mother']}"}
    actor = {"identifier": {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "399999998"}}
    role = {"coding": [{"code": "IRCP"}]}
    said = {
        "resourceType": "Consent", "status": "active", "patient": {"reference": "Patient/{person}"},
        "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope",
                              "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "performer": [mother], "dateTime": "2026-11-01",
        "provision": {"type": "permit", "actor": [{"role": role, "reference": actor}]},
    }  # fmt: skip
    made = ask(world, "POST ", Errand("/fhir/Consent", said, FHIR), town.things, **world.headers("bup"))
    assert made.status_code == 201, made.text
    assert _permitted(world, own) <= before
    assert world.get(f"/timeline/{own}", "fremmed").status_code == 404


def _permitted(world: World, own: str) -> set[str]:
    items = fields(world.get(f"/decisions?patient={own}&recipient=fremmed", "drift"))["items"]
    return {one["item"] for one in items if one["outcome"] != "deny"}


@pytest.mark.parametrize(
    "change",
    [
        {"description": {"text": 7}},
        {"lifecycleStatus": {"code": "active"}},
        {"subject": {"reference": "Patient/../../etc"}},
        {"target": [{"detailQuantity": {"value": "NaN"}}]},
        {"resourceType": "Goal", "contained": "x"},
    ],
)
def test_api10_what_is_not_valid_is_not_taken_from_a_known_server_either(
    town: Town, change: dict[str, Any]
) -> None:
    given = {**ERRANDS["POST /fhir/{type}"].body, **change}
    answer = ask(
        town.world, "POST ", Errand("/fhir/Goal", given, FHIR), town.things, **town.world.headers("bup")
    )
    assert answer.status_code in (400, 422), answer.text


def test_api10_text_of_others_is_text_on_our_pages(town: Town) -> None:
    """Script in a name, as the log tells of it: no page has it as an element."""
    world, evil = town.world, "<script>alert(1)</script>"
    log, barn = town.emma[0], town.emma[0]["barn"]
    named = {**barn, "navn": {**barn["navn"], "fornavn": evil}}
    told = world.hand_in("logg", [{**log, "barn": named, "endret": "2026-11-21T10:00:00+01:00"}])
    assert fields(told)["results"][0]["status"] == "stored"
    cookie = {"Cookie": f"__Host-stafettbro={town.session(MOTHER)}"}
    home = world.http.get(f"{ORIGIN}/min-side", headers=cookie).text
    child = re.findall(r'href="(/min-side/barn/[\w-]{24})"', home)[0]
    pages = [world.http.get(f"{ORIGIN}{child}{end}", headers=cookie) for end in ("", "/nytt", "/hvem-har")]
    assert [one.status_code for one in pages] == [200, 200, 200]
    assert all("<script" not in text for text in (home, *(one.text for one in pages)))
    assert "&lt;script&gt;" in home
    other = {"Cookie": f"__Host-stafettbro={town.session(OTHER_MOTHER)}"}
    assert "script" not in world.http.get(f"{ORIGIN}/min-side", headers=other).text
