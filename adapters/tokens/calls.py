"""Calls to an issuer: short, bounded, never redirected. Knows nothing of what is asked."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from adapters import jsontext
from adapters.tokens.certificate import Tls
from adapters.tokens.faults import About, is_of_certificates

MAX_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request; form: None for a read."""

    method: str
    url: str
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was answered. body: the JSON object; empty where it is none."""

    status: int
    headers: httpx.Headers
    body: dict[str, Any]


class Calls:
    """Calls to one issuer. seconds: for one call in all."""

    def __init__(self, about: About, tls: Tls | None = None, seconds: float = 10.0) -> None:
        self._about = about
        self._tls = tls
        self._seconds = seconds

    async def make(self, call: Call) -> Heard:
        """Raises NoToken where no answer came."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._made(call)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            code = "token-certificate" if is_of_certificates(error) else "token-unreached"
            # from None: an exception of the client holds the request, and with it what we showed
            raise self._about.failure(code) from None

    async def _made(self, call: Call) -> Heard:
        if self._tls is not None:
            self._tls.renew()
        verify = self._tls.to_issuer if self._tls else _public()
        headers = {"Accept": "application/json", **call.headers}
        async with (
            httpx.AsyncClient(verify=verify, timeout=self._seconds, trust_env=False) as client,
            client.stream(
                call.method, call.url, data=call.form, headers=headers, follow_redirects=False
            ) as answer,
        ):
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    raise self._about.failure("token-answer")
            return Heard(answer.status_code, answer.headers, _object(body))


@functools.cache
def _public() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = jsontext.decode(body)
    except jsontext.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
