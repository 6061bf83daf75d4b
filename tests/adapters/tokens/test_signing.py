"""Our keys: which are fit, what each signs with, and how long what they sign counts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from adapters.tokens.authentication import Assertion
from adapters.tokens.faults import SecretGone
from adapters.tokens.signing import signing_keys

RSA = RSAKey.generate_key(2048, private=True)


def text(*keys: Any, **more: str) -> str:
    rows = [{**key.as_dict(private=True), **more} for key in keys]
    return json.dumps(rows[0] if len(rows) == 1 else {"keys": rows})


@pytest.mark.parametrize(("curve", "algorithm"), [("P-256", "ES256"), ("P-384", "ES384"), ("P-521", "ES512")])
def test_a_curve_has_its_algorithm(curve: Any, algorithm: str) -> None:
    (key,) = signing_keys(text(ECKey.generate_key(curve, private=True)))
    assert key.algorithm == algorithm


def test_an_rsa_key_says_what_it_signs_with_or_is_told() -> None:
    assert signing_keys(text(RSA))[0].algorithm == "RS256"
    assert signing_keys(text(RSA), "PS256")[0].algorithm == "PS256"
    assert signing_keys(text(RSA, alg="RS384"), "PS256")[0].algorithm == "RS384"


def test_a_set_keeps_its_order_and_leaves_out_what_only_encrypts() -> None:
    first, second = ECKey.generate_key("P-256", private=True), RSA
    rows = [
        first.as_dict(private=True),
        {**RSA.as_dict(private=True), "use": "enc"},
        second.as_dict(private=True),
    ]
    assert [k.algorithm for k in signing_keys(json.dumps({"keys": rows}))] == ["ES256", "RS256"]


UNFIT = [
    "", "geheim", "[]", "7", '{"keys": []}', '{"keys": [7]}', '{"keys": 7}', '{"kty": "EC"}',
    json.dumps(ECKey.generate_key("P-256").as_dict(private=False)),
    text(ECKey.generate_key("secp256k1", private=True)),
    text(OctKey.generate_key(256)),
    text(OKPKey.generate_key("Ed25519", private=True)),
    text(RSA, alg="HS256"),
    text(RSA, alg="none"),
    text(RSAKey.generate_key(1024, private=True)),
]  # fmt: skip


@pytest.mark.parametrize("unfit", UNFIT, ids=[str(place) for place in range(len(UNFIT))])  # no key in a name
def test_what_is_no_fit_key_is_refused_without_being_shown(unfit: str) -> None:
    with pytest.raises(SecretGone) as told:
        signing_keys(unfit)
    assert "geheim" not in str(told.value)


def test_an_assertion_is_for_ten_seconds_and_one_call() -> None:
    keys = signing_keys(text(ECKey.generate_key("P-256", private=True), RSA, kid="k"))
    made = Assertion(
        "me", lambda: keys, lambda: 1000.7, audience="https://login.example", claims={"iss": "other"}
    )
    first, again = (made.fields("https://login.example/token", turn) for turn in (0, 0))
    header = jws.extract_compact(first["client_assertion"].encode()).headers()
    assert header == {"alg": "ES256", "typ": "client-authentication+jwt", "kid": "k"}
    claims = jwt.decode(first["client_assertion"], keys[0].key, algorithms=["ES256"]).claims
    other = jwt.decode(again["client_assertion"], keys[0].key, algorithms=["ES256"]).claims
    assert claims.pop("jti") != other.pop("jti")
    assert claims == other == {
        "iss": "me", "sub": "me", "aud": "https://login.example", "iat": 1000, "nbf": 1000, "exp": 1010
    }  # fmt: skip
    second = made.fields("https://login.example/token", 1)["client_assertion"]
    assert jws.extract_compact(second.encode()).headers()["alg"] == "RS256"
