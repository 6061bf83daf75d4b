"""How we prove at a login provider who we are: by a short-lived assertion signed with our private key
(private_key_jwt), a fresh one for each call, or by a secret where the provider takes no key. Made as what we
show where we call systems (adapters/tokens/).

Sources: RFC 7523; RFC 6749 section 2.3.1; HelseID's profile (aud is the issuer, typ
client-authentication+jwt, at most 10 s); Microsoft's certificate credentials (aud is the token address, typ
JWT, the certificate's thumbprint as x5t#S256).
"""

from __future__ import annotations

from collections.abc import Callable

from adapters.tokens.authentication import Assertion, by_key, by_secret
from adapters.tokens.endpoint import Asked
from adapters.tokens.faults import SecretGone
from adapters.tokens.helseid import details
from adapters.tokens.signing import SigningKey, signing_keys
from gateway.config import Login, secret
from gateway.errors import ConfigurationError


class ClientProof:
    """Proves who one client is. Raises ConfigurationError where its key or secret is missing or unfit."""

    def __init__(self, login: Login, clock: Callable[[], float]) -> None:
        self._login = login
        if login.secret_ref is not None:
            self._shown = by_secret(login.client_id, self._secret, "basic")
            self._secret()
            return
        said = details(login.organization, login.parent_organization, None)
        assertion = Assertion(login.client_id, self._keys, clock, audience=login.issuer, claims=said)
        if login.assertion_audience == "token":
            assertion = Assertion(login.client_id, self._keys, clock, kind="JWT")
        self._shown = by_key(assertion)
        self._keys()

    def at(self, url: str, turn: int = 0) -> Asked:
        """The form fields and headers of one call; turn: which attempt, the second with our next key."""
        return self._shown(url, turn)

    def _keys(self) -> tuple[SigningKey, ...]:
        """Read anew for each call: a new key counts as soon as it lies there."""
        reference = self._login.key_ref
        try:
            return signing_keys(secret(reference or ""))
        except SecretGone as error:
            raise ConfigurationError(f"login {self._login.id}: {reference} holds {error}") from error

    def _secret(self) -> str:
        return secret(self._login.secret_ref or "")
