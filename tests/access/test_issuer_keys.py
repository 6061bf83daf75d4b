"""An issuer's keys are fetched seldom, replaced when they change, and never guessed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.access.issuer_keys import IssuerKeys, usable_keys
from gateway.access.presented import bearer
from gateway.access.tokens_in import Gate
from gateway.config import Issuer as IssuerSettings
from gateway.errors import NotReady, Unauthenticated
from tests.access.conftest import Clock, settings
from tests.access.issuer_server import AUDIENCE, NOW, Issuer


@pytest.fixture
def keys(issuer: Issuer, clock: Clock) -> IssuerKeys:
    return IssuerKeys(IssuerSettings(issuer=issuer.url, audience=AUDIENCE), clock)


def rotate(issuer: Issuer, kid: str) -> None:
    issuer.key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})
    issuer.published = [issuer.key.as_dict(private=False)]


def test_many_threads_at_once_fetch_once(gate: Gate, issuer: Issuer) -> None:
    tokens = [bearer(issuer.token(jti=str(n))) for n in range(64)]
    with ThreadPoolExecutor(16) as pool:
        callers = list(pool.map(lambda t: gate.admit(t, "records.write"), tokens))
    assert len(callers) == 64
    assert issuer.fetches == 1


def test_a_new_key_is_found_but_asked_for_at_most_once_a_minute(
    keys: IssuerKeys, issuer: Issuer, clock: Clock
) -> None:
    assert keys.find("k1", "ES256") is not None
    rotate(issuer, "k2")
    assert keys.find("k2", "ES256") is None
    assert issuer.fetches == 1
    clock.now = NOW + 60
    assert keys.find("k2", "ES256") is not None
    assert keys.find("k1", "ES256") is None
    assert issuer.fetches == 2


def test_unknown_keys_do_not_flood_the_issuer(gate: Gate, issuer: Issuer) -> None:
    stranger = ECKey.generate_key("P-256")
    for n in range(20):
        with pytest.raises(Unauthenticated):
            gate.admit(bearer(issuer.token({"kid": f"x{n}"}, key=stranger)), "records.write")
    assert issuer.fetches == 1


def test_keys_older_than_a_day_are_fetched_again(keys: IssuerKeys, issuer: Issuer, clock: Clock) -> None:
    keys.find("k1", "ES256")
    clock.now = NOW + 24 * 3600 - 1
    assert keys.find("k1", "ES256") is not None
    assert issuer.fetches == 1
    clock.now = NOW + 24 * 3600
    assert keys.find("k1", "ES256") is not None
    assert issuer.fetches == 2


def test_without_keys_nobody_gets_in_and_the_answer_is_not_ready(
    gate: Gate, issuer: Issuer, clock: Clock
) -> None:
    issuer.answers = False
    token = bearer(issuer.token())
    with pytest.raises(NotReady):
        gate.admit(token, "records.write")
    issuer.answers = True
    with pytest.raises(NotReady):
        gate.admit(token, "records.write")
    clock.now = NOW + 2
    assert gate.admit(token, "records.write").client_id == "logg"


def test_old_keys_do_not_outlive_an_issuer_that_is_gone(
    keys: IssuerKeys, issuer: Issuer, clock: Clock
) -> None:
    keys.find("k1", "ES256")
    issuer.answers = False
    clock.now = NOW + 24 * 3600
    with pytest.raises(NotReady):
        keys.find("k1", "ES256")


def test_a_discovery_document_of_another_issuer_is_not_believed(keys: IssuerKeys, issuer: Issuer) -> None:
    issuer.named = "https://someone-else.example"
    with pytest.raises(NotReady):
        keys.find("k1", "ES256")
    assert issuer.fetches == 0


def test_a_discovery_document_cannot_lead_to_clear_text(keys: IssuerKeys, issuer: Issuer) -> None:
    issuer.jwks_url = "http://keys.example/jwks"
    with pytest.raises(NotReady):
        keys.find("k1", "ES256")


def test_keys_at_an_address_of_their_own_need_no_discovery(issuer: Issuer, clock: Clock) -> None:
    issuer.named = "irrelevant"
    gate = Gate(settings(issuer, jwks_url=issuer.url + "/jwks"), clock)
    assert gate.admit(bearer(issuer.token()), "records.write")


def test_without_a_key_id_the_key_must_be_the_only_one(
    keys: IssuerKeys, issuer: Issuer, clock: Clock
) -> None:
    assert keys.find(None, "ES256") is not None
    issuer.published.append(ECKey.generate_key("P-256", {"kid": "k2"}).as_dict(private=False))
    clock.now = NOW + 24 * 3600
    assert keys.find(None, "ES256") is None


def test_keys_that_must_not_be_trusted_are_left_out() -> None:
    good = ECKey.generate_key("P-256", {"kid": "good"})
    weak = rsa.generate_private_key(65537, 1024).public_key()
    weak_pem = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    document = {
        "keys": [
            good.as_dict(private=False),
            good.as_dict(private=False) | {"kid": "for-encryption", "use": "enc"},
            good.as_dict(private=True) | {"kid": "private"},
            RSAKey.import_key(weak_pem).as_dict() | {"kid": "weak"},
            OctKey.generate_key(256, {"kid": "secret"}).as_dict(private=True),
            {"kty": "EC", "kid": "broken"},
            {"kty": "unheard-of"},
            {},
            7,
        ]
    }
    assert [key.kid for key in usable_keys(document)] == ["good"]
    assert usable_keys({"keys": 7}) == usable_keys({}) == ()


def test_a_key_made_for_one_algorithm_is_not_used_for_another(keys: IssuerKeys, issuer: Issuer) -> None:
    key = RSAKey.generate_key(2048, {"kid": "r1", "alg": "PS256"})
    issuer.published = [key.as_dict(private=False)]
    assert keys.find("r1", "RS256") is None
    assert keys.find("r1", "PS256") is not None
