"""How we prove at a login provider who we are: a short-lived assertion signed with our private key
(private_key_jwt), a fresh one for each call. Made as those by which we call systems (adapters/tokens/).

Sources: RFC 7523; HelseID's profile (aud is the issuer, typ client-authentication+jwt, at most 10 s).
"""

from __future__ import annotations

from collections.abc import Callable

from adapters.tokens.authentication import Assertion
from adapters.tokens.faults import SecretGone
from adapters.tokens.helseid import details
from adapters.tokens.signing import SigningKey, signing_keys
from gateway.config import Login, secret
from gateway.errors import ConfigurationError


class ClientAssertion:
    """Makes assertions of one client. Raises ConfigurationError where its key is missing or unfit."""

    def __init__(self, login: Login, clock: Callable[[], float]) -> None:
        said = details(login.organization, login.parent_organization, None)
        self._login = login
        self._assertion = Assertion(login.client_id, self._keys, clock, audience=login.issuer, claims=said)
        self._keys()

    def fields(self, turn: int = 0) -> dict[str, str]:
        """The form fields of one call; turn: which attempt, the second with our next key."""
        return self._assertion.fields(self._login.issuer, turn)

    def _keys(self) -> tuple[SigningKey, ...]:
        """Read anew for each call: a new key counts as soon as it lies there."""
        try:
            return signing_keys(secret(self._login.key_ref))
        except SecretGone as error:
            reference = self._login.key_ref
            raise ConfigurationError(f"login {self._login.id}: {reference} holds {error}") from error
