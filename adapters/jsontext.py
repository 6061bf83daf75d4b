"""JSON in and out without loss for every adapter: 1.10 stays 1.10. Knows nothing of what it carries."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(Any, float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")

DecodeError = msgspec.DecodeError


def decode(data: bytes | str) -> Any:
    """JSON to Python values; numbers with a fraction become Decimal. Raises DecodeError."""
    try:
        return _decoder.decode(data)
    except (InvalidOperation, RecursionError) as error:  # an exponent beyond all numbers; nesting without end
        raise DecodeError("nothing that can be read") from error


def encode(value: Any) -> bytes:
    """Python values to compact UTF-8 JSON."""
    return _encoder.encode(value)
