"""What an ID token must say before a login counts: signature, issuer, audience, times, nonce and security
level, each exactly. Never says what a token held. Source: OpenID Connect Core 1.0, 3.1.3.7; RFC 8725.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from decimal import Decimal

from joserfc import jws
from joserfc.errors import JoseError

from gateway.access.issuer_keys import IssuerKeys
from gateway.access.jwt_form import Claims as Claims
from gateway.access.jwt_form import taken_apart
from gateway.config import DEMO_LEVEL, Issuer, Login
from gateway.errors import Unauthenticated

LEEWAY_SECONDS = 30
OLDEST_SECONDS = 600  # a token issued longer ago than this is none of the login under way
MAX_TOKEN = 16_384  # characters
MAX_SUBJECT = 255


class IdTokens:
    """Checks the ID tokens of one login. Safe to share between threads."""

    def __init__(self, login: Login, clock: Callable[[], float]) -> None:
        self._login = login
        self._clock = clock
        known = Issuer(issuer=login.issuer, audience=login.client_id, algorithms=login.algorithms)
        self._keys = IssuerKeys(known, clock)

    def check(self, token: object, nonce: str) -> Claims:
        """The claims. Raises Unauthenticated, or NotReady when the issuer's keys cannot be had."""
        if not isinstance(token, str) or not token.isascii() or len(token) > MAX_TOKEN:
            raise _refused("id-token-malformed")
        claims = self._signed(token)
        self._says(claims, nonce)
        self._is_timely(claims)
        return claims

    def asked_since(self, claims: Claims, moment: float) -> None:
        """Demand that the provider has asked who it is since then (unix seconds). Raises Unauthenticated."""
        if "auth_time" not in claims or _time(claims, "auth_time") < moment - LEEWAY_SECONDS:
            raise _refused("id-token-not-anew")

    def _signed(self, token: str) -> Claims:
        header, claims = _taken_apart(token)
        if header.get("alg") not in self._login.algorithms:
            raise _refused("id-token-algorithm")
        if "crit" in header or not isinstance(header.get("kid", ""), str):
            raise _refused("id-token-malformed")
        if str(header.get("typ", "JWT")).lower() not in ("jwt", "id_token+jwt"):
            raise _refused("id-token-type")
        key = self._keys.find(header.get("kid"), header["alg"])
        if key is None:
            raise _refused("id-token-key")
        registry = jws.JWSRegistry(algorithms=self._login.algorithms, strict_check_header=False)
        try:
            jws.deserialize_compact(token.encode(), key, registry=registry)
        except (JoseError, ValueError) as error:
            raise _refused("id-token-signature") from error
        return claims  # of the very text whose signature holds

    def _says(self, claims: Claims, nonce: str) -> None:
        login = self._login
        if claims.get("iss") != login.issuer:
            raise _refused("id-token-issuer")
        if claims.get("aud") not in (login.client_id, [login.client_id]):
            raise _refused("id-token-audience")  # one more audience is one we do not trust
        if claims.get("azp", login.client_id) != login.client_id:
            raise _refused("id-token-audience")
        given = claims.get("nonce")
        if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
            raise _refused("id-token-nonce")
        level = claims.get(login.acr_claim)
        if not any(one in login.acr for one in (level if isinstance(level, list) else [level])):
            raise _refused("id-token-level")
        if claims.get("acr") == DEMO_LEVEL and DEMO_LEVEL not in login.acr:
            raise _refused("id-token-level")  # whatever claim the level is read from
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
            raise _refused("id-token-subject")

    def _is_timely(self, claims: Claims) -> None:
        now = self._clock()
        issued = _time(claims, "iat")
        if now >= _time(claims, "exp") + LEEWAY_SECONDS or issued < now - OLDEST_SECONDS:
            raise _refused("id-token-expired")
        if max(issued, _time(claims, "nbf") if "nbf" in claims else 0.0) > now + LEEWAY_SECONDS:
            raise _refused("id-token-early")


def _refused(code: str) -> Unauthenticated:
    return Unauthenticated("Innloggingen kunne ikke bekreftes.", code=code)


def _taken_apart(token: str) -> tuple[Claims, Claims]:
    try:
        return taken_apart(token)
    except ValueError as error:
        raise _refused("id-token-malformed") from error


def _time(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value < 2**53:
        raise _refused("id-token-malformed")
    return float(value)
