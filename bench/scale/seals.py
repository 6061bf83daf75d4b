"""The keys of many invented children, put into an installation's key store at once, and what seals by them as
the gateway's own keyring does (gateway/keys/keyring.py). A key follows from a seed: never for anybody
real."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Table, create_engine, insert

from gateway.config import Settings
from gateway.hub.persons import IdentifierKey
from gateway.keys import key_store
from gateway.keys.key_store import KeyStore
from gateway.keys.keyring import FORM, Keyring, store_url
from gateway.keys.wrapping import LocalKeys
from mappings.canonical import FNR

NONCE: Final = 12  # bytes
DRAWN: Final = NONCE * 4096  # bytes of chance drawn at a time
_TABLE: Final[Table] = key_store._key


def key_store_of(settings: Settings) -> KeyStore:
    """The key store of an installation, without the keys that its processes keep."""
    folder = settings.state_folder
    return KeyStore(store_url(settings.keys, folder), LocalKeys.of(settings.keys, folder))


def enter(settings: Settings, tenant: str, persons: Sequence[str], seed: int) -> None:
    """Put a key of each person into the key store, where there is none of anybody yet."""
    folder = settings.state_folder
    wrapper, now = LocalKeys.of(settings.keys, folder), int(time.time())
    key_store_of(settings).close()  # makes the file
    engine = create_engine(store_url(settings.keys, folder))
    with engine.begin() as connection:
        for first in range(0, len(persons), 5000):
            rows = []
            for person in persons[first : first + 5000]:
                own, key = _key(seed, person)
                wrapped = wrapper.wrap(key, key_store._bound(own, tenant, person))
                rows.append({"id": own, "tenant": tenant, "person": person, "wrapped": wrapped})
            given = {"wrapped_by": wrapper.name, "made": now}
            connection.execute(insert(_TABLE), [row | given for row in rows])
    engine.dispose()


class Seals:
    """What seals and hides for one database. Safe to take along into a forked process."""

    def __init__(self, settings: Settings, tenant: str, persons: Sequence[str], seed: int) -> None:
        store = key_store_of(settings)
        own = store.of(tenant, "")
        store.close()
        self._tenant = (FORM + own.id, AESGCM(own.key))
        keys = (_key(seed, person) for person in persons)
        self._own = [(FORM + name, AESGCM(key)) for name, key in keys]
        ring = Keyring.of(settings.keys, settings.state_folder)
        self.hide = ring.hide
        self.hide("")  # reads the key of names now
        ring.close()
        self._hash = IdentifierKey.of(settings).hash
        self._chance, self._at = b"", 0

    def seal(self, child: int | None, place: bytes, plain: bytes) -> bytes:
        """Content sealed by a child's key, or by the tenant's, for its place."""
        name, cipher = self._tenant if child is None else self._own[child]
        if self._at >= len(self._chance):
            self._chance, self._at = os.urandom(DRAWN), 0
        nonce = self._chance[self._at : self._at + NONCE]
        self._at += NONCE
        return name + nonce + cipher.encrypt(nonce, plain, place)

    def hash(self, number: bytes) -> bytes:
        """By what a national id is found."""
        return self._hash(FNR, number.decode()).encode()


def _key(seed: int, person: str) -> tuple[bytes, bytes]:
    """The name of a child's key, and the key."""
    drawn = hashlib.blake2b(f"{seed}/key/{person}".encode(), digest_size=48).digest()
    return drawn[:16], drawn[16:]
