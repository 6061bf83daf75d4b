"""`check` says in plain words whether we would be let in: secrets, tokens, certificates."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey

from gateway.config import System
from gateway.operating import token_checks
from gateway.operating.findings import Found
from tests.peers import machines

KEY = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)


def system(url: str, **credentials: Any) -> System:
    given = {"id": "bup", "tenant": "fjordbyen", "adapter": "fhir", "organization": "359797117", "url": url}
    return System.model_validate({**given, "credentials": credentials})


def test_a_token_that_comes_is_told_of_and_one_that_does_not_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELSEID_KEY", json.dumps(KEY.as_dict(private=True)))
    known = {"client_id": "stafettbro", "jwks": {"keys": [KEY.as_dict(private=False)]}}
    with machines([known], kind="helseid", dpop=True, ttl=630) as peer:
        given = {"kind": "helseid", "issuer": peer.url, "scope": "records", "key_ref": "env:HELSEID_KEY"}
        found = token_checks.with_connection(system(peer.url, **given, client_id="stafettbro"))
        text = "localhost gave one, to be used for 10 min, bound to our key (DPoP)"
        assert found == Found("ok", "token for bup", text)
        other = token_checks.with_connection(system(peer.url, **given, client_id="nobody"))
    assert other is not None
    assert (other.level, other.about) == ("error", "token for bup")
    assert other.text.startswith("token-client: Ingen adgang til bup: localhost kjenner oss ikke.")


def test_nothing_is_fetched_where_nothing_is_to_be() -> None:
    assert token_checks.with_connection(system("https://bup.example")) is None


def certificate(folder: Path, days: int) -> str:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stafettbro")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days)).sign(key, hashes.SHA256())
    )  # fmt: skip
    shape, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, shape, plain)
    path = folder / "client.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return f"file:{path}"


@pytest.mark.parametrize(("days", "level"), [(60, "ok"), (29, "warning"), (-1, "error")])
def test_a_certificate_is_told_of_before_it_ends(tmp_path: Path, days: int, level: str) -> None:
    given = {"kind": "mutual-tls", "certificate_ref": certificate(tmp_path, days)}
    (found,) = token_checks.without_connection(system("https://bup.example", **given))
    assert (found.level, found.about) == (level, "credentials of bup")


def test_emergency_access_does_not_belong_in_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELSEID_KEY", json.dumps(KEY.as_dict(private=True)))
    trust = {
        "purpose": "BTG", "purpose_details": "15", "healthcare_service": "S03", "profession": "LE",
        "legal_entity": "359797117", "point_of_care": "359797117",
    }  # fmt: skip
    given = {
        "kind": "helseid", "issuer": "https://login.example", "client_id": "c", "scope": "s",
        "key_ref": "env:HELSEID_KEY",
    }  # fmt: skip
    (found,) = token_checks.without_connection(system("https://bup.example", **given, trust=trust))
    assert found.level == "warning"
    calm = system("https://bup.example", **given, trust={**trust, "purpose": "COC"})
    assert list(token_checks.without_connection(calm)) == []


def test_an_address_in_the_clear_is_told_of() -> None:
    (found,) = token_checks.without_connection(system("http://bup.example"))
    assert (found.level, "https" in found.text) == ("warning", True)
    assert list(token_checks.without_connection(system("http://127.0.0.1:8080"))) == []


def test_a_key_that_is_unfit_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELSEID_KEY", "geheim")
    given = {"kind": "smart-backend", "client_id": "c", "scope": "s", "key_ref": "env:HELSEID_KEY"}
    (found,) = token_checks.without_connection(system("https://bup.example", **given))
    assert (found.level, "env:HELSEID_KEY" in found.text, "geheim" in found.text) == ("error", True, False)
