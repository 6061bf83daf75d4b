"""How we show at a token address who we are: a secret, an assertion signed with our key, or our certificate.

Sources: RFC 6749 section 2.3.1 (secret), RFC 7523 (private_key_jwt), RFC 8705 (certificate).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import quote

from adapters.tokens.endpoint import Ask, Asked
from adapters.tokens.fixed import Secret, basic_header
from adapters.tokens.signing import SigningKey, lasting

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT_AUTHENTICATION: Final = "client-authentication+jwt"
SECONDS: Final = 10  # HelseID accepts no more


@dataclass(frozen=True, slots=True)
class Assertion:
    """What our assertions say. keys: read anew for each, the one to use first; audience: None: the address
    it is shown at; claims: what else; seconds: how long it counts."""

    client_id: str
    keys: Callable[[], tuple[SigningKey, ...]]
    clock: Callable[[], float]
    audience: str | None = None
    kind: str = CLIENT_AUTHENTICATION
    seconds: int = SECONDS
    claims: Mapping[str, Any] = field(default_factory=dict)

    def fields(self, url: str, turn: int = 0) -> dict[str, str]:
        """The form fields of one call, with an assertion that is used in no other. turn: which attempt; the
        second uses our next key, if there is one."""
        keys = self.keys()
        claims = {
            **self.claims,
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.audience or url,
            **lasting(self.seconds, self.clock()),
        }
        made = keys[turn % len(keys)].signed(self.kind, claims)
        return {
            "client_id": self.client_id,
            "client_assertion_type": ASSERTION,
            "client_assertion": made,
        }


def client_credentials(scope: str, resource: str | None, shown: Callable[[str, int], Asked]) -> Ask:
    """What is asked for a token of our own (RFC 6749 section 4.4). shown: who we are."""
    fields = {"grant_type": "client_credentials"}
    fields |= {"scope": scope} if scope else {}
    fields |= {"resource": resource} if resource else {}  # RFC 8707

    def ask(url: str, turn: int) -> Asked:
        ours = shown(url, turn)
        return Asked({**fields, **ours.fields}, ours.headers)

    return ask


def by_key(assertion: Assertion) -> Callable[[str, int], Asked]:
    """By an assertion signed with our key."""
    return lambda url, turn: Asked(assertion.fields(url, turn), {})


def by_certificate(client_id: str) -> Callable[[str, int], Asked]:
    """By the certificate of the connection."""
    return lambda _url, _turn: Asked({"client_id": client_id}, {})


def by_secret(client_id: str, secret: Secret, way: Literal["basic", "post"]) -> Callable[[str, int], Asked]:
    """By a secret, in a header or in the form."""

    def shown(_url: str, _turn: int) -> Asked:
        if way == "post":
            return Asked({"client_id": client_id, "client_secret": secret()}, {})
        parts = (quote(client_id, safe=""), quote(secret(), safe=""))  # each form-encoded first
        return Asked({}, {"Authorization": basic_header(*parts)})

    return shown
