"""Credentials: the headers of each kind, and one token fetched once and renewed in time."""

from __future__ import annotations

import asyncio
import json
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters import tokens
from adapters.contract import Unavailable

pytestmark = pytest.mark.anyio


@dataclass
class Issuer:
    """What the token address saw, and what it answers."""

    url: str = ""
    asked: list[tuple[str | None, dict[str, list[str]]]] = field(default_factory=list)
    status: int = 200
    answer: dict[str, Any] = field(default_factory=lambda: {"token_type": "Bearer", "expires_in": 300})


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A token address on loopback."""
    here = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            here.asked.append((self.headers.get("Authorization"), parse_qs(body)))
            token = {"access_token": f"t{len(here.asked)}"}
            payload = json.dumps({**token, **here.answer}).encode()
            self.send_response(here.status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
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


async def test_fixed_credentials() -> None:
    assert await tokens.none().headers() == {}
    assert await tokens.bearer("t").headers() == {"Authorization": "Bearer t"}
    assert await tokens.api_key("k", "X-Key").headers() == {"X-Key": "k"}
    user = (await tokens.basic("kari", "æ:b").headers())["Authorization"]
    assert b64decode(user.removeprefix("Basic ")).decode() == "kari:æ:b"


async def test_one_token_serves_until_shortly_before_its_end(issuer: Issuer) -> None:
    clock = Clock()
    source = tokens.ClientCredentials(issuer.url, "me", "s", scope="a b", now=clock)
    together = await asyncio.gather(*(source.headers() for _ in range(5)))
    assert together == [{"Authorization": "Bearer t1"}] * 5
    clock.time += 269
    assert await source.headers() == {"Authorization": "Bearer t1"}
    clock.time += 1  # thirty seconds left
    assert await source.headers() == {"Authorization": "Bearer t2"}
    assert issuer.asked[0][1] == {"grant_type": ["client_credentials"], "scope": ["a b"]}


async def test_a_token_that_was_not_accepted_is_fetched_anew(issuer: Issuer) -> None:
    source = tokens.ClientCredentials(issuer.url, "me", "s")
    await source.headers()
    source.forget()
    assert await source.headers() == {"Authorization": "Bearer t2"}


async def test_the_client_shows_itself_either_way(issuer: Issuer) -> None:
    await tokens.ClientCredentials(issuer.url, "me:x", "s&1").headers()
    await tokens.ClientCredentials(issuer.url, "me", "s", authentication="post").headers()
    header, form = issuer.asked[0]
    assert b64decode(str(header).removeprefix("Basic ")).decode() == "me%3Ax:s%261"
    assert "client_secret" not in form
    header, form = issuer.asked[1]
    assert header is None
    assert (form["client_id"], form["client_secret"]) == (["me"], ["s"])


@pytest.mark.parametrize(
    ("status", "answer"),
    [(401, {}), (200, {"token_type": "mac"}), (200, {"access_token": 7, "token_type": "Bearer"})],
)
async def test_no_token_means_unavailable_without_the_secret(
    issuer: Issuer, status: int, answer: dict[str, Any]
) -> None:
    issuer.status, issuer.answer = status, answer
    with pytest.raises(Unavailable) as down:
        await tokens.ClientCredentials(issuer.url, "me", "geheim").headers()
    assert "geheim" not in str(down.value)


async def test_nobody_at_the_token_address(unused_address: str) -> None:
    with pytest.raises(Unavailable) as down:
        await tokens.ClientCredentials(f"{unused_address}/token", "me", "s").headers()
    assert down.value.unreached
