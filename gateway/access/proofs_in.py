"""Proofs of possession (DPoP, RFC 9449): who shows a token holds the key it is bound to, and made the proof
for this very request, now.

Asked by `tokens_in` for a token that has been verified. Never says what a proof held.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError

from gateway.access.jwt_form import Claims, taken_apart
from gateway.access.nonces import Nonces
from gateway.access.presented import Presented
from gateway.access.proof_key import ALGORITHMS, is_bound_to, public_key
from gateway.access.replays import Replays, Shown
from gateway.access.request_address import same_address
from gateway.errors import Unauthenticated

MAX_PROOF: Final = 8192  # characters
LEEWAY_SECONDS: Final = 60  # how far a client's clock may be off, either way
KIND: Final = "dpop+jwt"
HEADER: Final = frozenset({"typ", "alg", "jwk", "kid"})  # nothing that would name a key elsewhere
MAX_ID: Final = 256  # characters of a jti

STALE: Final = "dpop-nonce"  # the code of a proof that lacks a nonce of ours


class Proofs:
    """Checks the proofs of one installation. base: its public address; safe to share between threads."""

    def __init__(self, base: str, nonces: Nonces, replays: Replays, clock: Callable[[], float]) -> None:
        self.base = base.rstrip("/")
        self._nonces = nonces
        self._replays = replays
        self._clock = clock
        self._registry = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        self._registry.max_header_length = MAX_PROOF  # the usual one has no room for an RSA key

    def nonce(self) -> str:
        """For the next proof. Never waits."""
        return self._nonces.fresh(self._replays.since)

    def check(self, shown: Presented, token: str, thumbprint: str) -> None:
        """Once for each request; the same proof never counts again. thumbprint: `cnf.jkt` of the token.

        One short transaction. Raises Unauthenticated."""
        if len(shown.proofs) != 1:
            code = "dpop-twice" if shown.proofs else "dpop-missing"
            raise Unauthenticated("Exactly one DPoP header is needed", code=code)
        header, claims = self._taken_apart(shown.proofs[0])
        self._is_signed(shown.proofs[0], header, thumbprint)
        self._is_for(claims, shown, token)
        until = self._is_timely(claims)
        self._is_new(claims, thumbprint, until, self._nonce_of(claims))

    def _taken_apart(self, proof: str) -> tuple[Claims, Claims]:
        if len(proof) > MAX_PROOF:
            raise _refused("dpop-malformed")
        try:
            return taken_apart(proof)
        except ValueError as error:
            raise _refused("dpop-malformed") from error

    def _is_signed(self, proof: str, header: Claims, thumbprint: str) -> None:
        if header.get("typ") != KIND:
            raise _refused("dpop-type")
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise _refused("dpop-algorithm")
        if not header.keys() <= HEADER:
            raise _refused("dpop-header")
        try:
            key = public_key(header.get("jwk"), algorithm)
        except ValueError as error:
            raise _refused("dpop-key") from error
        if not is_bound_to(key, thumbprint):
            raise _refused("dpop-other-key")
        try:
            jws.deserialize_compact(proof, key.key, registry=self._registry)
        except (JoseError, ValueError) as error:
            raise _refused("dpop-signature") from error

    def _is_for(self, claims: Claims, shown: Presented, token: str) -> None:
        """Made for this request and this token."""
        if claims.get("htm") != shown.method:
            raise _refused("dpop-method")
        if not same_address(claims.get("htu"), self.base + shown.path):
            raise _refused("dpop-address")
        said = claims.get("ath")
        if not isinstance(said, str) or not hmac.compare_digest(said.encode(), _hash(token)):
            raise _refused("dpop-token")

    def _is_timely(self, claims: Claims) -> float:
        """Until when it could be shown again."""
        made, now = claims.get("iat"), self._clock()
        if isinstance(made, bool) or not isinstance(made, int | Decimal):
            raise _refused("dpop-malformed")
        if not now - LEEWAY_SECONDS <= made <= now + LEEWAY_SECONDS:
            raise _refused("dpop-time")
        return float(made) + LEEWAY_SECONDS

    def _nonce_of(self, claims: Claims) -> str:
        """Which memory of proofs its nonce was made with: ours, or what another process has begun since."""
        nonce, since = claims.get("nonce"), self._replays.since
        if not self._nonces.holds(nonce, since):
            since = self._replays.look()
            if not self._nonces.holds(nonce, since):
                raise _stale()
        return since

    def _is_new(self, claims: Claims, thumbprint: str, until: float, since: str) -> None:
        name = claims.get("jti")
        if not isinstance(name, str) or not 0 < len(name) <= MAX_ID:
            raise _refused("dpop-malformed")
        known = self._replays.show(thumbprint, name, until, since)
        if known is Shown.UNSURE:
            raise _stale()
        if known is not Shown.FIRST:
            raise _refused("dpop-replayed")


def _hash(token: str) -> bytes:
    return urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()).rstrip(b"=")


def _stale() -> Unauthenticated:
    return Unauthenticated("The proof needs the nonce in DPoP-Nonce", code=STALE)


def _refused(code: str) -> Unauthenticated:
    return Unauthenticated("The proof in the DPoP header does not hold", code=code)
