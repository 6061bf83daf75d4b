"""Digests that hold a row of the log of disclosures to what the audit says of it: as it was written, and as
it was closed. Over the stored bytes of what was told, encrypted or not: what they mean is not needed, and a
row whose key has been destroyed is checked as before."""

from __future__ import annotations

import hashlib
from typing import Any, Final

BEGUN: Final = (
    "id",
    "recipient",
    "channel",
    "run",
    "epoch",
    "owner",
    "client",
    "started",
    "deadline",
    "items",
)
ENDED: Final = ("id", "state", "closed", "error")
OPEN: Final = "sending"


def of_begun(row: Any) -> bytes:
    """Of a row's columns as they are stored: what does not change while it is under way. Whom it is about
    stands in the audit's own entry."""
    return digest(row[name] for name in BEGUN)


def of_ended(row: Any) -> bytes:
    """How it ended."""
    return digest(row[name] for name in ENDED)


def digest(values: Any) -> bytes:
    """SHA-256 of stored values: none, whole numbers, texts and bytes, each with its kind and length, so that
    no two lists of them are told alike."""
    found = hashlib.sha256()
    for value in values:
        if value is None:
            found.update(b"-")
            continue
        mark, said = _said(value)
        found.update(b"%b%d:" % (mark, len(said)))
        found.update(said)
    return found.digest()


def _said(value: Any) -> tuple[bytes, bytes]:
    if isinstance(value, (bytes, memoryview)):
        return b"b", bytes(value)
    if isinstance(value, int):
        return b"i", b"%d" % value
    if isinstance(value, str):
        return b"s", value.encode()
    raise TypeError(f"{type(value).__name__} is not stored")
