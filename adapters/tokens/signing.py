"""Our private keys, and what is signed with them: client assertions, grants and proofs, each with fresh
values. Reads a key as a JWK or a set of them, and never writes one.

Sources: RFC 7515, 7517, 7518, 7523. Authlib is not used for this: its assertions last an hour, have no
`nbf`, and repeat a `jti` that was given once.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from adapters import jsontext
from adapters.tokens.faults import SecretGone

CURVES: Final = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}
OF_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
THUMBPRINT: Final = "x5t#S256"
SMALLEST_RSA: Final = 2048  # bits


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that is strong enough, and the one algorithm it signs with."""

    key: ECKey | RSAKey
    algorithm: str

    def signed(self, kind: str, claims: dict[str, Any], **header: Any) -> str:
        """A JWT of this kind (`typ`)."""
        about = {"alg": self.algorithm, "typ": kind, **header}
        if self.key.kid and "jwk" not in header:
            about["kid"] = self.key.kid
        if (certificate := self.key.get(THUMBPRINT)) and "jwk" not in header:
            about[THUMBPRINT] = certificate  # Entra ID knows a key by the certificate it was registered with
        return jwt.encode(about, claims, self.key, algorithms=[self.algorithm])


def lasting(seconds: int, now: float) -> dict[str, Any]:
    """The claims that say when something signed counts, and that it is one of a kind."""
    begins = int(now)
    return {"jti": uuid.uuid4().hex, "iat": begins, "nbf": begins, "exp": begins + seconds}


def signing_keys(text: str, rsa: str = "RS256") -> tuple[SigningKey, ...]:
    """The keys of a JWK or JWK set, in its order. rsa: what an RSA key signs with where it does not say
    (`alg`). Raises SecretGone where one is no private key, or too weak."""
    try:
        found = jsontext.decode(text.encode())
        rows = found["keys"] if isinstance(found, dict) and "keys" in found else [found]
        keys = tuple(_signing_key(row, rsa) for row in rows if row.get("use") != "enc")
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, jsontext.DecodeError) as error:
        raise SecretGone("no key (JWK)") from error
    if not keys:
        raise SecretGone("no key that signs")
    return keys


def new_key() -> SigningKey:
    """A key of this process alone."""
    return SigningKey(ECKey.generate_key("P-256", private=True), "ES256")


def _signing_key(row: dict[str, Any], rsa: str) -> SigningKey:
    key = import_key(row)
    if not isinstance(key, ECKey | RSAKey) or not key.is_private:
        raise SecretGone("no private key of EC or RSA")
    if isinstance(key, ECKey):
        chosen, fits = CURVES.get(str(key.get("crv")), ""), str(key.get("crv")) in CURVES
    else:
        chosen = str(key.get("alg", rsa))
        fits = chosen in OF_RSA and key.raw_value.key_size >= SMALLEST_RSA
    if not fits:
        raise SecretGone("a key that is not strong enough")
    return SigningKey(key, chosen)
