"""Calls to an issuer: short, bounded, never redirected. Knows nothing of what is asked; every failure is an
httpx.HTTPError or a ValueError, and holds no content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from gateway import jsontext

MAX_BYTES = 256 * 1024
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """What was answered: a status, a JSON object, headers."""

    status: int
    body: dict[str, Any]
    headers: httpx.Headers


def get_json(url: str) -> dict[str, Any]:
    """The JSON object at an address."""
    told = _call("GET", url, None, {})
    if told.status != 200:
        raise ValueError(f"status {told.status}")
    return told.body


def post_form(url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Told:
    """What answers a form."""
    return _call("POST", url, fields, headers)


def _call(method: str, url: str, fields: Mapping[str, str] | None, headers: Mapping[str, str]) -> Told:
    with httpx.stream(
        method, url, data=fields, headers=headers, timeout=SECONDS, follow_redirects=False, trust_env=False
    ) as response:
        body = b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                raise ValueError("too large")
    try:
        document = jsontext.decode(body)
    except (jsontext.DecodeError, UnicodeDecodeError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return Told(response.status_code, document, response.headers)
