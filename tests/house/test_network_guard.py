"""Tests and the processes they start reach nothing but this machine."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.guard.sitecustomize import is_loopback

OUTSIDE = "192.0.2.1"  # RFC 5737: for documentation, routed nowhere


def test_a_connection_out_is_stopped() -> None:
    with socket.socket() as outward, pytest.raises(RuntimeError, match="loopback"):
        outward.connect((OUTSIDE, 80))


def test_a_datagram_out_is_stopped() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as outward, pytest.raises(RuntimeError, match="loopback"):
        outward.sendto(b"x", (OUTSIDE, 53))


def test_a_name_look_up_is_stopped() -> None:
    with pytest.raises(RuntimeError, match="loopback"):
        socket.getaddrinfo("example.org", 443)


def test_a_name_that_never_resolves_fails_as_it_would_outside() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("mottaker.invalid", 443)


def test_a_process_that_a_test_starts_is_guarded_too() -> None:
    code = f"import socket; socket.create_connection(('{OUTSIDE}', 80), timeout=1)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "NetworkBlocked" in ended.stderr


def test_loopback_works() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        (b"localhost", True),
        (None, True),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("fe80::1%eth0", False),
    ],
)
def test_what_counts_as_loopback(host: str | bytes | None, loopback: bool) -> None:
    assert is_loopback(host) is loopback
