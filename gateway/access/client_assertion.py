"""How we prove at a login provider who we are: a short-lived assertion signed with our private key
(private_key_jwt), a fresh one for each call. Made as those by which we call systems (adapters/tokens/).

Sources: RFC 7523; HelseID's profile (aud is the issuer, typ client-authentication+jwt, at most 10 s).
"""

from __future__ import annotations

from collections.abc import Callable

from adapters.tokens.authentication import Assertion
from adapters.tokens.faults import SecretGone
from adapters.tokens.signing import signing_keys
from gateway.config import Login, secret
from gateway.errors import ConfigurationError


class ClientAssertion:
    """Makes assertions of one client. Raises ConfigurationError where its key is missing or unfit."""

    def __init__(self, login: Login, clock: Callable[[], float]) -> None:
        try:
            keys = signing_keys(secret(login.key_ref))
        except SecretGone as error:
            raise ConfigurationError(f"login {login.id}: {login.key_ref} holds {error}") from error
        self._assertion = Assertion(login.client_id, lambda: keys, clock, audience=login.issuer)

    def fields(self) -> dict[str, str]:
        """The form fields of one call."""
        return self._assertion.fields(self._assertion.audience or "")
