"""How we call others: makes the token source of each system from the configuration. Reads each secret once
at start, so that a missing one is told of then, and anew whenever it is used; keeps none.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from adapters.contract import TokenSource
from adapters.tokens import authentication, fixed, helseid, maskinporten
from adapters.tokens.addresses import is_safe
from adapters.tokens.authentication import Assertion
from adapters.tokens.cached import Cached
from adapters.tokens.calls import Calls
from adapters.tokens.certificate import Certificate, Tls
from adapters.tokens.dpop import Proofs
from adapters.tokens.endpoint import Asked, Granted, TokenEndpoint
from adapters.tokens.faults import About, SecretGone, host
from adapters.tokens.metadata import Address, Metadata, Stated
from adapters.tokens.signing import SigningKey, signing_keys
from gateway.config import Credentials, System, secret
from gateway.credentials import FETCHED
from gateway.errors import ConfigurationError

DISCOVERY: Final = "/.well-known/openid-configuration"
OAUTH_DISCOVERY: Final = "/.well-known/oauth-authorization-server"
SMART_DISCOVERY: Final = "/.well-known/smart-configuration"
OF_RSA: Final = {
    "helseid": "PS256",
    "smart-backend": "RS384",
}  # what an RSA key signs with, if it does not say
SMART_SECONDS: Final = 60  # of an assertion; SMART permits five minutes
LONGEST_CALL: Final = 5.0  # seconds; at most half of what a delivery may take, so that the reason is told


def token_source(system: System) -> TokenSource:
    """What lets us in at a system. Raises ConfigurationError where a secret is missing or unfit."""
    return _Maker(system).source()


class _Maker:
    """Puts together what one system needs."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._given = system.credentials
        self._about = About(system.id, host(_issuer(system)))
        self._tls = self._encryption()

    def source(self) -> TokenSource:
        """By the kind of credential."""
        given, about, tls = self._given, self._about, self._tls
        if given.kind in FETCHED:
            return self._fetched()
        if given.kind == "bearer":
            return fixed.bearer(about, self._secret(given.token_ref), tls)
        if given.kind == "api-key":
            return fixed.api_key(about, self._secret(given.token_ref), given.header, tls)
        if given.kind == "basic":
            return fixed.basic(about, given.client_id or "", self._secret(given.secret_ref), tls)
        return fixed.none(about, tls)

    def _fetched(self) -> Cached:
        given, about = self._given, self._about
        seconds = min(LONGEST_CALL, self._system.send_deadline_seconds / 2)
        home = given.token_url or given.issuer or self._system.url or ""
        calls = Calls(about, home, self._tls, seconds)
        proofs = self._proofs()
        endpoint = TokenEndpoint(self._address(calls), about, calls, proofs)
        if given.kind == "maskinporten":
            return Cached(self._by_grant(endpoint), proofs=proofs, tls=self._tls)
        asked = authentication.client_credentials(given.scope, given.resource, self._shown())
        return Cached(functools.partial(endpoint.token, asked), proofs=proofs, tls=self._tls)

    def _by_grant(self, endpoint: TokenEndpoint) -> Callable[[], Awaitable[Granted]]:
        given = self._given
        grant = maskinporten.Grant(
            client_id=given.client_id or "",
            audience=given.issuer or "",
            scope=given.scope,
            keys=self._keys(given.key_ref, by_kid=True),
            clock=time.time,
            resource=given.resource,
            consumer=given.consumer,
        )
        ours = given.consumer or given.organization or ""
        return functools.partial(maskinporten.fetch, endpoint, grant.ask(), ours, self._about)

    def _address(self, calls: Calls) -> Address:
        given = self._given
        if given.token_url is not None:
            return Stated(given.token_url)
        if given.issuer is None:  # SMART: the FHIR server says it of itself
            base = (self._system.url or "").rstrip("/")
            if not is_safe(base):
                raise self._unfit("the system must be https (or this machine)")
            return Metadata(base + SMART_DISCOVERY, None, self._about, calls)
        path = OAUTH_DISCOVERY if given.kind == "maskinporten" else DISCOVERY
        place, shown = given.issuer.rstrip("/") + path, given.certificate_ref is not None
        return Metadata(place, given.issuer, self._about, calls, by_certificate=shown)

    def _shown(self) -> Callable[[str, int], Asked]:
        """How we show who we are."""
        given = self._given
        name = given.client_id or ""
        way = given.authentication or _by_what_is_there(given)
        if way == "key":
            return authentication.by_key(self._assertion(name))
        if way == "certificate":
            return authentication.by_certificate(name)
        return authentication.by_secret(name, self._secret(given.secret_ref), way)

    def _assertion(self, name: str) -> Assertion:
        given = self._given
        keys = self._keys(given.key_ref, by_kid=given.kind == "smart-backend")
        if given.kind == "smart-backend":
            return Assertion(name, keys, time.time, kind="JWT", seconds=SMART_SECONDS)
        trust = helseid.Trust(**given.trust.model_dump()) if given.trust else None
        said = helseid.details(given.organization, given.parent_organization, trust)
        return Assertion(name, keys, time.time, audience=given.issuer, claims=said)

    def _proofs(self) -> Proofs | None:
        if not self._given.bound:
            return None
        reference = self._given.dpop_key_ref
        return Proofs(self._keys(reference, by_kid=False)()[0] if reference else None)

    def _keys(self, reference: str | None, *, by_kid: bool) -> Callable[[], tuple[SigningKey, ...]]:
        """Reads our keys anew each time, so that a new one counts as soon as it lies there. by_kid: the
        issuer knows them by that."""
        read = self._secret(reference)
        rsa = OF_RSA.get(self._given.kind, "RS256")

        def keys() -> tuple[SigningKey, ...]:
            found = signing_keys(read(), rsa)
            if by_kid and not all(one.key.kid for one in found):
                raise SecretGone("a key without `kid`, by which the issuer would know it")
            return found

        try:
            keys()
        except SecretGone as error:
            raise self._unfit(f"{reference} holds {error}") from error
        return keys

    def _secret(self, reference: str | None) -> fixed.Secret:
        if reference is None:
            raise self._unfit("something is missing")
        secret(reference)

        def read() -> str:
            try:
                return secret(reference)
            except (ConfigurationError, OSError, UnicodeDecodeError):
                raise SecretGone("not there any more") from None

        return read

    def _encryption(self) -> Tls | None:
        given = self._given
        if given.certificate_ref is None and given.ca_file is None:
            return None
        ours = None
        if given.certificate_ref is not None:
            apart = given.certificate_key_ref
            ours = Certificate(self._secret(given.certificate_ref), self._secret(apart) if apart else None)
        try:
            return Tls(ours, given.ca_file)
        except (SecretGone, OSError) as error:
            raise self._unfit(
                f"{given.certificate_ref or given.ca_file} holds no usable certificate"
            ) from error

    def _unfit(self, reason: str) -> ConfigurationError:
        return ConfigurationError(f"system {self._system.id}: credentials: {reason}")


def _issuer(system: System) -> str:
    given = system.credentials
    return given.issuer or given.token_url or system.url or ""


def _by_what_is_there(given: Credentials) -> Literal["basic", "key", "certificate"]:
    if given.key_ref is not None:
        return "key"
    return "basic" if given.secret_ref is not None else "certificate"
