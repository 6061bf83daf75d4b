"""The demo's login for people: the gateway's own login goes through at the issuer as a process, and nothing
else does, from nowhere but this machine."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from joserfc.jwk import ECKey
from pydantic import ValidationError

from gateway.access.client_proof import ClientProof
from gateway.access.people_login import OPERATES, SEES_CONTENT, Begun, PeopleLogin, Proven
from gateway.config import DEMO_LEVEL, Login, Settings
from gateway.demo import people, sample_children
from gateway.demo.demo_logins import DemoLogin, new_logins
from gateway.demo.login_clients import LoginClients
from gateway.demo.processes import ChildFailed
from gateway.errors import ConfigurationError, NotReady, Unauthenticated
from mappings.canonical import FNR, HPR
from tests.demo.running import Running, started

GATEWAY = "http://127.0.0.1:65123"  # nobody follows the answer there in these tests
LOGINS = {login.who: login for login in new_logins()}
FAMILY, STAFF = LOGINS["family"], LOGINS["staff"]


def clients_file(folder: Path, gateway: str = GATEWAY) -> None:
    known = {"audience": "x", "clients": {}, "logins": {o.id: o.client(gateway) for o in LOGINS.values()}}
    (folder / "clients.json").write_bytes(msgspec.json.encode(known))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("issuer")
    clients_file(folder)
    for one in LOGINS.values():
        (folder / f"{one.id}.jwk").write_bytes(one.secret)
    with started(folder, "issuer", ["--state", str(folder)], "/jwks") as running:
        running.http.headers.pop("Authorization")
        yield running


def login(issuer: Running, one: DemoLogin, **changes: Any) -> Login:
    """The gateway's configuration of this login, as the demo writes it."""
    told = one.settings(issuer.url, f"file:{issuer.folder / f'{one.id}.jwk'}")
    return Login.model_validate({**told, **changes})


def at_gateway(issuer: Running, one: DemoLogin, back: str = "", **changes: Any) -> PeopleLogin:
    return PeopleLogin(login(issuer, one, **changes), back or one.client(GATEWAY).back, time.time)


def choose(issuer: Running, address: str, who: str) -> httpx.Response:
    """Come to the page and click on somebody."""
    page = issuer.http.get(address)
    assert page.status_code == 200, page.text
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    return issuer.http.post("/hvem", data=hidden | {"person": who})


def answer_of(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 303, response.text
    return {
        name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()
    }


def through(issuer: Running, one: DemoLogin, who: str) -> Proven:
    way = at_gateway(issuer, one)
    begun, address = way.begin()
    return way.finish(begun, answer_of(choose(issuer, address, who)))


# --- it goes through -------------------------------------------------------------------------------------


def test_the_mother_is_known_by_her_number_and_the_coordinator_by_her_user(issuer: Running) -> None:
    mother = through(issuer, FAMILY, "ingrid")
    assert (FNR, "09898504473") in mother.identities
    coordinator = through(issuer, STAFF, "grete")
    assert coordinator.identities == ((f"user {issuer.url}", "grete"),)
    assert (HPR, "9144897") in through(issuer, STAFF, "berit").identities


def test_of_those_who_operate_the_gateway_one_may_see_content(issuer: Running) -> None:
    didrik, inger = (through(issuer, LOGINS["operations"], who) for who in ("didrik", "inger"))
    assert (didrik.rights, inger.rights) == ({OPERATES}, {OPERATES, SEES_CONTENT})
    assert inger.name == "Inger Innsyn"


def test_the_page_says_that_it_is_a_demonstration_and_who_one_can_be(issuer: Running) -> None:
    _, address = at_gateway(issuer, FAMILY).begin()
    page = issuer.http.get(address)
    assert "Hvem vil du være?" in page.text
    assert "Ingen ekte innlogging" in page.text
    for one in people.PEOPLE:
        assert one.name in page.text
        assert one.line in page.text
        assert (f'value="{one.subject}"' in page.text) == (one.who == "family")
    assert f"form-action 'self' {GATEWAY};" in page.headers["content-security-policy"]


def test_sample_people_have_the_numbers_and_seats_of_the_samples() -> None:
    found: dict[str, Any] = {}
    for system in ("stafettlogg", "individuell-plan"):
        for one in sample_children.everything(system, date(2026, 11, 21)):
            found |= {one["id"]: one} if one["type"] == "deltaker" else {}
    numbers = {one.get("fnr") for one in found.values()} | {one.get("hpr") for one in found.values()}
    for one in people.PEOPLE:
        assert one.seats <= found.keys()
        assert one.national_id in numbers
        assert one.hpr in numbers
        for seat in one.seats:
            name = found[seat]["navn"]
            assert f"{name['fornavn']} {name['etternavn']}" == one.name


# --- and nothing else does -------------------------------------------------------------------------------


def test_nobody_logs_in_by_a_login_that_is_not_theirs(issuer: Running) -> None:
    _, address = at_gateway(issuer, FAMILY).begin()
    assert choose(issuer, address, "berit").status_code == 400
    assert choose(issuer, address, "nobody").status_code == 400
    assert choose(issuer, address, "jonas").status_code == 303


def test_a_login_is_answered_once_and_a_code_counts_once(issuer: Running) -> None:
    way = at_gateway(issuer, FAMILY)
    begun, address = way.begin()
    answer = answer_of(choose(issuer, address, "ingrid"))
    assert issuer.http.get(address).status_code == 400
    assert way.finish(begun, answer)
    with pytest.raises(Unauthenticated):
        way.finish(begun, answer)


def test_a_code_is_worth_nothing_without_the_verifier_or_at_another_login(issuer: Running) -> None:
    way = at_gateway(issuer, FAMILY)
    for other in (way, at_gateway(issuer, STAFF)):
        begun, address = way.begin()
        answer = answer_of(choose(issuer, address, "ingrid"))
        verifier = begun.verifier[::-1] if other is way else begun.verifier
        with pytest.raises(Unauthenticated):
            other.finish(Begun(begun.state, begun.nonce, verifier), answer)


def test_people_are_sent_back_to_the_demo_and_nowhere_else(issuer: Running, tmp_path: Path) -> None:
    """An installation that is pointed at the demo's issuer gets no login, even with the demo's key."""
    with pytest.raises(NotReady):
        at_gateway(issuer, FAMILY, back="https://stafettbro.fjordbyen.no/min-side/logg-inn/x/svar").begin()
    clients_file(tmp_path, "https://stafettbro.fjordbyen.no")
    with pytest.raises(ChildFailed), started(tmp_path, "issuer", ["--state", str(tmp_path)], "/jwks"):
        pytest.fail("it started")


def pushed(issuer: Running, **changes: str | None) -> httpx.Response:
    form: dict[str, str | None] = {
        "response_type": "code",
        "redirect_uri": FAMILY.client(GATEWAY).back,
        "scope": "openid",
        "state": "s",
        "nonce": "n",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
        **ClientProof(login(issuer, FAMILY), time.time).at("").fields,
        **changes,
    }
    return issuer.http.post("/par", data={name: value for name, value in form.items() if value is not None})


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
        {"state": None},
        {"nonce": None},
        {"scope": "profile"},
        {"response_type": "token"},
        {"redirect_uri": "http://127.0.0.1:1/"},
    ],
)
def test_a_request_that_lacks_something_is_refused(issuer: Running, changes: dict[str, str | None]) -> None:
    assert pushed(issuer).status_code == 201
    answer = pushed(issuer, **changes)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def assertions(issuer: Running) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What is no proof of who calls."""
    ours = login(issuer, FAMILY)
    yield "none", {"client_assertion": "", "client_assertion_type": ""}
    yield "an unknown client", {**ClientProof(ours, time.time).at("").fields, "client_id": "x"}
    yield (
        "another client's",
        {**ClientProof(login(issuer, STAFF), time.time).at("").fields, "client_id": ours.id},
    )
    yield (
        "for another issuer",
        ClientProof(ours.model_copy(update={"issuer": "http://127.0.0.1:1"}), time.time).at("").fields,
    )
    yield "an old one", ClientProof(ours, lambda: time.time() - 60).at("").fields
    key = issuer.folder / "stranger.jwk"
    stranger = ECKey.generate_key("P-256", {"alg": "ES256"}, auto_kid=True)
    key.write_bytes(msgspec.json.encode(stranger.as_dict(private=True)))
    theirs = ours.model_copy(update={"key_ref": f"file:{key}"})
    yield "a stranger's key", ClientProof(theirs, time.time).at("").fields


def test_only_the_gateway_of_this_demo_begins_a_login(issuer: Running) -> None:
    for why, fields in assertions(issuer):
        answer = pushed(issuer, **fields)
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"}), why
    once = ClientProof(login(issuer, FAMILY), time.time).at("").fields
    assert [pushed(issuer, **once).status_code for _ in range(2)] == [201, 401]


def test_it_answers_on_this_machine_alone_and_by_no_other_name(issuer: Running) -> None:
    port = urlsplit(issuer.url).port
    for name in ("demo.example", "localhost", "0.0.0.0"):
        assert issuer.http.get("/jwks", headers={"Host": f"{name}:{port}"}).status_code == 400
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), 2):
        pytest.fail("it listens on more than 127.0.0.1")


# --- no installation trusts it ---------------------------------------------------------------------------


def configured(issuer: Running, **changes: Any) -> Settings:
    told = {"tenants": [{"id": "fjordbyen", "name": "F"}], "systems": [], "logins": [login(issuer, FAMILY)]}
    return Settings.model_validate({**told, "public_url": GATEWAY, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"public_url": "https://stafettbro.fjordbyen.no"},
        {"public_url": "http://stafettbro.fjordbyen.no"},
        {"hosts": ["stafettbro.fjordbyen.no"]},
    ],
)
def test_no_configuration_of_an_installation_accepts_the_demos_level(
    issuer: Running, changes: dict[str, Any]
) -> None:
    assert configured(issuer).logins
    with pytest.raises(ValidationError, match="counts on this machine alone"):
        configured(issuer, **changes)


def test_an_id_token_of_the_demo_is_refused_whatever_claim_is_taken_for_the_level(issuer: Running) -> None:
    for changes in ({"acr": ["idporten-loa-high"]}, {"acr_claim": "sub", "acr": ["ingrid"]}):
        way = at_gateway(issuer, FAMILY, **changes)
        begun, address = way.begin()
        with pytest.raises(Unauthenticated) as refused:
            way.finish(begun, answer_of(choose(issuer, address, "ingrid")))
        assert refused.value.code == "id-token-level"
    assert login(issuer, FAMILY).acr == (DEMO_LEVEL,)


def test_the_clients_of_another_machine_are_no_clients() -> None:
    for gateway in ("https://127.0.0.1", "http://10.0.0.1:8420", "http://127.0.0.1.example:8420"):
        with pytest.raises(ConfigurationError):
            LoginClients({"x": FAMILY.client(gateway)}, "http://127.0.0.1:1")
