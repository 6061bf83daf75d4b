"""Who may begin a login at the demo's issuer, and whether a caller is one of them: the gateway of the same
demo, by assertions signed with the key that this run made (private_key_jwt). Nobody else, and never anybody
whose people come from another machine.

Sources: RFC 7523; OpenID Connect Core 1.0, section 9.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from adapters.tokens.authentication import ASSERTION, CLIENT_AUTHENTICATION
from gateway.demo import serving
from gateway.demo.people import Kind
from gateway.errors import ConfigurationError

LONGEST_SECONDS = 60


class LoginClient(msgspec.Struct, frozen=True):
    """One login of the demo's gateway. key: its public JWK; back: where people are sent back to; home: the
    gateway's own pages."""

    who: Kind
    key: dict[str, Any]
    back: str
    home: str


class NotProven(Exception):
    """The caller is none of the clients, or this is not the assertion of this call."""


class LoginClients:
    """The clients of one run. Safe to share between threads. Raises ConfigurationError where one would send
    people anywhere but to this machine."""

    def __init__(self, known: Mapping[str, LoginClient], issuer: str) -> None:
        for name, client in known.items():
            if not (_is_here(client.back) and _is_here(client.home)):
                raise ConfigurationError(f"innlogging {name}: demoen sender ingen bort fra denne maskinen")
        self.known = dict(known)
        self._issuer = issuer
        self._keys = {name: ECKey.import_key(client.key) for name, client in known.items()}
        self._seen: dict[str, int] = {}  # assertions shown, and when they end
        self._lock = threading.Lock()

    def proven(self, form: Mapping[str, str], now: int) -> str:
        """The client that calls, by its assertion. Raises NotProven."""
        name = form.get("client_id", "")
        if name not in self.known or form.get("client_assertion_type") != ASSERTION:
            raise NotProven
        claims = self._claims(name, form.get("client_assertion", ""), now)
        if not 0 < claims["exp"] - now <= LONGEST_SECONDS or not self._is_first(claims, now):
            raise NotProven
        return name

    def _claims(self, name: str, assertion: str, now: int) -> dict[str, Any]:
        said = {"iss": name, "sub": name, "aud": self._issuer}
        demanded: Any = {claim: {"essential": True, "value": value} for claim, value in said.items()}
        demanded |= {claim: {"essential": True} for claim in ("exp", "jti")}
        try:
            token = jwt.decode(assertion, self._keys[name], algorithms=["ES256"])
            jwt.JWTClaimsRegistry(now=now, **demanded).validate(token.claims)
        except (JoseError, ValueError) as error:
            raise NotProven from error
        if token.header.get("typ") != CLIENT_AUTHENTICATION:
            raise NotProven
        return token.claims

    def _is_first(self, claims: Mapping[str, Any], now: int) -> bool:
        with self._lock:
            self._seen = {name: ends for name, ends in self._seen.items() if ends >= now}
            if claims["jti"] in self._seen:
                return False
            self._seen[claims["jti"]] = claims["exp"]
            return True


def _is_here(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname == serving.HOST
