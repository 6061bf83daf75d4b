"""From where somebody comes, for limits alone: nobody is let in, or told anything, because of an address.

What a request says of itself (X-Forwarded-For) counts as far as proxies of the configuration have said it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network
UNKNOWN = "unknown"


def client_address(peer: str | None, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """peer: who opened the connection; forwarded: every X-Forwarded-For of the request, in order. The last
    address that is none of our proxies'; of an IPv6 address its /64, which is what one household has."""
    told = [part.strip() for line in forwarded for part in line.split(",")]
    found = peer or ""
    while told and _within(found, proxies):
        found = told.pop()
    return _counted(found)


def _within(address: str, proxies: Sequence[Network]) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(known in network for network in proxies)


def _counted(address: str) -> str:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    if known.version == 4:
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.ip_network((known, 64), strict=False))
