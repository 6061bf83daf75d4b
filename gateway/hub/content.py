"""What stands in a `content` column: JSON as bytes, in one place."""

from __future__ import annotations

import hashlib
from typing import Any

from gateway import jsontext


def pack(value: Any) -> bytes:
    """A JSON value as it is stored."""
    return jsontext.encode(value)


def unpack(content: bytes) -> Any:
    """The JSON value of a content column."""
    return jsontext.decode(content)


def digest(value: Any) -> str:
    """SHA-256 (hex) of a JSON value in its packed form, to recognise what was seen before."""
    return hashlib.sha256(jsontext.encode(value)).hexdigest()
