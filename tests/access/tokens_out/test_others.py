"""SMART Backend Services, client credentials by secret, and mutual TLS: with a token, for the token, and
alone."""

from __future__ import annotations

import ipaddress
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.contract import Adapter, NoToken, Unavailable, UnknownOutcome
from adapters.tokens.certificate import Tls
from gateway.access.tokens_out import token_source
from gateway.errors import ConfigurationError
from tests.access.tokens_out.conftest import (
    ES384,
    RSA,
    Guarded,
    at_work,
    client,
    fresh,
    goal,
    kept,
    system,
    written,
)
from tests.peers import Peer, machines


@pytest.fixture(scope="module")
def running(records: Peer) -> Iterator[Guarded]:
    known = [
        client("stafettbro", ES384, RSA),
        client("secretive", client_secret="s" * 40, token_endpoint_auth_method="client_secret_basic"),
        client("posting", client_secret="s" * 40, token_endpoint_auth_method="client_secret_post"),
    ]
    with machines(known, kind="smart", upstream=records.url, token=records.token) as peer:
        yield Guarded(peer, records)


@pytest.fixture
def smart(running: Guarded) -> Guarded:
    return fresh(running)


@pytest.mark.parametrize(("key", "alg"), [(ES384, "ES384"), (RSA, "RS384")])
def test_a_fhir_server_says_itself_where_tokens_are(
    smart: Guarded, tmp_path: Path, key: Any, alg: str
) -> None:
    given = {"kind": "smart-backend", "client_id": "stafettbro", "scope": "system/*.cruds"}
    written(system(smart.url, **given, key_ref=kept(tmp_path, key)), "m1")
    (shown,) = smart.seen()["assertions"]
    assert shown["header"]["alg"] == alg
    assert shown["claims"]["aud"] == f"{smart.peer.url}/token"
    assert smart.stored() == ["m1"]


@pytest.mark.parametrize(("name", "way"), [("secretive", "basic"), ("posting", "post")])
def test_a_secret_that_was_changed_is_used_for_the_next_token(
    smart: Guarded, tmp_path: Path, name: str, way: str
) -> None:
    path = tmp_path / "secret"
    path.write_text("wrong")
    one = system(
        smart.url, kind="client-credentials", issuer=smart.peer.url, client_id=name, authentication=way,
        secret_ref=f"file:{path}", scope="records",
    )  # fmt: skip
    with pytest.raises(NoToken) as told:
        written(one, "m1")
    assert told.value.code == "token-client"
    path.write_text("s" * 40)
    written(one, "m1")
    assert smart.stored() == ["m1"]


# --- mutual TLS ---------------------------------------------------------------------------------------


@dataclass
class Authority:
    """Signs certificates."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        """Its own certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    name: str, by: Authority | None = None, days: int = 60
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key and its certificate; by: who signs it, nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(by.certificate.subject if by else named(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .sign(by.key if by else key, hashes.SHA256())
    )
    return key, made


def pem(key: ec.EllipticCurvePrivateKey, *chain: x509.Certificate) -> tuple[str, str]:
    """The certificates, and the key apart."""
    shape = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, shape, serialization.NoEncryption())
    return "".join(c.public_bytes(serialization.Encoding.PEM).decode() for c in chain), private.decode()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(*certificate("Fjordbyen CA"))


@pytest.fixture(scope="module")
def behind_tls(records: Peer, authority: Authority) -> Iterator[Guarded]:
    chain, key = pem(*certificate("localhost", authority))
    tls = {"cert": chain, "key": key, "ca": authority.pem}
    known = [
        {"client_id": "stafettbro", "token_endpoint_auth_method": "tls_client_auth",
         "tls_client_auth_subject_dn": "CN=stafettbro", "tls_client_certificate_bound_access_tokens": True},
    ]  # fmt: skip
    with machines(known, kind="plain", tls=tls, upstream=records.url, token=records.token) as peer:
        yield Guarded(peer, records)


@pytest.fixture
def tls(behind_tls: Guarded) -> Guarded:
    return fresh(behind_tls)


@pytest.fixture
def ours(tmp_path: Path, authority: Authority) -> dict[str, str]:
    """The keys of the configuration that name our certificate, and whom we believe."""
    (tmp_path / "ca.pem").write_text(authority.pem)
    put(tmp_path, *certificate("stafettbro", authority))
    return {"certificate_ref": f"file:{tmp_path}/client.pem", "ca_file": f"{tmp_path}/ca.pem"}


def put(folder: Path, key: ec.EllipticCurvePrivateKey, made: x509.Certificate) -> None:
    """Our certificate and its key, in one file."""
    (folder / "client.pem").write_text("".join(pem(key, made)))


def by_certificate(there: Guarded, ours: dict[str, str], **changes: Any) -> Any:
    given = {
        "kind": "client-credentials",
        "issuer": there.peer.url,
        "client_id": "stafettbro",
        "scope": "records",
    }
    return system(there.url, **{**given, **ours, **changes})


def test_our_certificate_gets_us_the_token_and_lets_us_in(tls: Guarded, ours: dict[str, str]) -> None:
    written(by_certificate(tls, ours), "m1")
    assert tls.stored() == ["m1"]


def test_a_key_that_is_kept_apart_and_a_certificate_in_the_environment(
    tls: Guarded, ours: dict[str, str], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, key = pem(*certificate("stafettbro", authority))
    monkeypatch.setenv("CLIENT_CERTIFICATE", chain)
    monkeypatch.setenv("CLIENT_KEY", key)
    apart = {"certificate_ref": "env:CLIENT_CERTIFICATE", "certificate_key_ref": "env:CLIENT_KEY"}
    written(by_certificate(tls, {**ours, **apart}), "m1")
    assert tls.stored() == ["m1"]


def test_another_name_is_not_let_in(
    tls: Guarded, ours: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    put(tmp_path, *certificate("somebody", authority))
    with pytest.raises(NoToken) as told:
        written(by_certificate(tls, ours), "m1")
    assert told.value.code == "token-client"


def test_a_server_whose_authority_we_do_not_know_gets_nothing(
    tls: Guarded, ours: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_text(Authority(*certificate("Other CA")).pem)
    with pytest.raises(NoToken) as told:
        written(by_certificate(tls, ours), "m1")
    assert told.value.code == "token-certificate"
    only = system(tls.url, kind="mutual-tls", **ours)
    with pytest.raises(Unavailable) as unreached:
        written(only, "m1")
    assert unreached.value.unreached
    assert unreached.value.detail == "the certificate is not believed"
    assert tls.seen()["requests"] == []


def test_a_system_is_believed_by_its_own_authority_alone_and_its_issuer_by_public_ones_too(
    tmp_path: Path, authority: Authority
) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(authority.pem)
    there = Tls(None, path)
    assert [dict(one)["subject"] for one in there.to_system.get_ca_certs()] == [
        ((("commonName", "Fjordbyen CA"),),)
    ]
    assert len(there.to_issuer.get_ca_certs()) > 1


def test_a_certificate_that_is_replaced_counts_for_the_next_connection(
    tls: Guarded, ours: dict[str, str], tmp_path: Path, authority: Authority
) -> None:
    async def work(adapter: Adapter) -> None:
        await adapter.write(goal("m1"))
        (tmp_path / "client.pem").write_text("half of it is written")
        await adapter.write(goal("m2"))
        put(tmp_path, *certificate("stafettbro", authority))
        tls.switch(closing=True)
        await adapter.write(goal("m3"))  # on the old connection, which then ends
        tls.switch()
        await adapter.write(goal("m4"))

    at_work(by_certificate(tls, ours), work)
    assert tls.stored() == ["m1", "m2", "m3", "m4"]
    assert len(tls.seen()["tokens"]) == 2  # the first was bound to the old certificate


def test_a_certificate_alone_lets_in_and_nothing_else_does(
    records: Peer, authority: Authority, ours: dict[str, str]
) -> None:
    chain, key = pem(*certificate("localhost", authority))
    tls = {"cert": chain, "key": key, "ca": authority.pem}
    with machines([], kind="plain", tls=tls, open=True, upstream=records.url, token=records.token) as peer:
        there = fresh(Guarded(peer, records))
        written(system(there.url, kind="mutual-tls", **ours), "m1")
        assert there.stored() == ["m1"]
        without = {"kind": "none", "ca_file": ours["ca_file"]}
        with pytest.raises((Unavailable, UnknownOutcome)):
            written(system(there.url, **without), "m2")
        assert there.stored() == ["m1"]


@pytest.mark.parametrize(
    "content", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_a_certificate_that_is_no_good_stops_the_start(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "client.pem"
    path.write_text(content)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ConfigurationError) as told:
        token_source(system("https://bup.example", kind="mutual-tls", certificate_ref=f"file:{path}"))
    assert f"file:{path}" in str(told.value)
    assert list(tmp_path.iterdir()) == [path]  # nothing of it is left behind
