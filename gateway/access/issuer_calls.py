"""Calls to an issuer: short, bounded, never redirected. Knows nothing of what is asked; every failure is an
httpx.HTTPError or a ValueError, and holds no content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from gateway import jsontext

MAX_BYTES = 256 * 1024
SECONDS = 5.0


def get_json(url: str) -> dict[str, Any]:
    """The JSON object at an address."""
    status, document = _call("GET", url, None)
    if status != 200:
        raise ValueError(f"status {status}")
    return document


def post_form(url: str, fields: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """The status and JSON object that answer a form."""
    return _call("POST", url, fields)


def _call(method: str, url: str, fields: Mapping[str, str] | None) -> tuple[int, dict[str, Any]]:
    with httpx.stream(
        method, url, data=fields, timeout=SECONDS, follow_redirects=False, trust_env=False
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
    return response.status_code, document
