"""Which addresses secrets and tokens may go to."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def is_safe(url: str) -> bool:
    """Whether an address is https, or http on this machine."""
    return urlsplit(url).scheme == "https" or on_this_machine(url)


def on_this_machine(url: str) -> bool:
    """Whether an address is http, and of this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in LOOPBACK
