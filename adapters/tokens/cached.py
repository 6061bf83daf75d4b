"""A token that is fetched, used until shortly before it ends, and dropped when the system does not accept
it. One fetch at a time, however many deliveries wait for it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from adapters.contract import Again, NoToken
from adapters.tokens import dpop
from adapters.tokens.certificate import Tls
from adapters.tokens.dpop import Proofs
from adapters.tokens.endpoint import Granted

LEEWAY: Final = 30.0  # seconds before its end from which a token is not used any more; at most half its life
AFTER_FAILURE: Final = 2.0  # seconds in which a failed fetch is not tried again
_WANTED: Final = re.compile(rf'error\s*=\s*"?{dpop.WANTED}\b', re.IGNORECASE)


class Cached:
    """Tokens for one system. fetch: gets a new one; proofs: of the key that they are bound to."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[Granted]],
        *,
        proofs: Proofs | None = None,
        tls: Tls | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._proofs = proofs
        self._tls = tls
        self._now = now
        self._one_at_a_time = asyncio.Lock()
        self._token: str | None = None
        self._until = 0.0
        self._failed: NoToken | None = None
        self._not_before = 0.0
        self.tls = tls.to_system if tls else None

    async def ready(self) -> None:
        """Have a token that is good for a while. Raises NoToken."""
        await self._current()

    async def headers(self, method: str, url: str) -> Mapping[str, str]:
        """Authorization, and a fresh proof where tokens are bound to a key. Raises NoToken."""
        token = await self._current()
        if self._proofs is None:
            return {"Authorization": f"Bearer {token}"}
        proof = self._proofs.proof(method, url, token)
        return {"Authorization": f"DPoP {token}", dpop.HEADER: proof}

    def heard(
        self, url: str, used: Mapping[str, str], status: int, headers: Mapping[str, str]
    ) -> Again | None:
        """Remember a new nonce; drop a token that was not accepted."""
        nonce = headers.get(dpop.NONCE_HEADER)
        told = self._proofs is not None and self._proofs.told(url, nonce, resource=True)
        if status != 401:
            return None
        if told and _WANTED.search(headers.get("WWW-Authenticate", "")):
            return Again.NONCE
        if self._token is not None and used.get("Authorization", "").endswith(f" {self._token}"):
            self._token = None  # another delivery may have fetched a new one meanwhile: that one stays
        return Again.SHOWN

    async def seconds_left(self) -> float:
        """For how long the token in hand, or a new one, is good. Raises NoToken."""
        await self._current()
        return max(0.0, self._until - self._now())

    async def _current(self) -> str:
        async with self._one_at_a_time:
            if self._tls is not None:
                self._tls.renew()
            if self._token is None or self._now() >= self._until:
                self._token = await self._fetched()
            return self._token

    async def _fetched(self) -> str:
        if self._failed is not None and self._now() < self._not_before:
            told = self._failed  # an error of its own for everyone who waits: what becomes of each differs
            raise NoToken(told.code, told.sentence, retry_after=told.retry_after)
        asked = self._now()
        self._token = None
        try:
            granted = await self._fetch()
        except NoToken as error:
            self._failed, self._not_before = error, self._now() + AFTER_FAILURE
            raise
        self._failed = None
        self._until = asked + granted.seconds - min(LEEWAY, granted.seconds / 2)
        return granted.token
