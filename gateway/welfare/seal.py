"""Seals what the store of reports holds: AES-256-GCM under a key of its own, bound to the row it stands in,
so that content moved to another row does not open. Never the key of the hub."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway import jsontext, key_file
from gateway.errors import ConfigurationError, StafettbroError

_NONCE: Final = 12  # bytes, as GCM wants it
_VERSION: Final = b"\x01"  # of this form, so that another can come beside it
_KEY: Final = re.compile(r"[0-9a-fA-F]{64}")


class SealBroken(StafettbroError):
    """Content that this key did not seal for this row."""


class Seal:
    """Closes and opens content, and names ids without telling them."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(_derived(key, b"content"))
        self._names = _derived(key, b"names")

    @classmethod
    def of(cls, secret: str | None, state_folder: Path) -> Seal:
        """From the configured secret, else from a key kept in the state folder. Raises ConfigurationError
        unless it is 64 hexadecimal digits."""
        text = key_file.kept(state_folder / "welfare.key") if secret is None else secret
        if not _KEY.fullmatch(text):
            raise ConfigurationError("welfare.key_ref: the key must be 64 hexadecimal digits")
        return cls(bytes.fromhex(text))

    def close(self, value: Any, *place: str) -> bytes:
        """A JSON value, sealed for this place (tenant, table, id)."""
        nonce = os.urandom(_NONCE)
        sealed = self._cipher.encrypt(nonce, jsontext.encode(value), jsontext.encode(place))
        return _VERSION + nonce + sealed

    def open(self, content: bytes, *place: str) -> Any:
        """The value again. Raises SealBroken for another key, another place or changed bytes."""
        nonce, sealed = content[1 : 1 + _NONCE], content[1 + _NONCE :]
        if content[:1] != _VERSION or len(nonce) != _NONCE:
            raise SealBroken("not sealed content")
        try:
            return jsontext.decode(self._cipher.decrypt(nonce, sealed, jsontext.encode(place)))
        except InvalidTag as error:
            raise SealBroken("sealed with another key, or for another place") from error

    def name(self, *parts: str) -> str:
        """A keyed hash (hex) by which an id of others is found again."""
        return hmac.new(self._names, jsontext.encode(parts), hashlib.sha256).hexdigest()


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"stafettbro welfare " + purpose).derive(key)
