"""What a login provider says of itself: the addresses for a login. Fetched from its discovery document, kept
for a day. Only addresses that are https (or on this machine) count."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from adapters.tokens.addresses import is_safe
from gateway.access.issuer_calls import get_json
from gateway.errors import ConfigurationError, NotReady

KEEP_SECONDS = 24 * 3600.0
FAILURE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a login goes. names_itself: its answer says which issuer it comes from (RFC 9207)."""

    authorize: str
    token: str
    par: str | None  # RFC 9126; None: not used
    end: str | None
    names_itself: bool


class LoginProvider:
    """One provider. Safe to share between threads."""

    def __init__(self, issuer: str, clock: Callable[[], float], *, pushed: bool = True) -> None:
        """pushed: it has to take pushed authorization requests."""
        if not is_safe(issuer):
            raise ConfigurationError(f"login: {issuer} must be https (or this machine)")
        self._issuer = issuer
        self._clock = clock
        self._pushed = pushed
        self._lock = threading.Lock()
        self._known: Addresses | None = None
        self._until = 0.0
        self._not_before = 0.0

    def addresses(self) -> Addresses:
        """Raises NotReady where they cannot be had."""
        with self._lock:
            now = self._clock()
            if (self._known is None or now >= self._until) and now >= self._not_before:
                self._fetch(now)
            if self._known is None or now >= self._until:
                raise NotReady("Innloggingstjenesten svarer ikke.", code="login-unavailable")
            return self._known

    def _fetch(self, now: float) -> None:
        try:
            found = get_json(self._issuer.rstrip("/") + "/.well-known/openid-configuration", self._issuer)
            self._known = _addresses(found, self._issuer, pushed=self._pushed)
        except (httpx.HTTPError, ValueError):
            self._not_before = now + FAILURE_SECONDS
            return
        self._until = now + KEEP_SECONDS


def _addresses(found: dict[str, Any], issuer: str, *, pushed: bool) -> Addresses:
    if found.get("issuer") != issuer:
        raise ValueError("the discovery document does not belong to this issuer")
    if "S256" not in (found.get("code_challenge_methods_supported") or ["S256"]):
        raise ValueError("no PKCE with S256")
    end = found.get("end_session_endpoint")
    return Addresses(
        authorize=_address(found, "authorization_endpoint"),
        token=_address(found, "token_endpoint"),
        par=_address(found, "pushed_authorization_request_endpoint") if pushed else None,
        end=end if isinstance(end, str) and is_safe(end) else None,
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not is_safe(value):
        raise ValueError(f"no {name}")
    return value
