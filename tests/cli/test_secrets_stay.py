"""A whole run with canaries for secrets: everybody it calls and who calls it means harm, all fails in every
way, and nothing that is written or answered tells a secret. That they were shown where they belong is looked
at too: a search that could find nothing shows nothing."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey

from gateway.access import scopes
from tests.access import issuer_server
from tests.end_to_end.configuration import toml
from tests.end_to_end.served import ROOT, serving
from tests.end_to_end.waiting import wait_until
from tests.leaks import found

KINDS = ("bearer", "api-key", "basic", "post", "granted", "smart")
ROUNDS = 4  # of each way to fail


class Hostile(BaseHTTPRequestHandler):
    """Every system, and everybody who gives tokens: says back whatever it was told, as an error, as a
    redirect, as garbage, or hangs up. heard: all that anybody said, by the first part of the path."""

    heard: dict[str, list[bytes]]
    granted: str
    url: str

    def answer(self) -> None:
        size = int(self.headers.get("Content-Length", "0"))
        said = bytes(self.headers) + self.rfile.read(size)
        name, rest = self.path[1:].partition("/")[::2]
        turns = self.heard.setdefault(name, [])
        turns.append(said)
        token = {"access_token": self.granted, "token_type": "Bearer", "expires_in": 1}
        echo = json.dumps({"error": "invalid_client", "error_description": said.decode("latin-1")}).encode()
        if rest.startswith(".well-known/smart"):
            self.say(200, json.dumps({"token_endpoint": f"{self.url}/{name}/token"}).encode())
        elif rest == "token" and name == "granted":
            self.say(200, json.dumps(token).encode())
        elif rest == "token":
            self.say(401, echo)
        else:
            self.fail(len(turns) % ROUNDS, said, echo)

    def fail(self, way: int, said: bytes, echo: bytes) -> None:
        if way == 0:
            self.say(500, echo)
        elif way == 1:
            self.say(302, b"", Location=f"{self.url}/elsewhere/{quote(said[:400])}")
        elif way == 2:
            self.say(200, b'{"resourceType":"' + echo)
        else:
            self.close_connection = True

    do_GET = do_POST = answer  # noqa: N815

    def say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, text in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


def canary(name: str) -> str:
    return f"kanari-{name}-{secrets.token_hex(12)}"


@pytest.fixture
def hostile() -> Iterator[type[Hostile]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    Hostile.heard, Hostile.granted = {}, canary("token")
    Hostile.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Hostile
    server.shutdown()
    server.server_close()


def credentials(kept: dict[str, str], url: str, folder: Path) -> dict[str, dict[str, Any]]:
    """How we are let in, by kind; the secrets in the environment, in files, and one key."""
    for name in ("bearer", "basic"):
        os.environ[f"CANARY_{name.upper()}"] = kept[name]
    for name in ("api-key", "post", "granted"):
        (folder / name).write_text(kept[name])
    (folder / "smart").write_text(kept["jwk"])
    fetched = {"kind": "client-credentials", "client_id": "stafettbro", "authentication": "post"}
    return {
        "bearer": {"kind": "bearer", "token_ref": "env:CANARY_BEARER"},
        "api-key": {"kind": "api-key", "token_ref": f"file:{folder}/api-key"},
        "basic": {"kind": "basic", "client_id": "oss", "secret_ref": "env:CANARY_BASIC"},
        "post": {**fetched, "token_url": f"{url}/post/token", "secret_ref": f"file:{folder}/post"},
        "granted": {**fetched, "token_url": f"{url}/granted/token", "secret_ref": f"file:{folder}/granted"},
        "smart": {
            "kind": "smart-backend",
            "client_id": "oss",
            "key_ref": f"file:{folder}/smart",
            "scope": "x",
        },
    }


def configured(kept: dict[str, str], url: str, issuer: str, folder: Path) -> Path:
    os.environ |= {"CANARY_IDENTIFIER": kept["identifier"], "CANARY_CONTENT": kept["content"]}
    system = {"tenant": "t", "organization": "359797117", "poll_seconds": 0.2, "probe_seconds": 0.2}
    told = {
        "database_url": f"sqlite:///{folder / 'hub.db'}",
        "state_folder": str(folder / "state"),
        "identifier_key_ref": "env:CANARY_IDENTIFIER",
        "keys": {"key_ref": "env:CANARY_CONTENT"},
        "tenants": [{"id": "t", "name": "Fjordbyen"}],
        "systems": [
            {"id": name, "adapter": "fhir", "url": f"{url}/{name}", "credentials": given, **system}
            for name, given in credentials(kept, url, folder).items()
        ],
        "issuers": [{"issuer": issuer, "audience": issuer_server.AUDIENCE, "tokens": "bearer"}],
        "clients": [{"issuer": issuer, "client_id": "drift", "tenant": "t", "scopes": sorted(scopes.ALL)}],
        "logins": [
            {"id": "inn", "name": "Inn", "tenant": "t", "who": "family", "issuer": f"{url}/login",
             "acr": ["4"], "client_id": "oss", "key_ref": f"file:{folder}/smart"}
        ],
    }  # fmt: skip
    path = folder / "stafettbro.toml"
    path.write_text(toml(told))
    return path


def all_wrong(url: str, token: str, word: str) -> Iterator[str]:
    """Requests with secrets where they belong and where they do not; what is answered."""
    bearer = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
        for path, headers in (
            ("/lanes", bearer),
            ("/metrics", bearer),
            ("/systems/bearer/records", bearer),
            ("/lanes", {"Authorization": f"Bearer {token[:-5]}AAAAA"}),
            ("/lanes", {"Authorization": f"DPoP {token}", "DPoP": word}),
            ("/lanes", {"Authorization": "Basic " + base64.b64encode(f"x:{word}".encode()).decode()}),
            ("/lanes", {**bearer, "Stafettbro-System": word}),
            ("/lanes", {"Host": f"{word}.example"}),
            (f"/lanes?access_token={token}", {}),
            (f"/finnes-ikke/{word}", bearer),
            (f"/timeline/{word}", bearer),
            (f"/fhir/Patient?identifier={word}", bearer),
            ("/min-side", {"Cookie": f"stafettbro={word}; annet={token}"}),
            ("/min-side/logg-inn/inn", {}),
            (
                f"/min-side/logg-inn/inn/svar?code={word}&state={word}",
                {"Cookie": f"stafettbro-innlogging={word}"},
            ),
            (f"/min-side/{word}", {}),
        ):
            yield http.get(path, headers=headers).text
        for body in (word, json.dumps({"type": word, "by": word}), '{"a":1,"a":"' + word + '"}'):
            for path in ("/systems/bearer/records", "/fhir/Goal", "/worklist/search", "/min-side/logg-ut"):
                media = {"Content-Type": "application/json", "Idempotency-Key": word}
                yield http.post(path, content=body, headers={**bearer, **media}).text
    with socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=10) as line:
        line.sendall(f"GET /{word} HTTP/1.1\r\nX {word}: {token}\r\n\r\n".encode())
        yield line.recv(65536).decode()


def test_no_secret_is_told(hostile: type[Hostile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BEARER", "BASIC", "IDENTIFIER", "CONTENT"):
        monkeypatch.setenv(f"CANARY_{name}", "-")  # and is taken away again
    key = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384"}, auto_kid=True).as_dict(private=True)
    shown = {name: canary(name) for name in KINDS if name != "smart"}
    kept = {
        **shown,
        "jwk": json.dumps(key),
        "identifier": secrets.token_hex(32),
        "content": secrets.token_hex(32),
    }
    with issuer_server.running() as issuer:
        now = int(time.time())
        token = issuer.token(client_id="drift", iat=now, exp=now + 900, scope=" ".join(sorted(scopes.ALL)))
        word = canary("word")
        config = configured(kept, hostile.url, issuer.url, tmp_path)
        with serving(config, tmp_path / "log") as (_, url):
            answers = list(all_wrong(url, token, word))
            wait_until(
                lambda: all(len(hostile.heard.get(name, ())) > ROUNDS for name in KINDS),
                "every system has failed in every way",
            )
        checked = subprocess.run(
            [sys.executable, "-m", "gateway.cli", "check", "--config", str(config)],
            cwd=ROOT, capture_output=True, check=False,
        )  # fmt: skip
    secret = [*shown.values(), str(key["d"]), kept["identifier"], kept["content"], hostile.granted]
    secret += [token, token.rpartition(".")[2], word]
    for name, value in shown.items():  # the control: it was told where it belongs
        told = value if name != "basic" else base64.b64encode(f"oss:{value}".encode()).decode()
        assert any(told.encode() in one for one in hostile.heard[name]), name
    assert any(hostile.granted.encode() in one for one in hostile.heard["granted"])
    assert hostile.heard["login"]
    assert "elsewhere" not in hostile.heard
    log = (tmp_path / "log").read_bytes()
    assert b"SB0030" in log  # systems that could not be asked
    assert b"SB0011" in log  # callers that were not let in
    assert found(secret, log) == []
    assert found(secret, checked.stdout + checked.stderr) == []
    assert [found(secret, answer.encode()) for answer in answers] == [[]] * len(answers)
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.name not in KINDS:
            assert found(secret, path.read_bytes()) == [], path
