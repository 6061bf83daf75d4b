"""What a refused caller is told in WWW-Authenticate: which kinds of tokens count here, and what was wrong.

Sources: RFC 6750 §3, RFC 9449 §7.1 and §9. Never repeats anything of the request.
"""

from __future__ import annotations

from collections.abc import Collection

from gateway.access.proof_key import ALGORITHMS
from gateway.access.proofs_in import STALE
from gateway.errors import Unauthenticated


class Challenges:
    """Of one installation. kinds: the kinds of tokens (`dpop`, `bearer`) that its issuers give."""

    def __init__(self, kinds: Collection[str]) -> None:
        self._dpop = "dpop" in kinds
        self._bearer = "bearer" in kinds or not self._dpop

    def of(self, error: Unauthenticated) -> str:
        """For a request without a token that counts."""
        if error.code == "token-missing":
            return self._said({})
        if error.code == STALE:
            return _dpop({"error": "use_dpop_nonce"})
        if error.code.startswith("dpop-"):
            return _dpop({"error": "invalid_dpop_proof"})
        return self._said({"error": "invalid_token"})

    def beyond(self, scope: str) -> str:
        """For a token that counts and does not reach this."""
        return self._said({"error": "insufficient_scope", "scope": scope})

    def _said(self, words: dict[str, str]) -> str:
        found = [_challenge("Bearer", words)] if self._bearer else []
        return ", ".join([*found, _dpop(words)] if self._dpop else found)


def _dpop(words: dict[str, str]) -> str:
    return _challenge("DPoP", {**words, "algs": " ".join(ALGORITHMS)})


def _challenge(scheme: str, words: dict[str, str]) -> str:
    said = ", ".join(f'{name}="{value}"' for name, value in words.items())
    return f"{scheme} {said}" if said else scheme
