"""The demo's issuer gives tokens that the gateway's own gate accepts, and to nobody else."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from gateway.access.presented import bearer
from gateway.access.tokens_in import Gate
from gateway.config import Settings
from tests.demo.running import Running, started

CLIENTS = {
    "audience": "stafettbro-demo",
    "clients": {"logg": {"secret": "hemmelig", "scopes": ["records.write", "records.read"]}},
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("issuer")
    (folder / "clients.json").write_bytes(msgspec.json.encode(CLIENTS))
    with started(folder, "issuer", ["--state", str(folder)], "/jwks") as running:
        running.http.headers.pop("Authorization")
        yield running


def ask(issuer: Running, name: str = "logg", secret: str = "hemmelig", **form: str) -> httpx.Response:
    form = {"grant_type": "client_credentials"} | form
    return issuer.http.post("/token", data=form, auth=(name, secret))


def gate_for(issuer: Running) -> Gate:
    client = {"issuer": issuer.url, "client_id": "logg", "tenant": "t", "scopes": ["records.write"]}
    return Gate(
        Settings.model_validate(
            {
                "tenants": [{"id": "t", "name": "T"}],
                "systems": [],
                "issuers": [{"issuer": issuer.url, "audience": "stafettbro-demo", "tokens": "bearer"}],
                "clients": [client],
            }
        )
    )


def test_its_token_passes_the_gate(issuer: Running) -> None:
    answer = ask(issuer).json()
    caller = gate_for(issuer).admit(bearer(answer["access_token"]), "records.write")
    assert (caller.client_id, caller.scopes) == ("logg", {"records.write"})
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 600


def test_a_secret_may_come_in_the_form(issuer: Running) -> None:
    form = {"grant_type": "client_credentials", "client_id": "logg", "client_secret": "hemmelig"}
    answer = issuer.http.post("/token", data=form)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "secret", "form", "status", "error"),
    [
        ("logg", "feil", {}, 401, "invalid_client"),
        ("logg", "", {}, 401, "invalid_client"),
        ("ukjent", "hemmelig", {}, 401, "invalid_client"),
        ("logg", "hemmelig", {"grant_type": "password"}, 400, "unsupported_grant_type"),
        ("logg", "hemmelig", {"scope": "records.write lanes.write"}, 400, "invalid_scope"),
    ],
)
def test_others_get_none(
    issuer: Running, name: str, secret: str, form: dict[str, str], status: int, error: str
) -> None:
    answer = ask(issuer, name, secret, **form)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_broken_header_is_refused(issuer: Running) -> None:
    for value in ("Basic !!", "Basic /w==", "Basic"):
        assert issuer.http.post("/token", headers={"Authorization": value}).status_code == 401


def test_a_narrower_scope_is_what_the_token_says(issuer: Running) -> None:
    assert ask(issuer, scope="records.read").json()["scope"] == "records.read"
    assert ask(issuer).json()["scope"] == "records.read records.write"


def test_only_the_public_key_is_published(issuer: Running) -> None:
    [key] = issuer.http.get("/jwks").json()["keys"]
    assert (key["kty"], key["alg"], "d" in key) == ("EC", "ES256", False)


def test_the_key_is_kept_and_readable_by_its_owner_only(issuer: Running, tmp_path: Path) -> None:
    path = issuer.folder / "issuer-key.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = issuer.http.get("/jwks").json()
    (tmp_path / "clients.json").write_bytes(msgspec.json.encode(CLIENTS))
    (tmp_path / "issuer-key.json").write_bytes(path.read_bytes())
    with started(tmp_path, "issuer", ["--state", str(tmp_path)], "/jwks") as again:
        assert again.http.get("/jwks").json() == before
