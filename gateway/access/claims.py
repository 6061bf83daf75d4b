"""What a token must say before it counts: issuer, audience, times, type, what it is bound to and who it is
about. Pure: time comes in as a value.

Sources: RFC 7519 (claims), RFC 9068 (access tokens), RFC 9449 §6.1 (cnf.jkt), RFC 8725 (best practice). Never
says what a token held.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from gateway.access.jwt_form import Claims
from gateway.config import Issuer
from gateway.errors import Unauthenticated

LEEWAY_SECONDS: Final = 60
THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256, base64url
NUMBER: Final = re.compile(r"\d{9}")
HELSEID_ORGANIZATION: Final = "helseid://claims/client/claims/orgnr_parent"
ISO6523: Final = ("iso6523-actorid-upis", "0192:")  # authority and prefix of a Norwegian organization number
PERSONAL: Final = (
    frozenset(  # a token without a subject that says one of these is about a person all the same
        {
            "acr",
            "amr",
            "auth_time",
            "pid",
            "helseid://claims/identity/pid",
            "helseid://claims/identity/security_level",
        }
    )
)


def check_header(header: Claims, issuer: Issuer) -> None:
    """Algorithm, type and extensions of the token's header. Raises Unauthenticated."""
    if header.get("alg") not in issuer.algorithms:
        raise Unauthenticated("The token is signed in a way that is not accepted", code="token-algorithm")
    if _type(header) not in issuer.types:
        raise Unauthenticated("The token is not an access token", code="token-type")
    if "crit" in header or not isinstance(header.get("kid", ""), str):
        raise Unauthenticated("The token's header is not understood", code="token-malformed")


def check_claims(claims: Claims, issuer: Issuer, now: float) -> float:
    """Everything but the signature and who it is about. Returns when the token ends (epoch seconds, leeway
    included). Raises Unauthenticated."""
    if claims.get("iss") != issuer.issuer:
        raise Unauthenticated("The token's issuer is not known here", code="token-issuer")
    if claims.get("aud") not in (issuer.audience, [issuer.audience]):  # one more could show it here too
        raise Unauthenticated("The token is meant for someone else", code="token-audience")
    ends = _time(claims, "exp", required=True) + LEEWAY_SECONDS
    if now >= ends:
        raise Unauthenticated("The token has expired", code="token-expired")
    if max(_time(claims, "nbf"), _time(claims, "iat")) > now + LEEWAY_SECONDS:
        raise Unauthenticated("The token is not valid yet", code="token-early")
    return ends


def bound_to(claims: Claims, issuer: Issuer) -> str | None:
    """The thumbprint of the key the token is bound to; None for a bearer token. Raises Unauthenticated where
    it is of the other kind than this issuer's are."""
    if issuer.tokens == "bearer":
        if "cnf" in claims:  # whoever bound it to a key did not mean it to count alone
            raise Unauthenticated("The token is bound to a key and cannot be used alone", code="token-bound")
        return None
    confirmation = claims.get("cnf")
    if not isinstance(confirmation, dict) or confirmation.keys() != {"jkt"}:
        raise Unauthenticated("The token is not bound to a key by DPoP", code="token-unbound")
    thumbprint = confirmation["jkt"]
    if not isinstance(thumbprint, str) or not THUMBPRINT.fullmatch(thumbprint):
        raise Unauthenticated("The token is not bound to a key by DPoP", code="token-unbound")
    return thumbprint


def client_id(claims: Claims) -> str:
    """Who holds the token: client_id, else azp, else sub. Raises Unauthenticated."""
    for name in ("client_id", "azp", "sub"):
        if name in claims:
            value = claims[name]
            if isinstance(value, str) and value:
                return value
            break
    raise Unauthenticated("The token does not say which client holds it", code="token-client")


def organization(claims: Claims, issuer: Issuer) -> str | None:
    """The organization number that the issuer says the client acts for; None where its tokens name none.
    Raises Unauthenticated."""
    if issuer.organizations == "none":
        return None
    named = claims.get(HELSEID_ORGANIZATION) if issuer.organizations == "helseid" else _consumer(claims)
    if not isinstance(named, str) or not NUMBER.fullmatch(named):
        raise Unauthenticated("The token names no organization", code="token-organization")
    return named


def check_person(claims: Claims, issuer: Issuer, own: frozenset[str]) -> None:
    """That a person who logged in did so well enough. own: the subjects that are the client itself. Raises
    Unauthenticated."""
    subject = claims.get("sub")
    if subject in own if isinstance(subject, str) else subject is None and not claims.keys() & PERSONAL:
        return
    level = claims.get(issuer.level_claim)
    said = str(level) if isinstance(level, str | int) and not isinstance(level, bool) else None
    if said not in issuer.levels:
        raise Unauthenticated("The person behind the token is not logged in well enough", code="token-level")


def scopes(claims: Claims, issuer: Issuer) -> frozenset[str]:
    """The token's scopes, without the issuer's prefix: one text with spaces (RFC 8693) or a list."""
    value = claims.get("scope", "")
    words = value.split(" ") if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise Unauthenticated("The token's scope is not understood", code="token-malformed")
    prefix = issuer.scope_prefix
    return frozenset(word.removeprefix(prefix) for word in words if word and word.startswith(prefix))


def _type(header: Claims) -> str | None:
    """The token's type as RFC 9068 §4 compares it: any case, with or without `application/`."""
    kind = header.get("typ", "none")
    return kind.lower().removeprefix("application/") if isinstance(kind, str) else None


def _consumer(claims: Claims) -> str | None:
    """Maskinporten: {"authority": "iso6523-actorid-upis", "ID": "0192:…"}."""
    consumer = claims.get("consumer")
    authority, prefix = ISO6523
    if not isinstance(consumer, dict) or consumer.get("authority") != authority:
        return None
    number = consumer.get("ID")
    return number.removeprefix(prefix) if isinstance(number, str) and number.startswith(prefix) else None


def _time(claims: Claims, name: str, *, required: bool = False) -> float:
    value = claims.get(name)
    if value is None and not required:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < 2**53:
        raise Unauthenticated(f"The token's {name} is missing or not a time", code="token-malformed")
    return float(value)
