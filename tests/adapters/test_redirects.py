"""A system that sends us elsewhere is not followed: neither what we tell nor what lets us in goes along."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from adapters.contract import Unavailable
from adapters.tokens.calls import Call, Calls
from adapters.tokens.faults import About
from adapters.transport import Transport, failure
from gateway.access.issuer_calls import get_json, post_form
from tests.adapters import let_in


class Elsewhere(BaseHTTPRequestHandler):
    """Notes who comes."""

    came: list[str]

    def do_GET(self) -> None:
        self.came.append(self.path)
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


class Signpost(Elsewhere):
    """Sends everyone on."""

    there: str
    status: int

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Location", self.there)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()


@pytest.fixture(params=[301, 302, 303, 307, 308])
def sent_on(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[str]]]:
    """Where somebody redirects, and the paths that were asked for where it leads."""
    came: list[str] = []
    inside = ThreadingHTTPServer(("127.0.0.1", 0), type("Inside", (Elsewhere,), {"came": came}))
    there = f"http://127.0.0.1:{inside.server_port}/latest/meta-data"
    kind = type("Kind", (Signpost,), {"there": there, "status": request.param})
    outside = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    for server in (inside, outside):
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{outside.server_port}", came
    for server in (inside, outside):
        server.shutdown()
        server.server_close()


@pytest.mark.anyio
async def test_a_system_that_redirects_is_not_followed(sent_on: tuple[str, list[str]]) -> None:
    url, came = sent_on
    transport = Transport(f"{url}/fhir", let_in.none(), timeout=5.0)
    for method in ("GET", "PUT", "POST"):
        answer = await transport.send(
            method, "Goal/1", headers={}, content=b"{}" if method != "GET" else None
        )
        fault = failure(answer)
        assert isinstance(fault, Unavailable)
    await transport.close()
    assert came == []


@pytest.mark.anyio
async def test_an_issuer_that_redirects_gets_nothing_more(sent_on: tuple[str, list[str]]) -> None:
    url, came = sent_on
    calls = Calls(About("bup", "login.example"), url)
    for call in (Call("GET", url), Call("POST", url, {"client_assertion": "x"})):
        assert (await calls.make(call)).status in range(300, 400)
    assert came == []


def test_an_issuer_of_those_who_call_us_is_not_followed_either(sent_on: tuple[str, list[str]]) -> None:
    url, came = sent_on
    with pytest.raises(ValueError):
        get_json(url, url)
    with pytest.raises(ValueError):
        post_form(url, url, {"client_assertion": "x"}, {})
    assert came == []
