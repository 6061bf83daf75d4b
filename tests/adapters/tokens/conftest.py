"""A token address on loopback that answers as it is told, for what no well-behaved issuer does."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters.tokens import authentication
from adapters.tokens.cached import Cached
from adapters.tokens.calls import Calls
from adapters.tokens.dpop import Proofs
from adapters.tokens.endpoint import TokenEndpoint
from adapters.tokens.faults import About
from adapters.tokens.metadata import Stated

ABOUT = About("bup", "login.example")


@dataclass
class Issuer:
    """What the token address saw, and what it answers."""

    url: str = ""
    asked: list[tuple[str | None, dict[str, list[str]]]] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: Any = field(default_factory=lambda: {"token_type": "Bearer", "expires_in": 300})
    together: int = 0  # requests under way now, and the most there were
    most: int = 0


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A token address."""
    here = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

        def do_POST(self) -> None:
            here.together += 1
            here.most = max(here.most, here.together)
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            here.asked.append((self.headers.get("Authorization"), parse_qs(body)))
            self.answer(here.answer)
            here.together -= 1

        def answer(self, told: Any) -> None:
            token = {"access_token": f"t{len(here.asked)}"}
            text = json.dumps({**token, **told}) if isinstance(told, dict) else told
            self.send_response(here.status)
            for name, value in {**here.headers, "Content-Length": str(len(text))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    here.url = f"http://127.0.0.1:{server.server_port}/token"
    yield here
    server.shutdown()
    server.server_close()


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    """The one that tokens end by."""
    return Clock()


@pytest.fixture
def anyio_backend() -> str:
    """The event loop the service uses."""
    return "asyncio"


def source(
    url: str, clock: Clock, *, proofs: Proofs | None = None, way: Any = "basic", scope: str = "a b"
) -> Cached:
    """Client credentials with a secret."""
    calls = Calls(ABOUT, url, seconds=5.0)
    endpoint = TokenEndpoint(Stated(url), ABOUT, calls, proofs)
    shown = authentication.by_secret("me:x", lambda: "geheim&1", way)
    asked = authentication.client_credentials(scope, None, shown)
    return Cached(lambda: endpoint.token(asked), proofs=proofs, now=clock)


def shown(source: Cached) -> str:
    """What it lets us in with now."""
    return asyncio.run(source.headers("GET", "http://127.0.0.1/api"))["Authorization"]
