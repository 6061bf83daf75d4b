"""Proofs that we hold the key a token is bound to (DPoP): a fresh one for each request, also for a repeat.

Shared by whoever makes proofs (`Proofs`) and whoever checks them (`bare`, `token_hash`). Source: RFC 9449.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from adapters.tokens.signing import SigningKey, new_key

KIND: Final = "dpop+jwt"
HEADER: Final = "DPoP"
NONCE_HEADER: Final = "DPoP-Nonce"
WANTED: Final = "use_dpop_nonce"  # the error by which a server asks for its nonce
LONGEST_NONCE: Final = 512


class Proofs:
    """Makes the proofs of one key. Remembers the newest nonce of each server it has heard from; who gives
    tokens and who takes them may have one address, and are two all the same."""

    def __init__(self, key: SigningKey | None = None, clock: Callable[[], float] = time.time) -> None:
        """key: of this process alone where none is given."""
        self._key = key or new_key()
        self._clock = clock
        self._nonces: dict[tuple[str, bool], str] = {}  # by origin, and whether it is a resource
        public = self._key.key.as_dict(private=False)
        self._shown = {name: public[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in public}

    @property
    def thumbprint(self) -> str:
        """Of the key (RFC 7638): what a token bound to it says in `cnf.jkt`."""
        return self._key.key.thumbprint()

    def proof(self, method: str, url: str, token: str | None = None) -> str:
        """A proof for one request; token: the one it is shown with, at a resource."""
        claims = {
            "jti": uuid.uuid4().hex,
            "htm": method.upper(),
            "htu": bare(url),
            "iat": int(self._clock()),
        }
        if token is not None:
            claims["ath"] = token_hash(token)
        nonce = self._nonces.get((_origin(url), token is not None))
        if nonce is not None:
            claims["nonce"] = nonce
        return self._key.signed(KIND, claims, jwk=self._shown)

    def told(self, url: str, nonce: str | None, *, resource: bool) -> bool:
        """A server may name a new nonce with any answer; whether it did. resource: it takes tokens."""
        if not nonce or len(nonce) > LONGEST_NONCE:
            return False
        self._nonces[_origin(url), resource] = nonce
        return True


def bare(url: str) -> str:
    """An address as a proof names it (`htu`): without query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", "", ""))


def token_hash(token: str) -> str:
    """A token as a proof names it (`ath`)."""
    return urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()).rstrip(b"=").decode()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
