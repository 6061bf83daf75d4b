"""Employees log in at their municipality's own provider, which has no pushed authorization requests: Entra
ID, with a certificate and its authentication contexts; Feide, with a secret. The certified provider, set up
like these."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from gateway.access.people_login import Begun, PeopleLogin, user
from gateway.config import Login
from gateway.errors import NotReady, Unauthenticated
from tests import peers
from tests.peers import Peer

BACK = "https://gateway.example/min-side/logg-inn/kommune/svar"
THUMBPRINT = "A" * 43
STEPS = 12
SECRET = "what-feide-gave-us+/="


@dataclass(frozen=True)
class Municipality:
    """Its provider, and a folder for our keys."""

    peer: Peer
    folder: Path

    def login(self, **changes: Any) -> PeopleLogin:
        given = {
            "id": "kommune", "name": "Fjordbyen kommune", "tenant": "fjordbyen", "who": "staff",
            "issuer": self.peer.url, "client_id": "entra", "key_ref": f"file:{self.folder}/entra.jwk",
            "assertion_audience": "token", "pushed": False, "acr": ["c1"], "acr_claim": "acrs",
            "scope": "openid profile",
        }  # fmt: skip
        kept = {name: value for name, value in (given | changes).items() if value is not None}
        return PeopleLogin(Login.model_validate(kept), BACK, time.time)

    def feide(self, **changes: Any) -> PeopleLogin:
        secret = f"file:{self.folder}/feide.secret"
        return self.login(client_id="feide", key_ref=None, secret_ref=secret, **changes)


@pytest.fixture(scope="module")
def municipality(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Municipality]:
    folder = tmp_path_factory.mktemp("municipality")
    key = RSAKey.generate_key(2048, {"use": "sig", "alg": "PS256", "x5t#S256": THUMBPRINT}, auto_kid=True)
    (folder / "entra.jwk").write_text(json.dumps(key.as_dict(private=True)))
    bare = key.as_dict(private=True)
    del bare["x5t#S256"]
    (folder / "bare.jwk").write_text(json.dumps(bare))
    (folder / "feide.secret").write_text(SECRET)
    (folder / "wrong.secret").write_text("another")
    public = {"redirect_uris": [BACK]}
    clients = [
        {"client_id": "entra", "jwks": {"keys": [key.as_dict(private=False)]}, **public,
         "token_endpoint_auth_signing_alg": "PS256"},
        {"client_id": "feide", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_basic",
         **public},
    ]  # fmt: skip
    with peers.oidc(clients, plain=True) as peer:
        yield Municipality(peer, folder)


def answered(browser: httpx.Client, address: str, whom: str) -> dict[str, str]:
    """What the provider sends the browser back with, after somebody has logged in where it asks."""
    answer = browser.get(address)
    for _ in range(STEPS):
        assert answer.is_redirect, answer.text
        place = httpx.URL(address).join(answer.headers["location"])
        if str(place).startswith(BACK):
            return dict(place.params)
        asks = place.path.startswith("/whom/")
        answer = browser.post(place, data={"hvem": whom}) if asks else browser.get(place)
    raise AssertionError("the provider goes on and on")


def logged_in(way: PeopleLogin, whom: str = "kari") -> tuple[Begun, dict[str, str]]:
    begun, address = way.begin()
    with httpx.Client(follow_redirects=False, trust_env=False) as browser:
        return begun, answered(browser, address, whom)


def test_entra_id_with_a_certificate_and_an_authentication_context(municipality: Municipality) -> None:
    way = municipality.login()
    begun, answer = logged_in(way)
    assert way.finish(begun, answer).identities == (user(municipality.peer.url, "kari"),)


def test_feide_with_a_secret(municipality: Municipality) -> None:
    way = municipality.feide()
    begun, answer = logged_in(way)
    assert way.finish(begun, answer).identities == (user(municipality.peer.url, "kari"),)


def test_the_address_says_nothing_that_could_be_used(municipality: Municipality) -> None:
    begun, address = municipality.login().begin()
    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert begun.verifier not in address
    assert json.loads(asked["claims"][0]) == {"id_token": {"acrs": {"essential": True, "value": "c1"}}}


def test_a_policy_that_was_not_met_is_not_enough(municipality: Municipality) -> None:
    way = municipality.login()
    begun, answer = logged_in(way, "weak-kari")
    with pytest.raises(Unauthenticated) as refused:
        way.finish(begun, answer)
    assert refused.value.code == "id-token-level"


def test_a_level_that_the_browser_did_not_ask_for_is_not_there(municipality: Municipality) -> None:
    """The address is in the browser's hands: what it takes away is missed."""
    way = municipality.login()
    begun, address = way.begin()
    with httpx.Client(follow_redirects=False, trust_env=False) as browser:
        answer = answered(browser, without(address, "claims"), "kari")
    with pytest.raises(Unauthenticated) as refused:
        way.finish(begun, answer)
    assert refused.value.code == "id-token-level"


@pytest.mark.parametrize(
    "changes",
    [
        {"key_ref": "bare.jwk"},  # no certificate named
        {"assertion_audience": "issuer"},  # HelseID's way
        {"client_id": "feide", "key_ref": None, "secret_ref": "wrong.secret"},
    ],
)
def test_who_does_not_prove_who_they_are_gets_nothing(
    municipality: Municipality, changes: dict[str, Any]
) -> None:
    secrets = [name for name, one in changes.items() if name.endswith("_ref") and one]
    files = {name: f"file:{municipality.folder}/{changes[name]}" for name in secrets}
    way = municipality.login(**(changes | files))
    begun, answer = logged_in(way)
    with pytest.raises(Unauthenticated) as refused:
        way.finish(begun, answer)
    assert refused.value.code == "login-code"


def test_who_is_asked_anew_is_asked_whatever_the_browser_does(municipality: Municipality) -> None:
    """Nothing is pushed here, so the provider has to say when it asked."""
    way = municipality.login()
    with httpx.Client(follow_redirects=False, trust_env=False) as browser:
        answered(browser, way.begin()[1], "kari")
        begun, address = way.begin(anew=True)
        assert parse_qs(urlsplit(address).query)["prompt"] == ["login"]
        assert way.finish(begun, answered(browser, address, "kari")).identities
        for taken in (("prompt", "max_age"), ("prompt", "max_age", "nothing")):
            later, address = way.begin(anew=True)
            later = Begun(later.state, later.nonce, later.verifier, later.anew, later.moment + 60)
            answer = answered(browser, without(address, *taken), "kari")
            with pytest.raises(Unauthenticated) as refused:
                way.finish(later, answer)
            assert refused.value.code == "id-token-not-anew"


def test_a_provider_without_pushed_requests_counts_only_where_the_login_says_so(
    municipality: Municipality,
) -> None:
    with pytest.raises(NotReady):
        municipality.login(pushed=True).begin()


@pytest.mark.parametrize(
    "changes",
    [
        {"who": "family"},
        {"who": "family", "pushed": True, "key_ref": None, "secret_ref": "env:X"},
        {"dpop": True},
        {"secret_ref": "env:X"},
        {"key_ref": None},
    ],
)
def test_the_strict_way_is_never_left_for_families_and_helseid(
    municipality: Municipality, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"pushed|needs `key_ref`"):
        municipality.login(**changes)


def without(address: str, *names: str) -> str:
    """The address with these parameters taken away."""
    parts = urlsplit(address)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name not in names]
    return urlunsplit(parts._replace(query=urlencode(kept)))
