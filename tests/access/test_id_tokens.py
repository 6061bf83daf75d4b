"""An ID token counts only when everything it says is exactly right."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey

from gateway import jsontext
from gateway.access.id_tokens import IdTokens
from gateway.config import Login
from gateway.errors import Unauthenticated
from tests.access import issuer_server
from tests.access.issuer_server import NOW, Issuer
from tests.access.possession import signed

NONCE = "n-0S6_WzA2Mj"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


@pytest.fixture(scope="module")
def tokens(issuer: Issuer) -> IdTokens:
    return IdTokens(login(issuer), lambda: NOW)


def login(issuer: Issuer, **changes: Any) -> Login:
    """A login at this issuer."""
    given = {
        "id": "idporten",
        "name": "ID-porten",
        "tenant": "fjordbyen",
        "who": "family",
        "issuer": issuer.url,
        "client_id": "stafettbro",
        "key_ref": "env:NONE",
        "acr": ["idporten-loa-high"],
    }
    return Login.model_validate(given | changes)


def claims(issuer: Issuer, **changes: Any) -> dict[str, Any]:
    """What a good token says; a change to None removes it."""
    good = {
        "iss": issuer.url,
        "aud": "stafettbro",
        "sub": "someone",
        "nonce": NONCE,
        "acr": "idporten-loa-high",
        "iat": int(NOW),
        "exp": int(NOW) + 120,
        "pid": "09898504473",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(issuer: Issuer, *, header: dict[str, Any] | None = None, key: Any = None, **changes: Any) -> str:
    """A signed token."""
    full = {"alg": "ES256", "kid": "k1"} | (header or {})
    return jwt.encode(full, claims(issuer, **changes), key or issuer.key, algorithms=[full["alg"]])


def test_a_good_one_counts(tokens: IdTokens, issuer: Issuer) -> None:
    assert tokens.check(token(issuer), NONCE)["pid"] == "09898504473"
    assert tokens.check(token(issuer, aud=["stafettbro"], azp="stafettbro"), NONCE)["sub"] == "someone"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://another.example"}, "id-token-issuer"),
        ({"iss": None}, "id-token-issuer"),
        ({"aud": "another"}, "id-token-audience"),
        ({"aud": None}, "id-token-audience"),
        ({"aud": ["stafettbro", "another"]}, "id-token-audience"),
        ({"aud": []}, "id-token-audience"),
        ({"azp": "another"}, "id-token-audience"),
        ({"nonce": "another"}, "id-token-nonce"),
        ({"nonce": None}, "id-token-nonce"),
        ({"nonce": 7}, "id-token-nonce"),
        ({"acr": "idporten-loa-low"}, "id-token-level"),
        ({"acr": None}, "id-token-level"),
        ({"sub": None}, "id-token-subject"),
        ({"sub": ""}, "id-token-subject"),
        ({"sub": "s" * 256}, "id-token-subject"),
        ({"exp": int(NOW) - 31}, "id-token-expired"),
        ({"exp": None}, "id-token-malformed"),
        ({"exp": True}, "id-token-malformed"),
        ({"exp": "9999999999"}, "id-token-malformed"),
        ({"iat": int(NOW) - 601}, "id-token-expired"),
        ({"iat": int(NOW) + 31}, "id-token-early"),
        ({"iat": None}, "id-token-malformed"),
        ({"nbf": int(NOW) + 31}, "id-token-early"),
    ],
)
def test_one_wrong_claim_is_enough(
    tokens: IdTokens, issuer: Issuer, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Unauthenticated) as refused:
        tokens.check(token(issuer, **changes), NONCE)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"kid": "unknown"}, "id-token-key"),
        ({"typ": "at+jwt"}, "id-token-type"),
        ({"crit": ["b64"]}, "id-token-malformed"),
    ],
)
def test_a_wrong_header_is_refused(
    tokens: IdTokens, issuer: Issuer, header: dict[str, Any], code: str
) -> None:
    text = jsontext.encode(claims(issuer))
    full = {"alg": "ES256", "kid": "k1"} | header
    registry = jws.JWSRegistry(strict_check_header=False)
    registry.check_header = lambda _: None  # type: ignore[method-assign] # an attacker checks nothing
    made = jws.serialize_compact(full, text, issuer.key, registry=registry)
    with pytest.raises(Unauthenticated) as refused:
        tokens.check(made, NONCE)
    assert refused.value.code == code


def test_another_key_under_the_same_name_is_refused(tokens: IdTokens, issuer: Issuer) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "k1"})
    with pytest.raises(Unauthenticated) as refused:
        tokens.check(token(issuer, key=stranger), NONCE)
    assert refused.value.code == "id-token-signature"


def test_no_signature_and_a_shared_secret_are_refused(tokens: IdTokens, issuer: Issuer) -> None:
    _, body, _ = token(issuer).split(".")
    for none in ("none", "None", "NONE"):
        head = urlsafe_b64encode(jsontext.encode({"alg": none})).rstrip(b"=").decode()
        with pytest.raises(Unauthenticated) as refused:
            tokens.check(f"{head}.{body}.", NONCE)
        assert refused.value.code == "id-token-algorithm"
    head = urlsafe_b64encode(jsontext.encode({"alg": "HS256", "kid": "k1"})).rstrip(b"=").decode()
    digest = hmac.digest(issuer.key.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    with pytest.raises(Unauthenticated) as refused:
        tokens.check(f"{head}.{body}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}", NONCE)
    assert refused.value.code == "id-token-algorithm"


def test_a_changed_body_is_refused(tokens: IdTokens, issuer: Issuer) -> None:
    head, _, signature = token(issuer).split(".")
    _, other, _ = token(issuer, pid="01828303534").split(".")
    with pytest.raises(Unauthenticated) as refused:
        tokens.check(f"{head}.{other}.{signature}", NONCE)
    assert refused.value.code == "id-token-signature"


@pytest.mark.parametrize("text", [None, "", "x", "a.b", "a.b.c", "e30.e30.", "æ.ø.å", "a" * 20_000, 7])
def test_what_is_no_token_is_refused(tokens: IdTokens, text: object) -> None:
    with pytest.raises(Unauthenticated):
        tokens.check(text, NONCE)


@pytest.mark.parametrize(
    "twice", ['"nonce": "another"', '"sub": "somebody-else"', '"iss": "https://evil.example"']
)
def test_one_that_says_something_twice_is_read_by_nobody(
    tokens: IdTokens, issuer: Issuer, twice: str
) -> None:
    said = b"{" + twice.encode() + b", " + jsontext.encode(claims(issuer))[1:]
    forged = signed({"alg": "ES256", "kid": "k1"}, said, issuer.key)
    with pytest.raises(Unauthenticated) as caught:
        tokens.check(forged, NONCE)
    assert caught.value.code == "id-token-malformed"
