"""One token request, from what is asked to the token: with a fresh assertion and proof at each attempt,
once more with the server's nonce, and once more with our next key where the issuer does not know the first.

Sources: RFC 6749 section 5, RFC 9449 sections 5 and 8. What the issuer answers beside its error code is
read by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from adapters.tokens import dpop
from adapters.tokens.calls import Call, Calls, Heard
from adapters.tokens.dpop import Proofs
from adapters.tokens.faults import About, SecretGone
from adapters.tokens.metadata import Address
from adapters.transport import retry_after

UNSTATED: Final = 60.0  # lifetime in seconds of a token that does not tell its own
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]{1,16384}=*")  # RFC 6750
UNKNOWN_US: Final = frozenset({"invalid_client", "invalid_grant"})
CODES: Final = {
    "invalid_client": "token-client",
    "unauthorized_client": "token-client",
    "invalid_grant": "token-grant",
    "invalid_scope": "token-scope",
    "invalid_target": "token-resource",
    "invalid_dpop_proof": "token-proof",
    dpop.WANTED: "token-proof",
}


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, and for how many seconds it is good."""

    token: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: form fields, and headers beside them."""

    fields: Mapping[str, str]
    headers: Mapping[str, str]


Ask = Callable[[str, int], Asked]  # of the token address and the number of the attempt; may raise SecretGone


class TokenEndpoint:
    """Where tokens of one system are fetched. proofs: they are to be bound to that key."""

    def __init__(self, address: Address, about: About, calls: Calls, proofs: Proofs | None = None) -> None:
        self._address = address
        self._about = about
        self._calls = calls
        self._proofs = proofs

    async def token(self, ask: Ask) -> Granted:
        """A fresh token. Raises NoToken."""
        url = await self._address.found()
        nonces, turn = 0, 0
        while True:
            answer = await self._post(url, ask, turn)
            error = _error(answer)
            told = self._told(url, answer)
            if answer.status == 200:
                return self._granted(answer.body)
            if error == dpop.WANTED and told and nonces == 0:
                nonces += 1
            elif error in UNKNOWN_US and turn == 0:
                turn += 1
            else:
                raise self._failure(answer, error)

    def _told(self, url: str, answer: Heard) -> bool:
        nonce = answer.headers.get(dpop.NONCE_HEADER)
        return self._proofs is not None and self._proofs.told(url, nonce, resource=False)

    async def _post(self, url: str, ask: Ask, turn: int) -> Heard:
        try:
            asked = ask(url, turn)
        except SecretGone:
            raise self._about.failure("token-secret") from None
        proof = {dpop.HEADER: self._proofs.proof("POST", url)} if self._proofs else {}
        return await self._calls.make(Call("POST", url, asked.fields, {**asked.headers, **proof}))

    def _failure(self, answer: Heard, error: str) -> Exception:
        if answer.status == 429 or answer.status >= 500:
            return self._about.failure("token-unavailable", retry_after(answer.headers))
        if answer.status in (404, 405, 410) or answer.status < 400:
            self._address.forget()
            return self._about.failure("token-answer")
        return self._about.failure(
            CODES.get(error, "token-client" if answer.status == 401 else "token-refused")
        )

    def _granted(self, body: Mapping[str, Any]) -> Granted:
        token, kind = body.get("access_token"), str(body.get("token_type", "")).lower()
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise self._about.failure("token-answer")
        if kind != ("dpop" if self._proofs else "bearer"):
            raise self._about.failure("token-unbound" if self._proofs else "token-answer")
        lifetime = body.get("expires_in")
        if isinstance(lifetime, int) and not isinstance(lifetime, bool) and lifetime > 0:
            return Granted(token, float(lifetime))
        return Granted(token, UNSTATED)


def _error(answer: Heard) -> str:
    found = answer.body.get("error")
    return found if isinstance(found, str) else ""
