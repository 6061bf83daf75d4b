"""The door of the API: who calls, for which system, and what they may do, by a validated token, with a proof
where it is bound to a key.

Every route stands behind `Gate.admit`; there is no switch that turns it off. Never logs or repeats a token.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from joserfc import jws
from joserfc.errors import JoseError

from adapters.tokens.addresses import is_safe
from gateway.access import claims as rules
from gateway.access.callers import Caller, ceilings, chosen, subjects
from gateway.access.challenges import Challenges
from gateway.access.issuer_keys import IssuerKeys
from gateway.access.jwt_form import Claims, taken_apart
from gateway.access.presented import Presented, Scheme
from gateway.access.proofs_in import Proofs
from gateway.config import Issuer, Settings
from gateway.errors import ConfigurationError, Forbidden, Unauthenticated

__all__ = ["Caller", "Gate"]

REMEMBERED = 10_000  # verified tokens kept
REMEMBER_SECONDS = 300.0  # then the signature is checked again, so that a withdrawn key stops counting


@dataclass(frozen=True, slots=True)
class _Verified:
    """A token that holds. bound_to: the thumbprint of the key without which it does not count."""

    callers: tuple[Caller, ...]
    bound_to: str | None
    until: float


class Gate:
    """Lets callers in. One per process; safe to share between threads. proofs: who checks them; not needed
    where no issuer binds its tokens to keys."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        proofs: Proofs | None = None,
        ended: Callable[[Caller], bool] | None = None,
    ) -> None:
        self._clock = clock
        self._issuers = {issuer.issuer: issuer for issuer in settings.issuers}
        if len(self._issuers) != len(settings.issuers) or not all(i.algorithms for i in settings.issuers):
            raise ConfigurationError("issuers: each needs an address of its own and at least one algorithm")
        kinds = {issuer.tokens for issuer in settings.issuers}
        self._proofs = proofs if "dpop" in kinds else None
        if "dpop" in kinds and (proofs is None or not is_safe(proofs.base)):
            raise ConfigurationError("public_url must be https (or this machine): proofs are made for it")
        self._challenges = Challenges(kinds)
        self._keys = {name: IssuerKeys(issuer, clock) for name, issuer in self._issuers.items()}
        self._ended = ended
        self._clients = ceilings(settings)
        self._subjects = subjects(settings)
        self._remembered: dict[bytes, _Verified] = {}
        self._lock = threading.Lock()

    def admit(self, shown: Presented, required_scope: str, acting: str | None = None) -> Caller:
        """Check the token, its proof and the scope. acting: the system (its id) that a client of several
        municipalities acts for in this request.

        May wait for the issuer's keys (5 s at most per address) when they are not in hand, and with a proof
        for the database. Raises Unauthenticated, Forbidden, or NotReady when keys cannot be had.
        """
        try:
            scheme, token = shown.credentials()
            found = self._known(token) or self._verify(token)
            self._demand_proof(found, scheme, shown, token)
            caller = self._within(chosen(found.callers, acting), required_scope)
        except Unauthenticated as error:
            error.challenge = self._challenges.of(error)
            raise
        self.demand_access(caller)
        return caller

    def demand_access(self, caller: Caller) -> None:
        """Raises Unauthenticated for a client whose access has been ended since. Asks the database."""
        if self._ended is not None and self._ended(caller):
            error = Unauthenticated("The client's access has ended", code="client-ended")
            error.challenge = self._challenges.of(error)
            raise error

    def recall(self, shown: Presented, required_scope: str, acting: str | None = None) -> Caller | None:
        """As `admit` for a bearer token verified before; None for all else. Never waits, and so does not know
        whether the client's access has ended: `demand_access` does."""
        if len(shown.authorization) != 1 or shown.proofs or shown.in_address:
            return None
        try:
            scheme, token = shown.credentials()
        except Unauthenticated:
            return None
        known = self._known(token)
        if known is None or known.bound_to is not None or scheme != "bearer":
            return None
        return self._within(chosen(known.callers, acting), required_scope)

    def nonce(self, shown: Presented) -> str | None:
        """The nonce for this caller's next proof; None for one that makes none."""
        return self._proofs.nonce() if self._proofs is not None and _proves(shown) else None

    def _demand_proof(self, found: _Verified, scheme: Scheme, shown: Presented, token: str) -> None:
        """A bound token counts with a proof, a bearer token without one, and neither the other way."""
        if found.bound_to is None:
            if scheme != "bearer" or shown.proofs:
                raise Unauthenticated(
                    "The token is not bound to a key: it is a bearer token", code="token-scheme"
                )
            return
        if scheme != "dpop" or self._proofs is None:
            raise Unauthenticated("The token is bound to a key and cannot be used alone", code="token-bound")
        self._proofs.check(shown, token, found.bound_to)

    def _verify(self, token: str) -> _Verified:
        header, unsigned = _taken_apart(token)
        issuer = self._issuer_of(unsigned)
        claims = self._signed_claims(token, header, issuer)
        now = self._clock()
        ends = rules.check_claims(claims, issuer, now)
        thumbprint = rules.bound_to(claims, issuer)
        client = rules.client_id(claims)
        ceiling = self._clients.get((issuer.issuer, client, rules.organization(claims, issuer)))
        if ceiling is None:
            raise Unauthenticated("The client is not known here", code="client-unknown")
        rules.check_person(claims, issuer, self._subjects[issuer.issuer, client])
        said = rules.scopes(claims, issuer)
        callers = tuple(replace(one, scopes=one.scopes & said) for one in ceiling)
        found = _Verified(callers, thumbprint, min(ends, now + REMEMBER_SECONDS))
        self._remember(token, found)
        return found

    def _issuer_of(self, unsigned: Claims) -> Issuer:
        """Which of our issuers the token claims to come from; nothing of it is trusted yet."""
        name = unsigned.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise Unauthenticated("The token's issuer is not known here", code="token-issuer")
        return issuer

    def _signed_claims(self, token: str, header: Claims, issuer: Issuer) -> Claims:
        rules.check_header(header, issuer)
        key = self._keys[issuer.issuer].find(header.get("kid"), header["alg"])
        if key is None:
            raise Unauthenticated("The token is signed with an unknown key", code="token-key")
        registry = jws.JWSRegistry(algorithms=issuer.algorithms, strict_check_header=False)
        try:
            jws.deserialize_compact(token, key, registry=registry)
        except (JoseError, ValueError) as error:
            raise Unauthenticated("The token's signature does not hold", code="token-signature") from error
        return _taken_apart(token)[1]  # the very text whose signature holds

    def _within(self, caller: Caller, required_scope: str) -> Caller:
        if required_scope not in caller.scopes:
            error = Forbidden(
                f"The token does not reach this: it needs {required_scope}", code="scope-missing"
            )
            error.challenge = self._challenges.beyond(required_scope)
            raise error
        return caller

    def _known(self, token: str) -> _Verified | None:
        known = self._remembered.get(_digest(token))
        return known if known is not None and known.until > self._clock() else None

    def _remember(self, token: str, entry: _Verified) -> None:
        with self._lock:
            while len(self._remembered) >= REMEMBERED:
                self._remembered.pop(next(iter(self._remembered)))
            self._remembered[_digest(token)] = entry


def _proves(shown: Presented) -> bool:
    return bool(shown.proofs) or any(one.lower().startswith("dpop ") for one in shown.authorization)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()


def _taken_apart(token: str) -> tuple[Claims, Claims]:
    try:
        return taken_apart(token)
    except ValueError as error:
        raise Unauthenticated("The token is not a JWT", code="token-malformed") from error
