"""Calls to an issuer by a thread that waits for them: short, bounded, and no further than adapters/reach.py
lets them. Knows nothing of what is asked; every failure is an httpx.HTTPError or a ValueError, and holds no
content."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from adapters import reach
from gateway import jsontext

MAX_BYTES = 256 * 1024
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """What was answered: a status, a JSON object, headers."""

    status: int
    body: dict[str, Any]
    headers: httpx.Headers


def get_json(url: str, home: str) -> dict[str, Any]:
    """The JSON object at an address. home: the issuer's address in the configuration."""
    told = _call("GET", url, home, None, {})
    if told.status != 200:
        raise ValueError(f"status {told.status}")
    return told.body


def post_form(url: str, home: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Told:
    """What answers a form."""
    return _call("POST", url, home, fields, headers)


def _call(
    method: str, url: str, home: str, fields: Mapping[str, str] | None, headers: Mapping[str, str]
) -> Told:
    calling = reach.call(
        method, url, home=home, form=fields, headers=headers, seconds=SECONDS, most=MAX_BYTES
    )
    try:
        told = asyncio.run(calling)
    except (TimeoutError, httpx.InvalidURL) as error:
        raise ValueError("no answer") from error
    try:
        document = jsontext.decode(told.body)
    except (jsontext.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return Told(told.status, document, told.headers)
