"""Who has ever written in an item, as its Provenance named them: the author first. Names only; whose
organization that is is asked where it counts (gateway/exchange/judge.py)."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec


def joined(before: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    """All of both, each once, the earliest first."""
    return tuple(dict.fromkeys((*before, *now)))


def kept(writers: Iterable[str]) -> str:
    """As a column holds them."""
    return json.dumps(list(writers))


def read(column: str | None) -> tuple[str, ...]:
    """As a column held them; nobody where nothing is known."""
    return tuple(msgspec.json.decode(column)) if column else ()
