"""Where an issuer gives tokens: asked for once a day, and believed only of itself."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from adapters.contract import NoToken
from adapters.tokens.calls import Calls
from adapters.tokens.faults import About
from adapters.tokens.metadata import KEEP_SECONDS, Metadata
from tests.adapters.tokens.conftest import Clock

ABOUT = About("bup", "login.example")
ISSUER = "https://login.example"


@dataclass
class Documents:
    """What is said at the address, and how often it was asked."""

    url: str = ""
    asked: int = 0
    status: int = 200
    document: Any = field(default_factory=lambda: {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"})


@pytest.fixture
def there() -> Iterator[Documents]:
    here = Documents()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

        def do_GET(self) -> None:
            here.asked += 1
            text = json.dumps(here.document).encode()
            self.send_response(here.status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    here.url = f"http://127.0.0.1:{server.server_port}/.well-known/x"
    yield here
    server.shutdown()
    server.server_close()


def metadata(there: Documents, clock: Clock, issuer: str | None = ISSUER, **more: Any) -> Metadata:
    return Metadata(there.url, issuer, ABOUT, Calls(ABOUT, there.url), now=clock, **more)


def found(one: Metadata) -> str:
    return asyncio.run(one.found())


def test_it_is_kept_for_a_day_or_until_it_leads_nowhere(there: Documents, clock: Clock) -> None:
    one = metadata(there, clock)
    assert found(one) == f"{ISSUER}/token"
    there.document["token_endpoint"] = f"{ISSUER}/other"
    clock.time += KEEP_SECONDS - 1
    assert found(one) == f"{ISSUER}/token"
    clock.time += 1
    assert found(one) == f"{ISSUER}/other"
    one.forget()
    found(one)
    assert there.asked == 3


def test_a_certificate_has_an_address_of_its_own(there: Documents, clock: Clock) -> None:
    there.document["mtls_endpoint_aliases"] = {"token_endpoint": "https://mtls.login.example/token"}
    assert found(metadata(there, clock)) == f"{ISSUER}/token"
    assert found(metadata(there, clock, by_certificate=True)) == "https://mtls.login.example/token"


@pytest.mark.parametrize(
    ("status", "document", "code"),
    [
        (200, {"issuer": ISSUER}, "token-metadata"),
        (200, {"issuer": ISSUER + "/", "token_endpoint": f"{ISSUER}/token"}, "token-metadata"),
        (200, {"token_endpoint": f"{ISSUER}/token"}, "token-metadata"),
        (200, {"issuer": ISSUER, "token_endpoint": "http://login.example/token"}, "token-metadata"),
        (200, {"issuer": ISSUER, "token_endpoint": ["x"]}, "token-metadata"),
        (200, [], "token-metadata"),
        (404, {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}, "token-metadata"),
        (302, {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}, "token-metadata"),
        (503, {}, "token-unavailable"),
    ],
)
def test_what_is_not_believed(there: Documents, clock: Clock, status: int, document: Any, code: str) -> None:
    there.status, there.document = status, document
    with pytest.raises(NoToken) as told:
        found(metadata(there, clock))
    assert told.value.code == code


def test_a_fhir_server_names_no_issuer(there: Documents, clock: Clock) -> None:
    there.document = {"token_endpoint": f"{ISSUER}/token"}
    assert found(metadata(there, clock, issuer=None)) == f"{ISSUER}/token"
