"""Who is let in, and above all who is not."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.access import scopes
from gateway.access.claims import check_claims
from gateway.access.presented import Presented, bearer
from gateway.access.tokens_in import Caller, Gate
from gateway.errors import ConfigurationError, Forbidden, Unauthenticated
from tests.access.conftest import Clock, settings
from tests.access.issuer_server import NOW, Issuer


def b64(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def refusal(gate: Gate, token: str, scope: str = scopes.RECORDS_WRITE) -> str:
    with pytest.raises(Unauthenticated) as caught:
        gate.admit(bearer(token), scope)
    assert token not in str(caught.value)
    return caught.value.code


def test_a_valid_token_says_who_calls_for_which_system(gate: Gate, issuer: Issuer) -> None:
    caller = gate.admit(bearer(issuer.token()), scopes.RECORDS_WRITE)
    assert caller == Caller("fjordbyen", "logg", "stafettlogg", "362819482", frozenset({"records.write"}))


def test_scopes_are_those_both_token_and_configuration_grant(gate: Gate, issuer: Issuer) -> None:
    token = bearer(issuer.token(scope="timeline.read records.write lanes.write"))
    assert gate.admit(token, "records.write").scopes == {"records.write"}
    for beyond in ("timeline.read", "lanes.write", "records.read", ""):
        with pytest.raises(Forbidden):
            gate.admit(token, beyond)


def test_an_operator_acts_for_no_system(gate: Gate, issuer: Issuer) -> None:
    caller = gate.admit(bearer(issuer.token(client_id="drift", scope="lanes.read")), scopes.LANES_READ)
    assert (caller.system, caller.organization) == (None, None)


@pytest.mark.parametrize("scope", [["records.write"], "  records.write  "])
def test_scope_may_be_a_list_or_a_text(gate: Gate, issuer: Issuer, scope: object) -> None:
    assert gate.admit(bearer(issuer.token(scope=scope)), "records.write").scopes == {"records.write"}


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"iss": "https://someone-else.example"}, "token-issuer"),
        ({"iss": None}, "token-issuer"),
        ({"iss": ["x"]}, "token-issuer"),
        ({"aud": "another-service"}, "token-audience"),
        ({"aud": ["another-service"]}, "token-audience"),
        ({"aud": ["stafettbro", "another-service"]}, "token-audience"),
        ({"aud": []}, "token-audience"),
        ({"aud": None}, "token-audience"),
        ({"exp": int(NOW) - 61}, "token-expired"),
        ({"exp": int(NOW) - 60}, "token-expired"),
        ({"exp": None}, "token-malformed"),
        ({"exp": "9999999999"}, "token-malformed"),
        ({"exp": True}, "token-malformed"),
        ({"exp": float("nan")}, "token-malformed"),
        ({"exp": -1}, "token-malformed"),
        ({"nbf": int(NOW) + 61}, "token-early"),
        ({"iat": int(NOW) + 61}, "token-early"),
        ({"nbf": "soon"}, "token-malformed"),
        ({"client_id": "stranger"}, "client-unknown"),
        ({"client_id": None}, "token-client"),
        ({"client_id": 7}, "token-client"),
        ({"client_id": "", "azp": "logg"}, "token-client"),
        ({"scope": 7}, "token-malformed"),
        ({"scope": [7]}, "token-malformed"),
        ({"cnf": {"jkt": "x"}}, "token-bound"),
    ],
)
def test_a_token_whose_claims_do_not_hold_is_refused(
    gate: Gate, issuer: Issuer, claims: dict[str, Any], code: str
) -> None:
    assert refusal(gate, issuer.token(**claims)) == code


@pytest.mark.parametrize("claims", [{"exp": int(NOW) - 59}, {"nbf": int(NOW) + 60}, {"iat": int(NOW) + 60}])
def test_a_minute_of_leeway(gate: Gate, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert gate.admit(bearer(issuer.token(**claims)), "records.write").client_id == "logg"


@pytest.mark.parametrize("claim", ["azp", "sub"])
def test_the_client_may_be_named_otherwise(gate: Gate, issuer: Issuer, claim: str) -> None:
    token = issuer.token(client_id=None, **{claim: "logg"})
    assert gate.admit(bearer(token), "records.write").client_id == "logg"


def test_client_id_goes_before_azp_before_sub(gate: Gate, issuer: Issuer) -> None:
    assert refusal(gate, issuer.token(client_id="stranger", azp="logg", sub="logg")) == "client-unknown"
    assert refusal(gate, issuer.token(client_id=None, azp="stranger", sub="logg")) == "client-unknown"


@pytest.mark.parametrize("typ", ["JWT", "none", "logout+jwt", "dpop+jwt", "secevent+jwt", "", 7, None])
def test_only_access_tokens_count(gate: Gate, issuer: Issuer, typ: object) -> None:
    header = {"alg": "ES256", "kid": "k1", "typ": typ}
    signed = b64(header) + "." + b64(issuer.claims()) + "." + b64(b"0" * 64)
    assert refusal(gate, signed) == "token-type"


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
def test_names_of_an_access_token(gate: Gate, issuer: Issuer, typ: str) -> None:
    assert gate.admit(bearer(issuer.token({"typ": typ})), "records.write")


def test_another_type_or_none_counts_where_configured(issuer: Issuer, clock: Clock) -> None:
    plain = jwt.encode({"alg": "ES256", "kid": "k1"}, issuer.claims(), issuer.key, default_type=None)
    kinds = {"none": plain, "jwt": issuer.token({"typ": "JWT"}), "at+jwt": issuer.token()}
    for kind in kinds:
        gate = Gate(settings(issuer, types=(kind,)), clock)
        for other, token in kinds.items():
            if other == kind:
                assert gate.admit(bearer(token), "records.write")
            else:
                assert refusal(gate, token) == "token-type"


def test_a_signature_by_another_key_is_refused(gate: Gate, issuer: Issuer) -> None:
    stranger = ECKey.generate_key("P-256", {"kid": "k1"})
    assert refusal(gate, issuer.token(key=stranger)) == "token-signature"


def test_changed_claims_are_refused(gate: Gate, issuer: Issuer) -> None:
    header, _, signature = issuer.token(client_id="drift").split(".")
    assert refusal(gate, f"{header}.{b64(issuer.claims())}.{signature}") == "token-signature"


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", None, ["ES256"], 7])
def test_an_unsigned_token_is_refused(gate: Gate, issuer: Issuer, alg: object) -> None:
    token = b64({"alg": alg, "kid": "k1"}) + "." + b64(issuer.claims()) + "."
    assert refusal(gate, token) == "token-algorithm"


@pytest.mark.parametrize("form", ["pem", "jwk"])
def test_the_public_key_as_a_shared_secret_is_refused(gate: Gate, issuer: Issuer, form: str) -> None:
    public = issuer.key.as_pem(private=False) if form == "pem" else json.dumps(issuer.published[0]).encode()
    signed = b64({"alg": "HS256", "kid": "k1", "typ": "JWT"}) + "." + b64(issuer.claims())
    token = signed + "." + b64(hmac.digest(public, signed.encode(), "sha256"))
    assert refusal(gate, token) == "token-algorithm"


def test_a_shared_secret_in_the_issuers_key_set_is_never_used(issuer: Issuer, clock: Clock) -> None:
    secret = OctKey.generate_key(256, {"kid": "k1"})
    issuer.published = [secret.as_dict(private=True)]
    token = jwt.encode({"alg": "HS256", "kid": "k1"}, issuer.claims(), secret)
    assert refusal(Gate(settings(issuer), clock), token) == "token-algorithm"
    assert refusal(Gate(settings(issuer), clock), issuer.token()) == "token-key"


def test_an_algorithm_beyond_the_configured_ones_is_refused(gate: Gate, issuer: Issuer) -> None:
    key = RSAKey.generate_key(2048, {"kid": "r1"})
    issuer.published.append(key.as_dict(private=False))
    assert refusal(gate, issuer.token({"alg": "RS256", "kid": "r1"}, key=key)) == "token-algorithm"


@pytest.mark.parametrize("algorithms", [("RS256",), ("PS256",), ("RS256", "ES256")])
def test_other_algorithms_count_where_configured(
    issuer: Issuer, clock: Clock, algorithms: tuple[str, ...]
) -> None:
    key = RSAKey.generate_key(2048, {"kid": "r1"})
    issuer.published.append(key.as_dict(private=False))
    gate = Gate(settings(issuer, algorithms=algorithms), clock)
    assert gate.admit(bearer(issuer.token({"alg": algorithms[0], "kid": "r1"}, key=key)), "records.write")


def test_a_key_of_another_kind_than_the_algorithm_is_refused(issuer: Issuer, clock: Clock) -> None:
    key = RSAKey.generate_key(2048, {"kid": "r1"})
    issuer.published.append(key.as_dict(private=False))
    gate = Gate(settings(issuer, algorithms=("RS256", "ES256")), clock)
    assert refusal(gate, issuer.token({"kid": "r1"})) == "token-signature"


@pytest.mark.parametrize(
    "header", [{"crit": ["b64"], "b64": False}, {"crit": []}, {"kid": 7}, {"kid": ["k1"]}, {"kid": None}]
)
def test_headers_that_are_not_understood(gate: Gate, issuer: Issuer, header: dict[str, Any]) -> None:
    full = {"alg": "ES256", "kid": "k1", "typ": "at+jwt"} | header
    assert refusal(gate, b64(full) + "." + b64(issuer.claims()) + ".AAAA") == "token-malformed"


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic bG9nZzpsb2dn",
        "Bearer " + "x" * 8193,
        "Bearer æøå.æøå.æøå",
        "Bearer garbage",
        "Bearer a.b.c",
        "Bearer a.b.c.d.e",
        "Bearer ..",
        "Bearer e30.e30.e30",
        "Bearer W10.W10.W10",
        "Bearer !!.!!.!!",
    ],
)
def test_garbage_is_refused(gate: Gate, value: str | None) -> None:
    with pytest.raises(Unauthenticated):
        gate.admit(Presented(() if value is None else (value,)), "records.write")


def test_an_oversized_token_is_refused_even_when_signed(gate: Gate, issuer: Issuer) -> None:
    assert refusal(gate, issuer.token(padding="x" * 8192)) == "token-malformed"


def test_a_remembered_token_ends_when_it_expires(gate: Gate, issuer: Issuer, clock: Clock) -> None:
    token = bearer(issuer.token(exp=int(NOW) + 100))
    gate.admit(token, "records.write")
    clock.now = NOW + 159
    assert gate.admit(token, "records.write")
    clock.now = NOW + 160
    assert gate.recall(token, "records.write") is None
    assert refusal(gate, token.credentials()[1]) == "token-expired"


def test_a_remembered_token_is_verified_again_after_five_minutes(
    gate: Gate, issuer: Issuer, clock: Clock
) -> None:
    token = bearer(issuer.token(exp=int(NOW) + 9000))
    assert gate.recall(token, "records.write") is None
    gate.admit(token, "records.write")
    assert gate.recall(token, "records.write") == gate.admit(token, "records.write")
    clock.now = NOW + 300
    assert gate.recall(token, "records.write") is None


def test_a_remembered_token_still_needs_the_scope(gate: Gate, issuer: Issuer) -> None:
    token = bearer(issuer.token())
    gate.admit(token, "records.write")
    for ask in (gate.admit, gate.recall):
        with pytest.raises(Forbidden):
            ask(token, "records.read")


def test_a_token_almost_like_a_remembered_one_is_not_let_in(gate: Gate, issuer: Issuer) -> None:
    token = issuer.token()
    gate.admit(bearer(token), "records.write")
    changed = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    assert refusal(gate, changed) == "token-signature"


def test_the_memory_is_bounded(gate: Gate, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.access.tokens_in.REMEMBERED", 3)
    tokens = [bearer(issuer.token(jti=str(n))) for n in range(5)]
    for token in tokens:
        gate.admit(token, "records.write")
    assert [gate.recall(t, "records.write") is None for t in tokens] == [True, True, False, False, False]


def test_an_issuer_over_clear_text_is_a_configuration_error(issuer: Issuer) -> None:
    with pytest.raises(ConfigurationError, match="https"):
        Gate(settings(issuer, jwks_url="http://issuer.example/jwks"))


def test_no_algorithm_is_a_configuration_error(issuer: Issuer) -> None:
    with pytest.raises(ConfigurationError, match="algorithm"):
        Gate(settings(issuer, algorithms=()))


def test_the_issuer_is_checked_on_what_was_signed_too(issuer: Issuer) -> None:
    with pytest.raises(Unauthenticated):
        check_claims(issuer.claims(iss="https://someone-else.example"), settings(issuer).issuers[0], NOW)
