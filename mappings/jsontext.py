"""JSON in and out without loss inside this package: decimals keep their digits (1.10 stays 1.10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(Any, float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")

DecodeError = msgspec.DecodeError


def decode(data: bytes | str) -> Any:
    """JSON to values; numbers with a fraction become Decimal. Raises DecodeError."""
    return _decoder.decode(data)


def encode(value: Any) -> bytes:
    """Values to compact UTF-8 JSON."""
    return _encoder.encode(value)
