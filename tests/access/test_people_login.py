"""By what somebody may be known after a login, and a provider that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from gateway.access.client_proof import ClientProof
from gateway.access.login_provider import LoginProvider
from gateway.access.people_login import PeopleLogin, identities, user
from gateway.config import Login
from gateway.errors import ConfigurationError, NotReady
from mappings.canonical import DNR, FHN, FNR, HPR
from tests.access import issuer_server
from tests.access.issuer_server import NOW, Issuer
from tests.access.test_id_tokens import login

HPR_CLAIM = "helseid://claims/hpr/hpr_number"
BACK = "https://gateway.example/min-side/logg-inn/idporten/svar"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


@pytest.mark.parametrize(
    ("who", "claims", "expected"),
    [
        ("family", {}, []),
        ("family", {"pid": "09898504473"}, [FNR, DNR, FHN]),
        ("family", {"pid": 9898504473}, []),
        ("family", {"pid": "0989850447"}, []),
        ("family", {"pid": "0989850447a"}, []),
        ("family", {HPR_CLAIM: "9144889"}, []),
        ("staff", {HPR_CLAIM: "9144889"}, [HPR]),
        ("staff", {HPR_CLAIM: "1234567890"}, []),
        ("staff", {"pid": "09898504473", HPR_CLAIM: "9144889"}, [FNR, DNR, FHN, HPR]),
    ],
)
def test_what_somebody_is_known_by(
    issuer: Issuer, who: str, claims: dict[str, Any], expected: list[str]
) -> None:
    found = identities(login(issuer, who=who), {"sub": "s", **claims})
    assert found[0] == user(issuer.url, "s")
    assert [system for system, _ in found[1:]] == expected


@pytest.mark.parametrize(
    ("changes", "fine"),
    [
        ({}, True),
        ({"issuer": "https://another.example"}, False),
        ({"pushed_authorization_request_endpoint": None}, False),
        ({"authorization_endpoint": "http://elsewhere.example/authorize"}, False),
        ({"code_challenge_methods_supported": ["plain"]}, False),
        ({"end_session_endpoint": "http://elsewhere.example/end"}, True),
    ],
)
def test_a_provider_counts_only_with_what_a_login_needs(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], fine: bool
) -> None:
    names = ("authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint")
    document = {"issuer": issuer.url, **{name: f"{issuer.url}/{name}" for name in names}} | changes
    monkeypatch.setattr(issuer, "document", lambda _: document)
    provider = LoginProvider(issuer.url, lambda: NOW)
    if fine:
        assert provider.addresses().end is None
    else:
        with pytest.raises(NotReady):
            provider.addresses()


def test_a_provider_that_is_down_is_told_so_and_not_asked_again_at_once(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
    monkeypatch.setenv("LOGIN_KEY", json.dumps(key.as_dict(private=True)))
    monkeypatch.setattr(issuer, "answers", False)
    times = [NOW]
    way = PeopleLogin(login(issuer, key_ref="env:LOGIN_KEY"), BACK, lambda: times[0])
    with pytest.raises(NotReady):
        way.begin()
    assert way.end() is None


@pytest.mark.parametrize("kind", ["nothing", "public", "small", "oct", "text"])
def test_a_key_that_is_no_good_stops_the_start(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    keys: dict[str, str | None] = {
        "nothing": None,
        "public": json.dumps(ECKey.generate_key("P-256").as_dict(private=False)),
        "small": json.dumps(RSAKey.generate_key(1024).as_dict(private=True)),
        "oct": json.dumps({"kty": "oct", "k": "c2VjcmV0"}),
        "text": "-----BEGIN PRIVATE KEY-----",
    }
    if keys[kind] is not None:
        monkeypatch.setenv("LOGIN_KEY", str(keys[kind]))
    with pytest.raises(ConfigurationError):
        ClientProof(login(issuer, key_ref="env:LOGIN_KEY"), lambda: NOW)


def test_a_login_names_a_tenant_and_a_level() -> None:
    given = {"id": "a", "name": "A", "tenant": "t", "who": "family", "issuer": "i", "client_id": "c"}
    with pytest.raises(ValueError, match="acr"):
        Login.model_validate(given | {"key_ref": "env:KEY", "acr": []})
    with pytest.raises(ValueError, match="must be env:NAME"):
        Login.model_validate(given | {"key_ref": "the key itself", "acr": ["x"]})
