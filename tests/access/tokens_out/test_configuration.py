"""What the configuration of credentials may say, and what the page for municipal IT tells people to write."""

from __future__ import annotations

import asyncio
import re
import socket
import tomllib
import traceback
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from pydantic import ValidationError

from adapters.contract import NoToken
from adapters.tokens.cached import Cached
from adapters.tokens.faults import SENTENCES
from gateway.access.tokens_out import token_source
from gateway.config import Credentials
from gateway.errors import ConfigurationError
from tests.access.tokens_out.conftest import ES256, RSA, kept, system

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "tokens.md").read_text(encoding="utf-8")
WRITTEN = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
TABLES = [text for text in WRITTEN if text.startswith("[systems.credentials]\n")]
LINES = [line for text in WRITTEN for line in text.splitlines() if line.startswith("credentials = ")]


@pytest.mark.parametrize("text", TABLES)
def test_every_table_of_the_page_is_one_that_loads(text: str) -> None:
    Credentials.model_validate(tomllib.loads(text)["systems"]["credentials"])


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_is_one_that_loads(line: str) -> None:
    Credentials.model_validate(tomllib.loads(line)["credentials"])


def test_the_page_shows_every_kind() -> None:
    shown = " ".join(re.findall(r'kind = "([a-z-]+)"', PAGE))
    assert set(shown.split()) | {"none"} == set(Credentials.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]


def test_the_trust_framework_of_the_page_loads() -> None:
    (text,) = (text for text in WRITTEN if text.startswith("[systems.credentials.trust]"))
    helseid = next(text for text in TABLES if '"helseid"' in text)
    given = tomllib.loads(helseid + text)["systems"]["credentials"]
    assert Credentials.model_validate(given).trust is not None


def test_the_page_explains_every_reason() -> None:
    assert {code for code in SENTENCES if f"`{code}`" not in PAGE} == set()


HELSEID = {
    "kind": "helseid", "issuer": "https://login.example", "client_id": "c", "key_ref": "env:K", "scope": "s",
}  # fmt: skip
OAUTH = {"kind": "client-credentials", "issuer": "https://login.example", "client_id": "c"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"kind": "bearer"}, "token_ref"),
        ({"kind": "basic", "client_id": "c"}, "secret_ref"),
        ({"kind": "mutual-tls"}, "certificate_ref"),
        ({**HELSEID, "key_ref": None}, "key_ref"),
        ({**HELSEID, "issuer": "http://login.example"}, "https"),
        ({**HELSEID, "consumer": "359797117"}, "Maskinporten"),
        ({**HELSEID, "organization": "35979711"}, "match"),
        ({**HELSEID, "key_ref": "the key itself"}, "env:NAME"),
        ({**HELSEID, "kind": "maskinporten"}, "organization"),
        ({"kind": "bearer", "token_ref": "env:T", "dpop": True}, "dpop"),
        ({**HELSEID, "dpop": False, "dpop_key_ref": "env:D"}, "dpop_key_ref"),
        ({**OAUTH}, "secret_ref"),
        ({**OAUTH, "issuer": None, "secret_ref": "env:S"}, "token_url"),
        ({**OAUTH, "secret_ref": "env:S", "authentication": "key"}, "lacks"),
        ({**OAUTH, "key_ref": "env:S", "authentication": "post"}, "lacks"),
        ({**OAUTH, "secret_ref": "env:S", "authentication": "certificate"}, "lacks"),
        ({**OAUTH, "secret_ref": "env:S", "organization": "359797117"}, "organization"),
        ({**OAUTH, "secret_ref": "env:S", "parent_organization": "359797117"}, "HelseID"),
        ({"kind": "none", "certificate_key_ref": "env:K"}, "certificate_ref"),
        ({"kind": "bearer", "token_ref": "env:T", "tokenref": "x"}, "Extra"),
    ],
)
def test_what_does_not_fit_is_told_at_start(given: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Credentials.model_validate(given)


def test_helseid_is_bound_to_a_key_unless_it_is_said_otherwise() -> None:
    assert Credentials.model_validate(HELSEID).bound
    assert not Credentials.model_validate({**HELSEID, "dpop": False}).bound
    assert not Credentials.model_validate({**OAUTH, "secret_ref": "env:S"}).bound
    assert Credentials.model_validate({**OAUTH, "secret_ref": "env:S", "dpop": True}).bound


def test_a_secret_that_is_missing_or_unfit_stops_the_start_and_is_not_shown(tmp_path: Path) -> None:
    given = {**HELSEID, "key_ref": f"file:{tmp_path}/none"}
    with pytest.raises(ConfigurationError, match="is not set"):
        token_source(system("https://bup.example", **given))
    (tmp_path / "none").write_text("geheim")
    with pytest.raises(ConfigurationError) as told:
        token_source(system("https://bup.example", **given))
    assert "geheim" not in str(told.value)
    assert f"file:{tmp_path}/none holds no key" in str(told.value)


@pytest.mark.parametrize("kind", ["maskinporten", "smart-backend", "helseid"])
def test_a_key_that_the_issuer_could_not_name_is_told_of_at_start(tmp_path: Path, kind: str) -> None:
    nameless = ECKey.generate_key("P-384", private=True)
    more = {"organization": "359797117"} if kind == "maskinporten" else {}
    given = {**HELSEID, **more, "kind": kind, "key_ref": kept(tmp_path, nameless)}
    if kind == "helseid":
        assert isinstance(token_source(system("https://bup.example", **given)), Cached)
    else:
        with pytest.raises(ConfigurationError, match="kid"):
            token_source(system("https://bup.example", **given))


def test_a_fhir_server_that_says_where_tokens_are_is_asked_over_https(tmp_path: Path) -> None:
    given = {"kind": "smart-backend", "client_id": "c", "scope": "s", "key_ref": kept(tmp_path, ES256)}
    with pytest.raises(ConfigurationError, match="https"):
        token_source(system("http://bup.example/fhir", **given))
    assert isinstance(token_source(system("https://bup.example/fhir", **given)), Cached)


def test_an_exception_holds_neither_key_nor_assertion(
    tmp_path: Path, unused_address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    given = {**HELSEID, "issuer": unused_address, "key_ref": kept(tmp_path, RSA)}
    given |= {"kind": "client-credentials", "token_url": f"{unused_address}/token", "dpop": True}
    with pytest.raises(NoToken) as told:
        asyncio.run(token_source(system("https://bup.example", **given)).ready())
    said = "".join(traceback.format_exception(told.value)) + caplog.text
    assert "eyJ" not in said  # the beginning of every assertion and proof
    assert told.value.__cause__ is None


@pytest.fixture
def unused_address() -> str:
    """An address on loopback where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}"
