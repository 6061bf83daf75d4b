"""The key in a proof's header: public, of a known kind and size, and the one that the token is bound to.

Sources: RFC 9449 §4.3 and §6.1, RFC 7517, RFC 7638 (thumbprint). Never fetches a key from anywhere.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

ALGORITHMS: Final = ("ES256", "ES384", "PS256", "RS256")
MEMBERS: Final = {  # what a public key consists of; what is not here makes it another key than it seems
    "EC": frozenset({"kty", "crv", "x", "y"}),
    "RSA": frozenset({"kty", "n", "e"}),
}
BESIDE: Final = frozenset({"kid", "alg", "use"})
CURVES: Final = {"ES256": "P-256", "ES384": "P-384"}
SMALLEST, LARGEST = 2048, 8192  # bits of an RSA modulus
EXPONENT: Final = 65537
REMEMBERED: Final = 1000  # keys; they are public, and each follows from what it was read from

PublicKey = ECKey | RSAKey


@dataclass(frozen=True, slots=True)
class ProofKey:
    """A key to check proofs with, and its thumbprint (RFC 7638)."""

    key: PublicKey
    thumbprint: str


def public_key(jwk: object, algorithm: str) -> ProofKey:
    """The key to check a proof with. Raises ValueError for any but a plain public key of that algorithm."""
    if not isinstance(jwk, dict) or not all(isinstance(text, str) for text in jwk.values()):
        raise ValueError("not a JWK")
    wanted = MEMBERS["EC" if algorithm in CURVES else "RSA"]
    if not wanted <= jwk.keys() <= wanted | BESIDE:
        raise ValueError("not a plain public key")
    if jwk["kty"] != ("EC" if algorithm in CURVES else "RSA") or jwk.get("crv") != CURVES.get(algorithm):
        raise ValueError("a key of another algorithm")
    if jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        raise ValueError("a key for something else")
    return _read(tuple((name, jwk[name]) for name in sorted(wanted)))


def is_bound_to(key: ProofKey, thumbprint: str) -> bool:
    """Whether this is the key that a token's `cnf.jkt` names."""
    return hmac.compare_digest(key.thumbprint.encode(), thumbprint.encode())


@lru_cache(REMEMBERED)
def _read(members: tuple[tuple[str, str], ...]) -> ProofKey:
    """A client proves with the same key for as long as its token lives: read once, it is the same object."""
    key = _sound(_imported(dict(members)))
    return ProofKey(key, key.thumbprint())


def _imported(jwk: dict[str, Any]) -> PublicKey:
    try:
        key = import_key(jwk)
        key.raw_value  # noqa: B018 - read now, so that a point off its curve is seen here
    except (JoseError, TypeError, KeyError) as error:
        raise ValueError("not a key") from error
    if not isinstance(key, ECKey | RSAKey):
        raise ValueError("not a key of these kinds")
    return key


def _sound(key: PublicKey) -> PublicKey:
    if isinstance(key, RSAKey):
        numbers = key.public_key.public_numbers()
        if not SMALLEST <= numbers.n.bit_length() <= LARGEST or numbers.e != EXPONENT:
            raise ValueError("not a size that is accepted")
    return key
