"""Numbers and text pass unchanged."""

from __future__ import annotations

import pytest

from adapters import jsontext


@pytest.mark.parametrize("text", [b"1.10", b"100", b"0.000001", '"æøå \\u0000"'.encode(), b'{"b":1,"a":2.0}'])
def test_what_goes_in_comes_out(text: bytes) -> None:
    assert jsontext.encode(jsontext.decode(text)) == text
