"""Where our own calls go, and how much of an answer is read: a system or an issuer that means harm leads us
to nobody, and fills neither memory nor time."""

from __future__ import annotations

import asyncio
import functools
import gzip
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters import reach
from adapters.contract import NoToken, Unavailable
from adapters.fhir_server import FhirServer
from adapters.retry import Patience
from adapters.tokens.calls import Call, Calls
from adapters.tokens.faults import About
from adapters.transport import MAX_BODY, Transport
from gateway.access.issuer_calls import get_json
from gateway.access.issuer_keys import IssuerKeys
from gateway.config import Issuer
from gateway.errors import NotReady
from tests.adapters import let_in
from tests.adapters.hostile_server import Serve, Server, answer, certified

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[2]
MEBIBYTE = 1024 * 1024


@pytest.fixture
def server() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def make(serve: Serve, tls: ssl.SSLContext | None = None) -> Server:
        made.append(Server(serve, tls))
        return made[-1]

    yield make
    for one in made:
        one.close()


# --- how much is read ---------------------------------------------------------------------------------------


def bomb(size: int) -> bytes:
    """So many bytes, packed."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(b"\0" * MEBIBYTE) for _ in range(size // MEBIBYTE)) + packer.flush()


@pytest.mark.parametrize(
    ("serve", "said"),
    [
        (answer(bomb(256 * MEBIBYTE), Content_Encoding="gzip"), "too large"),
        (answer(gzip.compress(bomb(256 * MEBIBYTE)), Content_Encoding="gzip, gzip"), "not asked for"),
        (answer(b"{}", Content_Encoding="br"), "not asked for"),
        (answer(b"{}", Content_Encoding="zstd"), "not asked for"),
        (answer(zlib.compress(b"{}"), Content_Encoding="deflate"), "not asked for"),
        (answer(b"{}", Content_Encoding="gzip"), "not packed as it says"),
        (answer(gzip.compress(b"{}")[:-6], Content_Encoding="gzip"), "cut off"),
        (answer(gzip.compress(b"{}") * 2, Content_Encoding="gzip"), "longer than it says"),
        (answer(b" " * (MAX_BODY + 1)), "too large"),
    ],
)
async def test_an_answer_that_unpacks_without_end_is_not_unpacked(
    server: Callable[..., Server], serve: Serve, said: str
) -> None:
    transport = Transport(server(serve).url, let_in.none(), timeout=10.0)
    tracemalloc.start()
    with pytest.raises(Unavailable, match=said):
        await transport.get("records", media="application/json")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    await transport.close()
    assert most < 3 * MAX_BODY


async def test_a_packed_answer_is_unpacked(server: Callable[..., Server]) -> None:
    body = json.dumps({"records": ["æ" * 100_000], "cursor": "x"}).encode()
    there = server(answer(gzip.compress(body), Content_Encoding="gzip"))
    transport = Transport(there.url, let_in.none(), timeout=10.0)
    assert (await transport.get("records", media="application/json")).body == body
    await transport.close()
    assert re.findall(r"(?i)accept-encoding: (.*)\r", there.came[0]) == ["gzip"]


def trickle(line: socket.socket) -> None:
    """A byte now and then, for ever."""
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    pause = threading.Event()
    while True:
        line.sendall(b" ")
        pause.wait(0.1)


def trickle_head(line: socket.socket) -> None:
    """The same, before anything is said."""
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    pause = threading.Event()
    while True:
        line.sendall(b"X-A: b\r\n")
        pause.wait(0.1)


@pytest.mark.parametrize("serve", [trickle, trickle_head])
async def test_a_system_that_trickles_is_not_waited_for(server: Callable[..., Server], serve: Serve) -> None:
    """Neither where it is polled nor where a token is fetched, though each byte comes in time."""
    url = server(serve).url
    adapter = FhirServer(url, let_in.none(), patience=Patience(deadline=0.5, attempts=1))
    began = time.monotonic()
    with pytest.raises(Unavailable, match="no answer"):
        await adapter.changes(None)
    with pytest.raises(NoToken, match="token-unreached"):
        await Calls(About("bup"), url, seconds=0.5).make(Call("GET", url))
    assert time.monotonic() - began < 8
    await adapter.close()


@pytest.mark.parametrize("size", [256 * 1024 + 1, 64 * MEBIBYTE])
def test_an_issuer_that_says_too_much_is_not_heard(server: Callable[..., Server], size: int) -> None:
    for serve in (answer(b" " * size), answer(bomb(64 * MEBIBYTE), Content_Encoding="gzip")):
        url = server(serve).url
        with pytest.raises(ValueError, match="too large"):
            get_json(url, url)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":1e' + b"9" * 1_000 + b"}", b'{"a":"\\ud800"}', b"\xff"]
)
async def test_what_no_json_is_ends_no_poll_with_an_error_of_ours(
    server: Callable[..., Server], body: bytes
) -> None:
    url = server(answer(body)).url
    adapter = FhirServer(url, let_in.none(), patience=Patience(deadline=5.0, attempts=1))
    with pytest.raises(Unavailable, match="not JSON"):
        await adapter.changes(None)
    await adapter.close()
    await asyncio.to_thread(_no_keys, url)


def _no_keys(url: str) -> None:
    keys = IssuerKeys(Issuer(issuer=url, audience="x", jwks_url=url), lambda: 1e9)
    with pytest.raises(NotReady):
        keys.find("k1", "ES256")


# --- where it leads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://peer.example/fhir/Goal?page=2", True),
        ("https://PEER.example:443/fhir/Goal?page=2", True),
        ("https://peer.example/fhir?_getpages=1&x=..%2F..", True),
        ("https://peer.example/fhir/../admin", False),
        ("https://peer.example/fhir/%2e%2e/admin", False),
        ("https://peer.example/fhir/a%2F..%2Fb", True),  # one segment: an id of theirs
        ("https://peer.example/fhir/.%2e/admin", False),
        ("https://peer.example/fhir/..;/admin", False),
        ("https://peer.example\\@evil.example/fhir/Goal", False),
        ("https://peer.example/fhir\\..\\admin", False),
        ("https://peer.example@evil.example/fhir/Goal", False),
        ("https://peer.example:x@peer.example/fhir/Goal", False),
        ("https://peer.example%2eevil.example/fhir/Goal", False),
        ("https://peer.example#@evil.example/fhir/Goal", False),
        ("https://peer.example.:443/fhir/Goal", False),
        ("http://peer.example:443/fhir/Goal", False),
        ("https://127.0.0.1/fhir/Goal", False),
        ("https:///fhir/Goal", False),
        ("file:///fhir/Goal", False),
        ("//peer.example/fhir/Goal", False),
        ("/fhir/Goal", False),
        ("https://peer.example:99999/fhir/Goal", False),
        ("https://[::1/fhir/Goal", False),
        ("https://peer.example/fhir/Goal\r\nX-A: b", False),
    ],
)
def test_a_link_leads_below_the_system_or_nowhere(url: str, ours: bool) -> None:
    assert reach.below(httpx.URL("https://peer.example/fhir"), url) is ours


@pytest.mark.parametrize("way", ["..%2fadmin", "Goal%2F..%2F..%2fadmin", "%252e%252e/admin", "..%5cadmin"])
async def test_a_link_that_servers_read_differently_is_not_followed(way: str) -> None:
    adapter = FhirServer("http://127.0.0.1:9/fhir", let_in.none())
    for link in (way, f"http://127.0.0.1:9/fhir/{way}?x=%2F"):
        with pytest.raises(Unavailable, match="points away"):
            await adapter.changes(json.dumps({"next": link}))
    await adapter.close()


async def test_the_next_page_of_a_hostile_system_leads_nowhere(server: Callable[..., Server]) -> None:
    inside = server(answer(b"{}"))
    link = [{"relation": "next", "url": f"{inside.url}/fhir/latest/meta-data"}]
    bundle = {"resourceType": "Bundle", "type": "searchset", "link": link, "entry": []}
    hostile = server(answer(json.dumps(bundle).encode()))
    adapter = FhirServer(f"{hostile.url}/fhir", let_in.bearer("canary"))
    page = await adapter.changes(None)
    with pytest.raises(Unavailable, match="points away"):
        await adapter.changes(page.cursor)
    await adapter.close()
    assert inside.came == []


async def test_an_attachment_that_lies_elsewhere_is_not_fetched(server: Callable[..., Server]) -> None:
    inside = server(answer(b"secret"))
    document = {
        "resourceType": "DocumentReference",
        "id": "d1",
        "content": [{"attachment": {"url": f"{inside.url}/d1.pdf", "contentType": "application/pdf"}}],
    }
    bundle = {"resourceType": "Bundle", "entry": [{"resource": document}]}
    there = server(answer(json.dumps(bundle).encode(), Location=f"{inside.url}/Goal/1"))
    adapter = FhirServer(there.url, let_in.none(), types=("DocumentReference",))
    page = await adapter.changes(None)
    await adapter.close()
    assert page.records[0].record == document
    assert inside.came == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
    ],
)
def test_what_is_public(address: str, public: bool) -> None:
    assert reach.is_public(ipaddress.ip_address(address)) is public


@pytest.mark.parametrize(
    "told",
    [
        "http://{inside}/token",
        "https://{inside}/token",
        "https://localhost:{port}/token",
        "https://10.0.0.1/x",
    ],
)
async def test_an_issuer_leads_us_to_no_address_within(server: Callable[..., Server], told: str) -> None:
    """Neither by an address nor by a name of one: nothing is even connected to."""
    inside = server(answer(b"{}"))
    authority = inside.url.removeprefix("http://")
    url = told.format(inside=authority, port=authority.rpartition(":")[2])
    home = server(answer(b"{}")).url
    with pytest.raises(NoToken, match="token-address"):
        await Calls(About("bup"), home, seconds=5.0).make(Call("POST", url, {"client_assertion": "canary"}))
    assert inside.came == []


async def test_the_address_that_was_looked_at_is_the_one_that_is_called(
    server: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A name that leads elsewhere the second time (DNS rebinding) is not asked a second time; the certificate
    is still that of the name."""
    here, trusted = certified("issuer.invalid", tmp_path)
    there = server(answer(b"{}"), here)
    port = there.url.rpartition(":")[2]
    asked: list[str] = []

    async def look_up(self: Any, host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        assert asked == ["issuer.invalid"], "it is looked up once"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(reach, "is_public", lambda address: str(address) == "127.0.0.1")
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    url = f"https://issuer.invalid:{port}/x"
    asking = functools.partial(reach.call, "GET", url, home="https://other.example", seconds=5.0, most=99)
    told = await asking(verify=trusted)
    assert (told.status, there.names) == (200, ["issuer.invalid"])
    assert f"host: issuer.invalid:{port}\r" in there.came[0].lower()
    asked.clear()
    with pytest.raises(httpx.ConnectError):
        await asking(verify=certified("another.invalid", tmp_path)[1])


def test_nothing_else_calls_over_http() -> None:
    """Whoever needs a call makes it through `reach`. The demo plays other systems."""
    names = r"(?:Async)?Client|get|post|put|stream|request"
    calling = re.compile(rf"httpx\.(?:{names})\(|urlopen|import requests|aiohttp|http\.client")
    found = {
        str(path.relative_to(ROOT))
        for package in ("gateway", "adapters", "mappings", "consent")
        for path in (ROOT / package).rglob("*.py")
        if "demo" not in path.parts and calling.search(path.read_text())
    }
    assert found == {"adapters/reach.py"}


def test_no_xml_is_read_by_anything_of_ours() -> None:
    """What is never parsed needs no defence; a text in a narrative stays text."""
    reading = re.compile(
        r"^\s*(?:import|from) (?:xml|lxml|defusedxml|bs4|html5lib|xmltodict)\b", re.MULTILINE
    )
    for package in ("gateway", "adapters", "mappings", "consent"):
        for path in (ROOT / package).rglob("*.py"):
            assert not reading.search(path.read_text()), path
