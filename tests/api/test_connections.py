"""A real process and bare connections: what is no HTTP that everybody reads alike, who takes their time, and
who takes every connection. Limits are short here, so that nobody waits for long."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.api.edge import HEADERS
from gateway.api.guard import MOST_ADDRESS, MOST_HEAD
from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.api.world import settings
from tests.databases import SqliteTemplate
from tests.end_to_end.configuration import toml
from tests.end_to_end.served import serving

HEAD_SECONDS, BODY_SECONDS, CONNECTIONS = 1.0, 1.0, 20
POST = "POST /systems/logg/records HTTP/1.1\r\nHost: localhost\r\n"
NEXT = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"  # what must never be taken for a request
CLOSE = "\r\nConnection: close\r\n\r\n"
HEALTH = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Door:
    """The process's address and log, and a token that counts there."""

    port: int
    log: Path
    token: str

    def call(self) -> socket.socket:
        """A connection."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return line

    def said(self, request: str | bytes) -> bytes:
        """All that is answered until the other side hangs up."""
        with self.call() as line:
            line.sendall(request if isinstance(request, bytes) else request.encode("latin-1"))
            return everything(line)

    def alive(self) -> bool:
        """Whether somebody new is answered."""
        return self.said(HEALTH.replace("\r\n\r\n", CLOSE)).startswith(b"HTTP/1.1 200")


@pytest.fixture(scope="module")
def door(_sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    with issuer_server.running() as issuer, _sqlite_template.copy(folder) as url:
        config = folder / "stafettbro.toml"
        config.write_text(toml(configured(url, folder, issuer)))
        with serving(config, folder / "log") as (_, address):
            yield Door(urlsplit(address).port or 0, folder / "log", token(issuer))


def token(issuer: Issuer) -> str:
    """Of the log."""
    now = int(time.time())
    return issuer.token(client_id="logg", iat=now, exp=now + 3600, scope="records.write fhir.read")


def configured(url: str, folder: Path, issuer: Issuer) -> dict[str, object]:
    """The world's configuration with short limits."""
    plain = settings(url, folder, issuer).model_dump(mode="json", exclude_defaults=True)
    limits = {"head_seconds": HEAD_SECONDS, "body_seconds": BODY_SECONDS, "connections": CONNECTIONS}
    return plain | {"limits": limits, "answer_deadline_seconds": 2.0}


def answered(line: socket.socket) -> bytes:
    """One whole answer."""
    found = b""
    while b"\r\n\r\n" not in found:
        found += line.recv(65536)
    head, _, body = found.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65536)
    return head


def everything(line: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    found = b""
    try:
        while piece := line.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


@pytest.mark.parametrize(
    "request_",
    [
        POST + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + NEXT,
        POST + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabc" + NEXT,
        POST + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc" + NEXT,
        POST + "Content-Length: 3, 3\r\n\r\nabc" + NEXT,
        POST + "Content-Length: +3\r\n\r\nabc" + NEXT,
        POST + "Content-Length: -3\r\n\r\nabc" + NEXT,
        POST + "Content-Length: 0x3\r\n\r\nabc" + NEXT,
        POST + "Content-Length : 3\r\n\r\nabc" + NEXT,
        POST + "Content-Length: 99999999999999999999999\r\n\r\nabc" + NEXT,
        POST + "Content_Length: 3\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer_Encoding: chunked\r\nContent-Length: 0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n" + NEXT,
        POST + "Transfer-Encoding: chunked\r\n\r\n3;\nabc\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n" + NEXT,
        POST + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nabc\r\n0\r\n\r\n" + NEXT,
        POST.replace("1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
        POST.replace("1.1", "2.0", 1) + "Content-Length: 0\r\n\r\n" + NEXT,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n c\r\n\r\n" + NEXT,
        "GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n" + NEXT,
        "GET /healthz HTTP/1.1\nHost: localhost\n\n" + NEXT,
        "GET /healthz HTTP/1.1\r\nHost: localhost\rX-A: b\r\n\r\n" + NEXT,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\x00c\r\n\r\n" + NEXT,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX A: b\r\n\r\n" + NEXT,
        "GET /healthz HTTP/1.1\r\n\r\n" + NEXT,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: annet.example\r\n\r\n" + NEXT,
        "GET http://annet.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + NEXT,
        "GET /healthz\r\n\r\n" + NEXT,
        "GET /heal thz HTTP/1.1\r\nHost: localhost\r\n\r\n" + NEXT,
        "GET /h\xe6lse HTTP/1.1\r\nHost: localhost\r\n\r\n" + NEXT,
        "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n" + NEXT,
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + NEXT,
        "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n" + NEXT,
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
    ],
)  # fmt: skip
def test_what_two_readers_could_read_differently_is_refused_and_ends_the_connection(
    door: Door, request_: str
) -> None:
    said = door.said(request_)
    status = int(said[9:12])
    assert status in (400, 501, 505), said
    assert said.count(b"HTTP/1.1 ") == 1, said
    head = said.partition(b"\r\n\r\n")[0].decode().lower()
    assert "connection: close" in head
    assert "content-type: application/problem+json" in head
    assert all(f"{name}: {value}".lower() in head for name, value in HEADERS.items())
    assert "server:" not in head
    assert door.alive()


def test_what_stands_after_a_body_is_no_header(door: Door) -> None:
    trailer = "0\r\nContent-Encoding: gzip\r\nHost: annet.example\r\n\r\n"
    said = door.said(
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked" + CLOSE + trailer
    )
    assert said.startswith(b"HTTP/1.1 401")


def test_another_protocol_is_not_begun_and_nothing_is_read_after_it(door: Door) -> None:
    for name in ("websocket", "h2c"):
        asked = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: {name}\r\n\r\n"
        said = door.said(asked + NEXT)
        assert said.startswith(b"HTTP/1.1 200"), said
        assert said.count(b"HTTP/1.1 ") == 1, said


def test_a_head_without_end_is_ended(door: Door) -> None:
    for start in ("GET /" + "a" * 4_000_000, "GET /healthz HTTP/1.1\r\nX: " + "a" * 4_000_000):
        with door.call() as line:
            try:
                line.sendall(start.encode())
            except (ConnectionResetError, BrokenPipeError):
                continue
            assert everything(line)[:12] in (b"HTTP/1.1 431", b"")
    assert door.said(POST + "X: " + "a" * (MOST_HEAD + 1) + "\r\n\r\n").startswith(b"HTTP/1.1 431")
    long = f"GET /{'a' * MOST_ADDRESS} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert door.said(long).startswith(b"HTTP/1.1 414")


@pytest.mark.parametrize(
    "begun",
    ["", "G", "GET /healthz HTTP/1.1\r\nHost: loc", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n"],
)
def test_a_head_that_does_not_come_is_not_waited_for(door: Door, begun: str) -> None:
    with door.call() as line:
        line.sendall(begun.encode())
        began = time.monotonic()
        found = everything(line)
        assert HEAD_SECONDS * 0.5 < time.monotonic() - began < HEAD_SECONDS + 4
    assert found.rpartition(b"HTTP/1.1 ")[2].startswith(b"408"), found


def test_a_line_break_after_an_answer_holds_no_connection(door: Door) -> None:
    with door.call() as line:
        line.sendall(HEALTH.encode())
        assert answered(line).startswith(b"HTTP/1.1 200")
        line.sendall(b"\r\n")
        began = time.monotonic()
        assert everything(line).startswith(b"HTTP/1.1 408")
        assert time.monotonic() - began < HEAD_SECONDS + 3


def test_trickling_does_not_keep_a_head_alive(door: Door) -> None:
    with door.call() as line:
        line.settimeout(0.2)
        began, found = time.monotonic(), b""
        line.sendall(b"GET /healthz HTTP/1.1\r\n")
        while time.monotonic() - began < HEAD_SECONDS + 4 and not found:
            try:
                found = line.recv(65536)
            except TimeoutError:
                line.sendall(b"X-A: b\r\n")
        assert found.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("let_in", [True, False])
def test_a_body_that_trickles_is_not_waited_for(door: Door, let_in: bool) -> None:
    """Neither by whoever reads it, nor after an answer that did not need it."""
    shown = f"Authorization: Bearer {door.token}\r\n" if let_in else ""
    with door.call() as line:
        line.settimeout(0.2)
        began, found = time.monotonic(), b""
        head = f"{POST}{shown}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        line.sendall(head.encode())
        hung_up = False
        while time.monotonic() - began < BODY_SECONDS + 4 and not hung_up:
            try:
                piece = line.recv(65536)
                found, hung_up = found + piece, not piece
            except TimeoutError:
                line.sendall(b"a")
            except (ConnectionResetError, BrokenPipeError):
                hung_up = True
        assert hung_up, found
        assert found[:12] == (b"HTTP/1.1 408" if let_in else b"HTTP/1.1 401")


def test_a_body_on_a_slow_line_gets_through(door: Door) -> None:
    """Longer than `body_seconds`, at a speed of some 20 KiB a second."""
    piece, pieces = b" " * 4096, 8
    with door.call() as line:
        line.settimeout(0.2)
        head = f"GET /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(piece) * pieces}\r\n\r\n"
        line.sendall(head.encode())
        assert answered(line).startswith(b"HTTP/1.1 401")  # and is read on, so that the next one is found
        for _ in range(pieces):
            line.sendall(piece)
            with pytest.raises(TimeoutError):
                line.recv(1)
        line.settimeout(10)
        line.sendall(HEALTH.encode())
        assert answered(line).startswith(b"HTTP/1.1 200")


def test_a_reader_that_takes_nothing_is_cut_off(door: Door) -> None:
    """Asked for more than any buffer holds, and never read."""
    head = f"GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {door.token}\r\n\r\n"
    pause, began = threading.Event(), time.monotonic()
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(0.2)
        line.connect(("127.0.0.1", door.port))
        gone = False
        while not gone and time.monotonic() - began < 30:
            try:
                line.sendall(head.encode())
            except TimeoutError:  # neither are further requests read
                pause.wait(0.1)
            except (ConnectionResetError, BrokenPipeError):
                gone = True
    assert gone
    assert door.alive()


def test_those_who_take_every_connection_and_say_nothing_make_room(door: Door) -> None:
    with ExitStack() as lines:
        idle = [lines.enter_context(door.call()) for _ in range(CONNECTIONS + 5)]
        assert door.alive()
        ends = [everything(line)[9:12] for line in idle]
    assert ends.count(b"503") >= 5
    assert set(ends) == {b"503", b"408"}
    assert door.alive()


def test_nothing_of_all_that_is_told_in_the_log(door: Door) -> None:
    assert door.alive()
    lines = door.log.read_text().splitlines()
    assert not [line for line in lines if " ERROR " in line or "Traceback" in line]
    assert not [line for line in lines if "smuggled" in line or "annet.example" in line]
