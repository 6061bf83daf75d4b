"""Seals and opens the bytes of content columns (AES-256-GCM, bound to the row they stand in), and hides names
that are looked up by equality (AES-SIV, RFC 5297). Keeps the keys it has used for a minute, so that a key
that is destroyed is forgotten everywhere soon after."""

from __future__ import annotations

import base64
import os
import threading
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from gateway.config import Keys
from gateway.errors import StafettbroError
from gateway.keys.key_store import ContentKey, KeyStore
from gateway.keys.wrapping import LocalKeys

FORM: Final = b"\x01"  # of sealed content; JSON never begins so
KEPT_SECONDS: Final = 60.0  # how long a key may still be used after it was destroyed
MOST: Final = 20_000  # keys kept at a time
_ID: Final = 16  # bytes
_NONCE: Final = 12
_NAMES: Final = "*names"  # whose key hides names: no tenant and no person is called so
_HIDDEN: Final = "~"  # in front of a hidden name


class SealBroken(StafettbroError):
    """Content that was changed, or that stands in another row than it was sealed for."""


class Keyring:
    """The keys of one installation, as they are used."""

    def __init__(self, store: KeyStore, clock: Callable[[], float] = time.monotonic) -> None:
        self.seals = True  # False: the database is of before, and nobody has sealed it yet
        self._store, self._clock = store, clock
        self._kept: dict[Hashable, tuple[float, ContentKey, AESGCM]] = {}
        self._swept = self._clock()
        self._lock = threading.Lock()
        self._names: AESSIV | None = None

    @classmethod
    def of(cls, keys: Keys, state_folder: Path) -> Keyring:
        """From the configuration. Raises ConfigurationError."""
        return cls(KeyStore(store_url(keys, state_folder), LocalKeys.of(keys, state_folder)))

    def seal(self, tenant: str, person: str, place: bytes, plain: bytes) -> bytes:
        """Bytes sealed by the person's key ("": the tenant's) for this row. Raises KeyDestroyed,
        KeyUnknown."""
        key, cipher = self._used((tenant, person), lambda: self._store.of(tenant, person))
        nonce = os.urandom(_NONCE)
        return FORM + key.id + nonce + cipher.encrypt(nonce, plain, place)

    def open(self, tenant: str, place: bytes, sealed: bytes) -> bytes:
        """The bytes again. Raises SealBroken, KeyDestroyed, KeyUnknown."""
        own, rest = bytes(sealed[1 : 1 + _ID]), memoryview(sealed)[1 + _ID :]
        key, cipher = self._used(own, lambda: self._store.by_id(own))
        if sealed[:1] != FORM or key.tenant != tenant:
            raise SealBroken("content that is not sealed for this tenant")
        try:
            return cipher.decrypt(bytes(rest[:_NONCE]), rest[_NONCE:], place)
        except InvalidTag:
            raise SealBroken("content that was changed, or moved from another row") from None

    def hide(self, name: str) -> str:
        """A name that tells nothing and is the same each time, to be looked up by."""
        return _HIDDEN + base64.urlsafe_b64encode(self._siv().encrypt(name.encode(), None)).decode("ascii")

    def show(self, hidden: str) -> str:
        """The name again; one that was never hidden, as it is. Raises SealBroken."""
        if not hidden.startswith(_HIDDEN):
            return hidden
        try:
            return self._siv().decrypt(base64.urlsafe_b64decode(hidden[1:]), None).decode()
        except (InvalidTag, ValueError):
            raise SealBroken("a name that was changed, or hidden by another installation") from None

    def destroy(self, tenant: str, person: str) -> bool:
        """Destroy a person's key for good, here at once and elsewhere within KEPT_SECONDS; whether there was
        one."""
        done = self._store.destroy(tenant, person)
        with self._lock:
            gone = [
                name
                for name, (_, key, _) in self._kept.items()
                if (key.tenant, key.person) == (tenant, person)
            ]
            for name in gone:
                del self._kept[name]
        return done

    def destroyed(self, tenant: str) -> set[str]:
        """Those of a tenant whose keys are destroyed."""
        return self._store.destroyed(tenant)

    def close(self) -> None:
        """Forget the keys and give back the store's connections."""
        with self._lock:
            self._kept.clear()
        self._store.close()

    def _used(self, name: Hashable, found: Callable[[], ContentKey]) -> tuple[ContentKey, AESGCM]:
        now = self._clock()
        known = self._kept.get(name)
        if known is not None and known[0] > now:
            return known[1], known[2]
        key = found()
        fresh = (now + KEPT_SECONDS, key, AESGCM(key.key))
        with self._lock:
            if now >= self._swept + KEPT_SECONDS or len(self._kept) >= MOST:
                self._sweep(now)
            self._kept[key.id] = self._kept[key.tenant, key.person] = fresh
        return fresh[1], fresh[2]

    def _sweep(self, now: float) -> None:
        """Forget the keys whose time is out; all of them where there are too many."""
        kept = {name: one for name, one in self._kept.items() if one[0] > now}
        self._kept = kept if len(kept) < MOST else {}
        self._swept = now

    def _siv(self) -> AESSIV:
        if self._names is None:
            first, second = (self._store.of(_NAMES, part).key for part in ("mac", "cipher"))
            self._names = AESSIV(first + second)
        return self._names


def store_url(keys: Keys, state_folder: Path) -> str:
    """Where the keys of content are: as configured, else a file in the state folder."""
    return keys.database_url or f"sqlite:///{state_folder / 'keys.db'}"
