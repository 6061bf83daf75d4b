"""What a token must say before it counts: issuer, audience, times, type. Pure: time comes in as a value.

Sources: RFC 7519 (claims), RFC 9068 (access tokens), RFC 8725 (best practice). Never says what a token held.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gateway.config import Issuer
from gateway.errors import Unauthenticated

LEEWAY_SECONDS = 60
TYPES = frozenset({"at+jwt", "application/at+jwt", "jwt"})  # compared in lower case; absent is accepted

Claims = dict[str, Any]


def check_header(header: Claims, issuer: Issuer) -> None:
    """Algorithm, type and extensions of the token's header. Raises Unauthenticated."""
    if header.get("alg") not in issuer.algorithms:
        raise Unauthenticated("The token is signed in a way that is not accepted", code="token-algorithm")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise Unauthenticated("The token is not an access token", code="token-type")
    if "crit" in header or not isinstance(header.get("kid", ""), str):
        raise Unauthenticated("The token's header is not understood", code="token-malformed")


def check_claims(claims: Claims, issuer: Issuer, now: float) -> float:
    """Everything but the signature. Returns when the token ends (epoch seconds, leeway included)."""
    if claims.get("iss") != issuer.issuer:
        raise Unauthenticated("The token's issuer is not known here", code="token-issuer")
    audience = claims.get("aud")
    if issuer.audience not in (audience if isinstance(audience, list) else [audience]):
        raise Unauthenticated("The token is meant for someone else", code="token-audience")
    if "cnf" in claims:  # bound to a key (DPoP, mTLS): as a plain bearer token it must not count
        raise Unauthenticated("The token is bound to a key and cannot be used alone", code="token-bound")
    ends = _time(claims, "exp", required=True) + LEEWAY_SECONDS
    if now >= ends:
        raise Unauthenticated("The token has expired", code="token-expired")
    if max(_time(claims, "nbf"), _time(claims, "iat")) > now + LEEWAY_SECONDS:
        raise Unauthenticated("The token is not valid yet", code="token-early")
    return ends


def client_id(claims: Claims) -> str:
    """Who holds the token: client_id, else azp, else sub. Raises Unauthenticated."""
    for name in ("client_id", "azp", "sub"):
        if name in claims:
            value = claims[name]
            if isinstance(value, str) and value:
                return value
            break
    raise Unauthenticated("The token does not say which client holds it", code="token-client")


def scopes(claims: Claims) -> frozenset[str]:
    """The token's scopes: one text with spaces (RFC 8693) or a list (HelseID's form)."""
    value = claims.get("scope", "")
    words = value.split(" ") if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Unauthenticated("The token's scope is not understood", code="token-malformed")
    return frozenset(word for word in words if word)


def _time(claims: Claims, name: str, *, required: bool = False) -> float:
    value = claims.get(name)
    if value is None and not required:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < 2**53:
        raise Unauthenticated(f"The token's {name} is missing or not a time", code="token-malformed")
    return float(value)
