"""Wraps the keys of content by a key-encryption key. `LocalKeys` holds it in this process, from a file or the
environment; what keeps it in a device or a service of others (a KMS) is another `KeyWrapper`."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway import key_file
from gateway.config import Keys, secret
from gateway.errors import ConfigurationError, StafettbroError

_NONCE: Final = 12  # bytes, as GCM wants it (NIST SP 800-38D)
_DIGITS: Final = re.compile(r"[0-9a-fA-F]{64}")


class KeyUnknown(StafettbroError):
    """A key that was wrapped by a key-encryption key that we do not have, or that was changed since."""


class KeyWrapper(Protocol):
    """What keeps the key-encryption key. name: of the one that wraps now; told to nobody outside."""

    name: str

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        """The key, for keeping; opens only where it is said to be bound to the same."""
        ...

    def unwrap(self, wrapped: bytes, bound: bytes, name: str) -> bytes:
        """The key again. Raises KeyUnknown."""
        ...


class LocalKeys:
    """Key-encryption keys in this process: the first wraps, and the former ones still unwrap."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_name(key): AESGCM(_derived(key)) for key in keys}
        self.name = _name(keys[0])

    @classmethod
    def of(cls, keys: Keys, state_folder: Path) -> LocalKeys:
        """From the configured secrets, else from a key kept in the state folder (made at first use). Raises
        ConfigurationError unless each is 64 hexadecimal digits."""
        texts = [secret(keys.key_ref)] if keys.key_ref else [key_file.kept(state_folder / "content.key")]
        texts += [secret(reference) for reference in keys.former_key_refs]
        if not all(_DIGITS.fullmatch(text) for text in texts):
            raise ConfigurationError("keys: each key-encryption key must be 64 hexadecimal digits")
        return cls([bytes.fromhex(text) for text in texts])

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        """AES-256-GCM under the first of the keys."""
        nonce = os.urandom(_NONCE)
        return nonce + self._ciphers[self.name].encrypt(nonce, key, bound)

    def unwrap(self, wrapped: bytes, bound: bytes, name: str) -> bytes:
        """The key again. Raises KeyUnknown."""
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise KeyUnknown(
                f"no key-encryption key {name} is configured (keys.key_ref, keys.former_key_refs)"
            )
        try:
            return cipher.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], bound)
        except InvalidTag:
            raise KeyUnknown("a key of content was changed, or belongs elsewhere") from None


def _derived(key: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"stafettbro content keys").derive(key)


def _name(key: bytes) -> str:
    """By which it is found again which of the keys wrapped; says nothing of the key."""
    return hashlib.sha256(b"stafettbro name of key " + key).hexdigest()[:16]
