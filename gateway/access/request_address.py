"""Whether an address in a proof is the one that was asked: compared as RFC 3986 §6.2.2 and §6.2.3 make them
equal, and in no other way. An address with a query or a fragment is none (RFC 9449 §4.2)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = {"https": 443, "http": 80}
ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

Address = tuple[str, str | None, int | None, str]


def same_address(said: object, asked: str) -> bool:
    """said: `htu` of a proof; asked: the public address of the request, without its query."""
    if not isinstance(said, str) or not said.isascii() or any(sign in said for sign in "?#@\\"):
        return False
    try:
        return _normal(said) == _normal(asked)
    except ValueError:  # a port that is none
        return False


def _normal(address: str) -> Address:
    if any(ord(sign) <= 0x20 for sign in address):  # urlsplit would leave some of them out
        raise ValueError("not an address")
    parts = urlsplit(address)
    port = parts.port if parts.port is not None else PORTS.get(parts.scheme)
    return parts.scheme, parts.hostname, port, ESCAPE.sub(_unescaped, parts.path) or "/"


def _unescaped(found: re.Match[str]) -> str:
    sign = chr(int(found[1], 16))
    return sign if sign in UNRESERVED else found[0].upper()
