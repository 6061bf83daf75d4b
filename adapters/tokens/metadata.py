"""Where an issuer gives tokens, by its own metadata: fetched once a day. Believes only a document that
names the issuer it was asked of, and addresses that are https (or on this machine).

Sources: OpenID Connect Discovery 1.0; RFC 8414; SMART App Launch (.well-known/smart-configuration).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from adapters.tokens.addresses import is_safe
from adapters.tokens.calls import Call, Calls
from adapters.tokens.faults import About

KEEP_SECONDS: Final = 24 * 3600.0


class Address(Protocol):
    """Where tokens are fetched."""

    async def found(self) -> str:
        """The address. Raises NoToken."""

    def forget(self) -> None:
        """It led nowhere: look it up anew next time."""


class Stated:
    """As the configuration says."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def found(self) -> str:
        """The address."""
        return self._url

    def forget(self) -> None:
        """There is no other."""


class Metadata:
    """As the issuer says of itself. issuer: the name the document must carry; None: it carries none.
    by_certificate: we show a certificate there, for which it may have an address of its own (RFC 8705)."""

    def __init__(
        self,
        url: str,
        issuer: str | None,
        about: About,
        calls: Calls,
        *,
        by_certificate: bool = False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._issuer = issuer
        self._about = about
        self._calls = calls
        self._by_certificate = by_certificate
        self._now = now
        self._known: str | None = None
        self._until = 0.0

    async def found(self) -> str:
        """The token address. Raises NoToken."""
        if self._known is None or self._now() >= self._until:
            answer = await self._calls.make(Call("GET", self._url))
            self._known = self._read(answer.status, answer.body)
            self._until = self._now() + KEEP_SECONDS
        return self._known

    def forget(self) -> None:
        """Ask anew next time."""
        self._known = None

    def _read(self, status: int, body: dict[str, Any]) -> str:
        if status >= 500:
            raise self._about.failure("token-unavailable")
        aliases = body.get("mtls_endpoint_aliases")
        apart = aliases.get("token_endpoint") if self._by_certificate and isinstance(aliases, dict) else None
        found = apart or body.get("token_endpoint")
        named = self._issuer is None or body.get("issuer") == self._issuer
        if status != 200 or not named or not isinstance(found, str) or not is_safe(found):
            raise self._about.failure("token-metadata")
        return found
