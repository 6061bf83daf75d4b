"""Nonces that this gateway asks for in proofs (RFC 9449 §9): a keyed hash of the time, kept nowhere.

Every process with the same key and the same memory of proofs makes and knows the same ones.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

WINDOW_SECONDS: Final = 150  # a nonce counts in its own window and in the next one
PURPOSE: Final = "dpop-nonce"


class Nonces:
    """key: shared by all processes of the installation."""

    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        self._key = key
        self._clock = clock

    def fresh(self, since: str) -> str:
        """The one to use now. since: names the memory of proofs that it counts with."""
        return self._of(since, self._window())

    def holds(self, nonce: object, since: str) -> bool:
        """Whether it is one of ours, of this memory, and not stale."""
        if not isinstance(nonce, str) or not nonce.isascii():
            return False
        now = self._window()
        return any(hmac.compare_digest(nonce, self._of(since, window)) for window in (now, now - 1))

    def _window(self) -> int:
        return int(self._clock() // WINDOW_SECONDS)

    def _of(self, since: str, window: int) -> str:
        mac = hmac.digest(self._key, f"{since} {window}".encode(), hashlib.sha256)
        return urlsafe_b64encode(mac[:24]).decode()
