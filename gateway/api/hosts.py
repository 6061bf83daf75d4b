"""By which names this gateway may be called. Nothing is ever made of the name in a request; a wrong one shows
that the request was meant for somebody else, or that a browser was led here by a name of another's."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from gateway.config import Settings

THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
FORM: Final = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


def hosts_of(settings: Settings) -> frozenset[str]:
    """The names, without ports."""
    public = urlsplit(settings.public_url).hostname or ""
    own = f"[{public}]" if ":" in public else public
    return THIS_MACHINE | {own.lower()} | set(settings.hosts)


def host_of(header: bytes) -> str | None:
    """The name in a Host header, without its port and in lower case; None where it names none."""
    found = FORM.fullmatch(header.decode("latin-1").strip())
    return found[1].lower() if found else None
