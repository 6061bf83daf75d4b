"""Keeps every Python process of a test run on loopback.

Loaded by conftest in the test process itself, and by Python at start-up in the processes that tests start
(its folder leads their PYTHONPATH). A connection or name look-up that would leave the machine raises.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any


class NetworkBlocked(RuntimeError):
    """A test tried to reach something that is not this machine."""


def is_loopback(host: object) -> bool:
    """Whether a host, as the socket calls take it, stays on this machine."""
    if host is None:
        return True
    name = host.decode() if isinstance(host, (bytes, bytearray)) else str(host)
    if name in {"", "localhost", "0.0.0.0", "::"} or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False


def _check(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = args[0]
        if str(host).endswith(".invalid"):  # RFC 2606: never resolves, so tests may use it
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    elif event in {"socket.connect", "socket.sendto"}:
        address = args[1]
        if not isinstance(address, tuple):  # a UNIX socket
            return
        host = address[0]
    else:
        return
    if not is_loopback(host):
        raise NetworkBlocked(f"{event}: tests reach nothing but loopback")


def install() -> None:
    """Guard this process, for good: an audit hook cannot be taken off."""
    sys.addaudithook(_check)


install()
