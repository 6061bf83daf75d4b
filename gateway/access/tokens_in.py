"""The door of the API: who calls, for which system, and what they may do, by a validated bearer token.

Every route stands behind `Gate.admit`; there is no switch that turns it off. Never logs or repeats a token.
"""

from __future__ import annotations

import binascii
import hashlib
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from gateway import jsontext
from gateway.access import claims as rules
from gateway.access.issuer_keys import IssuerKeys
from gateway.config import Client, Issuer, Settings
from gateway.errors import ConfigurationError, Forbidden, Unauthenticated

MAX_TOKEN = 8192  # characters
REMEMBERED = 10_000  # verified tokens kept
REMEMBER_SECONDS = 300.0  # then the signature is checked again, so that a withdrawn key stops counting


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. system: the connected system it acts for, None for an operator; organization: who runs
    that system; scopes: those of the token that the configuration also grants."""

    tenant: str
    client_id: str
    system: str | None
    organization: str | None
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Remembered:
    callers: tuple[Caller, ...]
    until: float


class Gate:
    """Lets callers in. One per process; safe to share between threads."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._issuers = {issuer.issuer: issuer for issuer in settings.issuers}
        if len(self._issuers) != len(settings.issuers) or not all(i.algorithms for i in settings.issuers):
            raise ConfigurationError("issuers: each needs an address of its own and at least one algorithm")
        self._keys = {name: IssuerKeys(issuer, clock) for name, issuer in self._issuers.items()}
        self._clients = _ceilings(settings)
        self._remembered: dict[bytes, _Remembered] = {}
        self._lock = threading.Lock()

    def admit(self, authorization: str | None, required_scope: str, acting: str | None = None) -> Caller:
        """Check the Authorization header and the scope. acting: the system (its id) that a client of several
        municipalities acts for in this request.

        May wait for the issuer's keys (5 s at most per address) when they are not in hand; with a token seen
        before it never waits. Raises Unauthenticated, Forbidden, or NotReady when keys cannot be had.
        """
        caller = self.recall(authorization, required_scope, acting)
        if caller is None:
            token = _bearer(authorization)
            caller = _within(_chosen(self._verify(token), acting), required_scope)
        return caller

    def recall(
        self, authorization: str | None, required_scope: str, acting: str | None = None
    ) -> Caller | None:
        """As `admit` for a token verified before; None when it has to be verified. Never waits."""
        token = _bearer(authorization)
        known = self._remembered.get(hashlib.sha256(token).digest())
        if known is None or known.until <= self._clock():
            return None
        return _within(_chosen(known.callers, acting), required_scope)

    def _verify(self, token: bytes) -> tuple[Caller, ...]:
        issuer = self._issuer_of(token)
        claims = self._signed_claims(token, issuer)
        now = self._clock()
        ends = rules.check_claims(claims, issuer, now)
        ceilings = self._clients.get((issuer.issuer, rules.client_id(claims)))
        if ceilings is None:
            raise Unauthenticated("The client is not known here", code="client-unknown")
        said = rules.scopes(claims)
        callers = tuple(replace(one, scopes=one.scopes & said) for one in ceilings)
        self._remember(token, _Remembered(callers, min(ends, now + REMEMBER_SECONDS)))
        return callers

    def _issuer_of(self, token: bytes) -> Issuer:
        """Which of our issuers the token claims to come from; nothing of it is trusted yet."""
        parts = token.split(b".")
        if len(parts) != 3:
            raise _malformed()
        name = _json_part(parts[1]).get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise Unauthenticated("The token's issuer is not known here", code="token-issuer")
        return issuer

    def _signed_claims(self, token: bytes, issuer: Issuer) -> dict[str, Any]:
        header = _json_part(token.split(b".")[0])
        rules.check_header(header, issuer)
        key = self._keys[issuer.issuer].find(header.get("kid"), header["alg"])
        if key is None:
            raise Unauthenticated("The token is signed with an unknown key", code="token-key")
        registry = jws.JWSRegistry(algorithms=issuer.algorithms, strict_check_header=False)
        try:
            signed = jws.deserialize_compact(token, key, registry=registry)
        except (JoseError, ValueError) as error:
            raise Unauthenticated("The token's signature does not hold", code="token-signature") from error
        return _json_object(signed.payload or b"")

    def _remember(self, token: bytes, entry: _Remembered) -> None:
        with self._lock:
            while len(self._remembered) >= REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[hashlib.sha256(token).digest()] = entry


def _ceiling(settings: Settings, client: Client) -> Caller:
    system = settings.system(client.system) if client.system else None
    organization = system.organization if system else None
    return Caller(client.tenant, client.client_id, client.system, organization, client.scopes)


def _ceilings(settings: Settings) -> dict[tuple[str, str], tuple[Caller, ...]]:
    """The most each client may have, once for each municipality that it works for."""
    found: dict[tuple[str, str], tuple[Caller, ...]] = {}
    for client in settings.clients:
        key, one = (client.issuer, client.client_id), _ceiling(settings, client)
        known = found.get(key, ())
        if any(one.tenant == other.tenant for other in known):
            raise ConfigurationError("clients: the same issuer and client_id stand twice in one tenant")
        if known and None in (one.system, known[0].system):
            raise ConfigurationError(f"clients: {client.client_id} of several tenants needs a system in each")
        found[key] = (*known, one)
    return found


def _chosen(callers: tuple[Caller, ...], acting: str | None) -> Caller:
    """In which municipality a request is made: never in more than one."""
    if len(callers) == 1:
        return callers[0]
    if acting is None:
        raise Forbidden("This client works in several municipalities: name its system", code="which-system")
    for one in callers:
        if one.system == acting:
            return one
    raise Forbidden("This client acts for other systems", code="other-system")


def _within(caller: Caller, required_scope: str) -> Caller:
    if required_scope not in caller.scopes:
        raise Forbidden(f"The token does not reach this: it needs {required_scope}", code="scope-missing")
    return caller


def _bearer(authorization: str | None) -> bytes:
    if not authorization:
        raise Unauthenticated("A bearer token is needed", code="token-missing")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.isascii() or not 0 < len(token) <= MAX_TOKEN:
        raise Unauthenticated("A bearer token is needed", code="token-malformed")
    return token.encode("ascii")


def _json_part(part: bytes) -> dict[str, Any]:
    try:
        return _json_object(urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except binascii.Error as error:
        raise _malformed() from error


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        value = jsontext.decode(text)
    except (jsontext.DecodeError, UnicodeDecodeError) as error:
        raise _malformed() from error
    if not isinstance(value, dict):
        raise _malformed()
    return value


def _malformed() -> Unauthenticated:
    return Unauthenticated("The token is not a JWT", code="token-malformed")
