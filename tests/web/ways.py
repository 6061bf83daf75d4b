"""The ways between pages: which links lead on, and which addresses are of one kind of page."""

from __future__ import annotations

import html
import re
from collections import deque
from urllib.parse import parse_qs, urlsplit

import httpx

LEFT_OUT = ("/spraak/", "/statisk/", "/logg-inn/")  # links that lead to no page of ours
NAMED = re.compile(r"[A-Za-z0-9_-]{24,}")  # what a session calls something in an address


def kind(address: str) -> str:
    """An address with what is named in it left out, and what it asks by, without the answers."""
    parts = urlsplit(address)
    asked = f"?{' '.join(sorted(parse_qs(parts.query)))}" if parts.query else ""
    return NAMED.sub("{}", parts.path) + asked


def onward(text: str) -> list[str]:
    """The addresses that a page leads to."""
    found = [html.unescape(one) for one in re.findall(r'<a [^>]*?href="(/min-side[^"#]*)', text)]
    return [one for one in found if not any(part in one for part in LEFT_OUT)]


def all_pages(http: httpx.Client, start: str = "/min-side") -> dict[str, httpx.Response]:
    """Every page and file that one comes to from the first, one of each kind, by kind."""
    ahead, found = deque([start]), dict[str, httpx.Response]()
    while ahead:
        address = ahead.popleft()
        if kind(address) in found:
            continue
        answer = http.get(address, follow_redirects=True)
        found[kind(address)] = answer
        ahead.extend(onward(answer.text) if "text/html" in answer.headers["content-type"] else [])
    return found
