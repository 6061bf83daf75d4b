"""What the gate looks at of a request: the headers that carry a token and its proof, the method and the path.

Host and X-Forwarded headers are no part of it: how this gateway is called is said by the configuration alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from gateway.errors import Unauthenticated

MAX_TOKEN: Final = 8192  # characters
TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750: b64token

Scheme = Literal["bearer", "dpop"]


@dataclass(frozen=True, slots=True)
class Presented:
    """authorization, proofs: every such header of the request (Authorization, DPoP), in order; path: as it
    was sent, without the query; in_address: a token stands in the query."""

    authorization: Sequence[str]
    proofs: Sequence[str] = ()
    method: str = "GET"
    path: str = "/"
    in_address: bool = False

    def credentials(self) -> tuple[Scheme, str]:
        """How the token is shown, and the token. Raises Unauthenticated."""
        if self.in_address:
            raise Unauthenticated("A token never stands in an address", code="token-in-address")
        if not self.authorization:
            raise Unauthenticated("A token is needed", code="token-missing")
        if len(self.authorization) > 1:
            raise Unauthenticated("There is more than one Authorization header", code="token-twice")
        return _scheme(self.authorization[0])


def bearer(token: str) -> Presented:
    """A token without a proof."""
    return Presented((f"Bearer {token}",))


def _scheme(authorization: str) -> tuple[Scheme, str]:
    word, _, token = authorization.partition(" ")
    if len(token) > MAX_TOKEN or not TOKEN.fullmatch(token):
        raise _unreadable()
    match word.lower():
        case "bearer":
            return "bearer", token
        case "dpop":
            return "dpop", token
    raise _unreadable()


def _unreadable() -> Unauthenticated:
    return Unauthenticated("The Authorization header is not understood", code="token-malformed")
