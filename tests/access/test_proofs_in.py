"""The parts of a proof by themselves: nonces, addresses, keys; and who a token is about."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from gateway.access import scopes
from gateway.access.nonces import WINDOW_SECONDS, Nonces
from gateway.access.presented import bearer
from gateway.access.proof_key import is_bound_to, public_key
from gateway.access.request_address import same_address
from gateway.access.tokens_in import Gate
from gateway.config import Settings
from gateway.errors import ConfigurationError, Unauthenticated
from tests.access.conftest import Clock, settings
from tests.access.issuer_server import NOW, Issuer

ASKED = "https://gateway.example/base/people/a%2Fb/timeline"


def test_a_nonce_counts_in_its_window_and_the_next(clock: Clock) -> None:
    here, there = Nonces(b"key", clock), Nonces(b"key", clock)
    clock.now = NOW - NOW % WINDOW_SECONDS
    nonce = here.fresh("since")
    for seconds, counts in (
        (0, True),
        (2 * WINDOW_SECONDS - 1, True),
        (2 * WINDOW_SECONDS, False),
        (-1, False),
    ):
        clock.now = NOW - NOW % WINDOW_SECONDS + seconds
        assert there.holds(nonce, "since") is counts
        assert not there.holds(nonce, "later")
    assert Nonces(b"other", clock).fresh("since") != here.fresh("since")


@pytest.mark.parametrize(
    "said",
    [
        ASKED,
        ASKED.replace("https", "HTTPS"),
        ASKED.replace("gateway", "GATEWAY"),
        ASKED.replace(".example", ".example:443"),
        ASKED.replace("%2F", "%2f"),
        ASKED.replace("people", "%70eople"),
    ],
)
def test_addresses_that_are_the_same(said: str) -> None:
    assert same_address(said, ASKED)


@pytest.mark.parametrize(
    "said",
    [
        "", "/base/people/a%2Fb/timeline", None, 7, [ASKED], ASKED + "/", ASKED + "?", ASKED + "#",
        ASKED + "\\",
        ASKED.replace("%2F", "/"), ASKED.replace("https", "http"), ASKED.replace(".example", ".example:444"),
        ASKED.replace(".example", ".example:x"), ASKED.replace(".example", ".example."),
        ASKED.replace("/base", ""), ASKED.replace("base", "Base"), ASKED.replace("https://", "https://a@"),
        " " + ASKED, ASKED + "\n", ASKED.replace("people", "peo\tple"), ASKED.replace("/people", "/./people"),
    ],
)  # fmt: skip
def test_addresses_that_are_not(said: object) -> None:
    assert not same_address(said, ASKED)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256"), "ES256"),
        (ECKey.generate_key("P-384"), "ES384"),
        (RSAKey.generate_key(2048), "PS256"),
        (RSAKey.generate_key(2048), "RS256"),
    ],
)
def test_keys_that_count(key: ECKey | RSAKey, algorithm: str) -> None:
    own = key.as_dict(private=False)
    found = public_key(own | {"kid": "k", "use": "sig", "alg": algorithm}, algorithm)
    assert is_bound_to(found, key.thumbprint())
    assert not is_bound_to(found, key.thumbprint().lower())
    with pytest.raises(ValueError, match="plain"):
        public_key(key.as_dict(private=True), algorithm)


@pytest.mark.parametrize(
    "changes",
    [{"e": "Aw"}, {"n": "AQAB"}, {"kty": "EC"}, {"kty": "oct"}, {"crv": "P-256"}, {"d": "AQAB"}, {"n": 7}],
)
def test_rsa_keys_that_do_not(changes: dict[str, Any]) -> None:
    own = RSAKey.generate_key(2048).as_dict(private=False)
    with pytest.raises(ValueError):
        public_key(own | changes, "RS256")


# --- who a token is about ----------------------------------------------------------------------------------


def told(issuer: Issuer, *clients: dict[str, Any], **changes: Any) -> Settings:
    """One tenant and its clients: the first of the usual ones, with these changes."""
    plain = settings(issuer).model_dump()
    rows = [plain["clients"][0] | one for one in clients or ({},)]
    return Settings.model_validate(plain | {"issuers": [plain["issuers"][0] | changes], "clients": rows})


def code(gate: Gate, token: str) -> str | None:
    try:
        gate.admit(bearer(token), scopes.RECORDS_WRITE)
    except Unauthenticated as error:
        return error.code
    return None


MASKINPORTEN = {"authority": "iso6523-actorid-upis", "ID": "0192:362819482"}


@pytest.mark.parametrize(
    ("consumer", "expected"),
    [
        (MASKINPORTEN, None),
        (MASKINPORTEN | {"ID": "0192:359797117"}, "client-unknown"),
        (MASKINPORTEN | {"ID": "362819482"}, "token-organization"),
        (MASKINPORTEN | {"authority": "other"}, "token-organization"),
        ({"ID": "0192:362819482"}, "token-organization"),
        ("0192:362819482", "token-organization"),
        (None, "token-organization"),
    ],
)
def test_maskinportens_consumer_decides(
    issuer: Issuer, clock: Clock, consumer: object, expected: str | None
) -> None:
    gate = Gate(told(issuer, {"organization": "362819482"}, organizations="maskinporten"), clock)
    assert code(gate, issuer.token(consumer=consumer)) == expected


def test_the_same_client_acts_as_another_system_for_another_organization(
    issuer: Issuer, clock: Clock
) -> None:
    rows = (("362819482", "stafettlogg"), ("359797117", None))
    clients = [{"organization": number, "system": system} for number, system in rows]
    gate = Gate(told(issuer, *clients, organizations="maskinporten"), clock)
    for organization, system in rows:
        token = issuer.token(consumer=MASKINPORTEN | {"ID": f"0192:{organization}"})
        for acting in (None, "stafettlogg", "another"):
            assert gate.admit(bearer(token), scopes.RECORDS_WRITE, acting).system == system


@pytest.mark.parametrize(
    ("naming", "organization"), [("none", "362819482"), ("maskinporten", None), ("helseid", None)]
)
def test_issuer_and_client_must_agree_on_organizations(
    issuer: Issuer, naming: str, organization: str | None
) -> None:
    with pytest.raises(ValueError, match="organization"):
        told(issuer, {"organization": organization}, organizations=naming)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, None),
        ({"sub": "logg"}, None),
        ({"sub": "service-account-logg"}, None),
        ({"sub": "somebody"}, "token-level"),
        ({"sub": "somebody", "acr": "low"}, "token-level"),
        ({"sub": "somebody", "acr": "high"}, None),
        ({"sub": "somebody", "acr": True}, "token-level"),
        ({"sub": "", "acr": "low"}, "token-level"),
        ({"sub": 7}, "token-level"),
        ({"pid": "09898504473"}, "token-level"),
        ({"acr": "low"}, "token-level"),
    ],
)
def test_a_person_must_be_logged_in_well_enough(
    issuer: Issuer, clock: Clock, claims: dict[str, Any], expected: str | None
) -> None:
    given = told(issuer, {"subject": "service-account-logg"}, levels=["high"])
    assert code(Gate(given, clock), issuer.token(**claims)) == expected


def test_without_levels_there_are_no_persons(issuer: Issuer, clock: Clock) -> None:
    assert code(Gate(told(issuer), clock), issuer.token(sub="somebody", acr="high")) == "token-level"


def test_bound_tokens_need_an_address_that_proofs_are_made_for(issuer: Issuer, clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match="public_url"):
        Gate(told(issuer, tokens="dpop"), clock)
