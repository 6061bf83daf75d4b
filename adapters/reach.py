"""How far our own calls go: where what somebody else says may lead us, and how much of an answer is read.
Every call over HTTP passes here. Follows no redirect, and knows nothing of what is asked.

An address of the configuration is called wherever it leads. One that a system or an issuer tells (the next
page, where tokens are) is called at the same origin; an issuer may also name another host, over https, if
that is a public address: it is looked up once, and the very address that was looked at is called, so that a
second look-up cannot lead into our own network.

Sources: RFC 3986 §6.2 (comparing addresses), RFC 6890 (special addresses), RFC 9110 §8.4 (Content-Encoding).
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import re
import socket
import ssl
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import httpx

ACCEPTED: Final = {"Accept-Encoding": "gzip"}  # what `whole` unpacks, and nothing that unpacks without bounds
NOT_OURS_TO_CALL: Final = tuple(  # public by their form, and lead on to any other address
    map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
)
Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Origin = tuple[str, str, int | None]


class Astray(ValueError):
    """An address that we do not call. Never repeats it."""


class Unreadable(ValueError):
    """An answer that is too large, cut off, or packed in a way that was not asked for."""


@dataclass(frozen=True, slots=True)
class Told:
    """A whole answer."""

    status: int
    headers: httpx.Headers
    body: bytes


def below(base: httpx.URL, url: str) -> bool:
    """Whether an address is of the base's origin and below its path, for every reader of addresses."""
    try:
        found = httpx.URL(url)
        if origin(found) != origin(base):
            return False
    except (httpx.InvalidURL, ValueError):
        return False
    segments = found.raw_path.partition(b"?")[0].decode("ascii").split("/")
    parts = {unquote(segment).partition(";")[0] for segment in segments}  # some servers take "..;" for ".."
    if "\\" in url or parts & {".", ".."}:
        return False
    ours = base.path.rstrip("/")
    return found.path == ours or found.path.startswith(f"{ours}/")


def is_plain(link: str) -> bool:
    """Whether all readers find the same path in a link that somebody else has made."""
    return not re.search(r"%2f|%5c|%25|\\", link.partition("?")[0], re.IGNORECASE)


def origin(url: httpx.URL) -> Origin:
    """Scheme, host and port. Raises Astray for an address that carries a name or password."""
    if url.userinfo or not url.host:
        raise Astray("an address of this form is not called")
    return url.scheme, url.host, url.port


async def call(
    method: str,
    url: str,
    *,
    home: str,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    verify: ssl.SSLContext | None = None,
    seconds: float,
    most: int,
) -> Told:
    """One short call. home: the address that the configuration names; seconds: for all of it; most: bytes.

    Raises Astray, Unreadable, TimeoutError, httpx.HTTPError, httpx.InvalidURL."""
    async with asyncio.timeout(seconds):
        target = httpx.URL(url)
        extensions: dict[str, str] = {}
        named = {**ACCEPTED, "Accept": "application/json", **(headers or {})}
        if origin(target) != origin(httpx.URL(home)):
            named["Host"] = target.netloc.decode("ascii")
            extensions["sni_hostname"] = target.host
            target = target.copy_with(host=await public_address(target))
        request = httpx.Request(method, target, data=form, headers=named, extensions=extensions)
        async with client(seconds, verify) as ours:
            answer = await ours.send(request, stream=True, follow_redirects=False)
            try:
                return Told(answer.status_code, answer.headers, await whole(answer, most))
            finally:
                await answer.aclose()


def client(seconds: float, verify: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """What calls: without the machine's proxies, and following nobody. seconds: for a connection, and for
    each piece of an answer."""
    # Node closes idle connections after 5 s; a write on one that is just closing has an unknown outcome.
    limits = httpx.Limits(keepalive_expiry=3.0)
    return httpx.AsyncClient(
        timeout=seconds,
        limits=limits,
        trust_env=False,
        verify=verify or public_authorities(),
        headers=ACCEPTED,
    )


async def public_address(url: httpx.URL) -> str:
    """One of the addresses of a host that somebody else has named. Raises Astray where it is not https, or
    where any of its addresses is not a public one."""
    if url.scheme != "https":
        raise Astray("another host is called over https alone")
    addresses = await _addresses(url.host)
    if not addresses or not all(map(is_public, addresses)):
        raise Astray("the host has an address that is not public")
    return str(addresses[0])


async def _addresses(host: str) -> list[Ip]:
    with suppress(ValueError):
        return [ipaddress.ip_address(host)]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Astray("the host is not known") from error
    return [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]


def is_public(address: Ip) -> bool:
    """Whether an address is one of the open network, and leads to no other."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    leads_on = any(address in network for network in NOT_OURS_TO_CALL)
    return address.is_global and not address.is_multicast and not leads_on


async def whole(answer: httpx.Response, most: int) -> bytes:
    """The body of an answer, unpacked, at most so many bytes. Raises Unreadable, httpx.HTTPError.

    What is packed is unpacked piece by piece, and never more of it than there is room for."""
    packed = answer.headers.get("content-encoding", "identity").strip().lower()
    if packed not in ("identity", "", "gzip", "x-gzip"):
        raise Unreadable("packed in a way that was not asked for")
    unpacker = zlib.decompressobj(wbits=31) if packed.endswith("gzip") else None
    parts: list[bytes] = []
    room = most
    async for raw in answer.aiter_raw():
        part = raw if unpacker is None else _unpacked(unpacker, raw, room)
        room -= len(part)
        if room < 0:
            raise Unreadable("too large")
        parts.append(part)
    if unpacker is not None and parts and (not unpacker.eof or unpacker.unused_data):
        raise Unreadable("cut off, or longer than it says")
    return b"".join(parts)


def _unpacked(unpacker: zlib._Decompress, raw: bytes, room: int) -> bytes:
    """One byte more than there is room for, where there is more."""
    try:
        return unpacker.decompress(raw, room + 1)
    except zlib.error as error:
        raise Unreadable("not packed as it says") from error


@functools.cache
def public_authorities() -> ssl.SSLContext:
    """The authorities that everybody believes."""
    return httpx.create_ssl_context(trust_env=False)
