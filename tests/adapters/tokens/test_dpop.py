"""Proofs of a key: a fresh one each time, about one request and one token."""

from __future__ import annotations

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, RSAKey, import_key
from joserfc.jws import JWSRegistry

from adapters.tokens.dpop import Proofs, bare, token_hash
from adapters.tokens.signing import SigningKey

URL = "https://bup.example/fhir/Goal?patient=1&x=%20#part"


def read(proof: str) -> tuple[dict[str, object], dict[str, object]]:
    """Header and claims, after the signature was checked with the key in the header."""
    registry = JWSRegistry(algorithms=["ES256", "PS256"])
    registry.max_header_length = 2048  # an RSA key is larger than what joserfc reads by itself
    header = jws.extract_compact(proof.encode(), registry=registry).headers()
    key = import_key(header["jwk"])
    return header, dict(jwt.decode(proof, key, registry=registry).claims)


def test_a_proof_names_method_address_and_token_and_shows_no_private_part() -> None:
    header, claims = read(Proofs(clock=lambda: 1000.9).proof("post", URL, "abc"))
    assert (header["typ"], header["alg"]) == ("dpop+jwt", "ES256")
    assert set(header) == {"typ", "alg", "jwk"}
    assert set(header["jwk"]) == {"kty", "crv", "x", "y"}  # type: ignore[call-overload]
    assert claims == {
        "jti": claims["jti"],
        "htm": "POST",
        "htu": "https://bup.example/fhir/Goal",
        "iat": 1000,
        "ath": "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0",  # of "abc"
    }


def test_no_two_proofs_are_alike() -> None:
    proofs = Proofs(clock=lambda: 1000.0)
    assert len({read(proofs.proof("GET", URL))[1]["jti"] for _ in range(50)}) == 50


def test_the_nonce_of_a_server_goes_to_that_server_alone() -> None:
    proofs = Proofs()
    assert not proofs.told(URL, None, resource=True)
    assert not proofs.told(URL, "x" * 513, resource=True)
    assert "nonce" not in read(proofs.proof("GET", URL, "t"))[1]
    assert proofs.told(URL, "n1", resource=True)
    assert proofs.told(URL, "n2", resource=True)
    assert read(proofs.proof("GET", "https://bup.example/other", "t"))[1]["nonce"] == "n2"
    assert "nonce" not in read(proofs.proof("GET", "https://other.example/", "t"))[1]
    assert "nonce" not in read(proofs.proof("POST", "https://bup.example/token"))[1]  # who gives tokens


def test_a_configured_key_is_used_and_two_processes_have_two() -> None:
    rsa = RSAKey.generate_key(2048, private=True)
    header, _ = read(Proofs(SigningKey(rsa, "PS256")).proof("GET", URL))
    assert (header["alg"], set(header["jwk"])) == ("PS256", {"kty", "n", "e"})  # type: ignore[call-overload]
    assert Proofs().thumbprint != Proofs().thumbprint
    key = ECKey.generate_key("P-256", private=True)
    assert Proofs(SigningKey(key, "ES256")).thumbprint == key.thumbprint()


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://a.example", "https://a.example/"),
        ("https://a.example:8443/b/c%2Fd?e=f#g", "https://a.example:8443/b/c%2Fd"),
    ],
)
def test_an_address_in_a_proof_has_no_query(url: str, named: str) -> None:
    assert bare(url) == named


def test_the_digest_of_a_token_is_that_of_the_standard() -> None:
    # RFC 9449, section 7.1
    token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
    assert token_hash(token) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
