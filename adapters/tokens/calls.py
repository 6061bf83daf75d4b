"""Calls to an issuer: short, bounded, and no further than `reach` lets them. Knows nothing of what is
asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from adapters import jsontext, reach
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
    """Calls to one issuer. home: its address in the configuration; seconds: for one call in all."""

    def __init__(self, about: About, home: str, tls: Tls | None = None, seconds: float = 10.0) -> None:
        self._about = about
        self._home = home
        self._tls = tls
        self._seconds = seconds

    async def make(self, call: Call) -> Heard:
        """Raises NoToken where no answer came, or none that can be read."""
        try:
            told = await self._made(call)
        except reach.Astray:
            raise self._about.failure("token-address") from None
        except reach.Unreadable:
            raise self._about.failure("token-answer") from None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            code = "token-certificate" if is_of_certificates(error) else "token-unreached"
            # from None: an exception of the client holds the request, and with it what we showed
            raise self._about.failure(code) from None
        return Heard(told.status, told.headers, _object(told.body))

    async def _made(self, call: Call) -> reach.Told:
        if self._tls is not None:
            self._tls.renew()
        return await reach.call(
            call.method,
            call.url,
            home=self._home,
            form=call.form,
            headers=call.headers,
            verify=self._tls.to_issuer if self._tls else None,
            seconds=self._seconds,
            most=MAX_BYTES,
        )


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = jsontext.decode(body)
    except jsontext.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
