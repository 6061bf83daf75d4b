"""Tokens of Maskinporten: each for a grant that we sign, which counts for two minutes and is used once. A
token that is for another organization than ours is not used.

Sources: Maskinporten, "JWT grant" and "audience-restriction"; RFC 7523 section 2.1.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from adapters import jsontext
from adapters.tokens.endpoint import Ask, Asked, Granted, TokenEndpoint
from adapters.tokens.faults import About
from adapters.tokens.signing import SigningKey, lasting

GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SECONDS: Final = 120  # the most that is accepted
NORWEGIAN: Final = "0192"  # organization numbers in ISO 6523


@dataclass(frozen=True, slots=True)
class Grant:
    """What we sign. audience: the issuer's name; consumer: the organization we act for by delegation, where
    that is another than the client's own; resource: the API the token is for."""

    client_id: str
    audience: str
    scope: str
    keys: Callable[[], tuple[SigningKey, ...]]
    clock: Callable[[], float]
    resource: str | None = None
    consumer: str | None = None

    def ask(self) -> Ask:
        """A fresh grant for each attempt."""
        claims: dict[str, Any] = {"iss": self.client_id, "aud": self.audience, "scope": self.scope}
        claims |= {"resource": [self.resource]} if self.resource else {}
        claims |= {"consumer_org": self.consumer} if self.consumer else {}

        def ask(_url: str, turn: int) -> Asked:
            keys = self.keys()
            made = keys[turn % len(keys)].signed("JWT", {**claims, **lasting(SECONDS, self.clock())})
            return Asked({"grant_type": GRANT, "assertion": made}, {})

        return ask


async def fetch(endpoint: TokenEndpoint, ask: Ask, organization: str, about: About) -> Granted:
    """A token for this organization. Raises NoToken, also for one that is for another."""
    granted = await endpoint.token(ask)
    if consumer_of(granted.token) != organization:
        raise about.failure("token-consumer")
    return granted


def consumer_of(token: str) -> str | None:
    """The organization number that a token is for; None where it says none. The token has just come from the
    issuer over TLS: its signature is for whoever it is shown to."""
    parts = token.split(".")
    try:
        claims = jsontext.decode(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        consumer = claims["consumer"]
        scheme, _, number = str(consumer["ID"]).partition(":")
    except (IndexError, KeyError, TypeError, binascii.Error, UnicodeDecodeError, jsontext.DecodeError):
        return None
    return number if scheme == NORWEGIAN and consumer.get("authority") == "iso6523-actorid-upis" else None
