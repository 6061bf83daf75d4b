"""A JWT taken apart before anything of it is believed: three parts of base64url, two JSON objects, no key
twice.

Never checks a signature, and never says what stood in it.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from typing import Any, Final

from gateway import jsontext

Claims = dict[str, Any]

# The signature may be empty: that such a token is unsigned is said by who looks at its algorithm.
FORM: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")


def taken_apart(token: str) -> tuple[Claims, Claims]:
    """Header and claims. Raises ValueError for anything that two readers could read differently."""
    form = FORM.fullmatch(token)
    if form is None:
        raise ValueError("not three parts of base64url")
    header, claims = (_object(_bytes(part)) for part in form.groups())
    return header, claims


def _bytes(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))  # binascii.Error is a ValueError


def _object(text: bytes) -> Claims:
    try:
        value = jsontext.decode(text)
        json.loads(text, object_pairs_hook=_once)
    except (jsontext.DecodeError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
