"""Keys that the gateway makes for itself: one file each, readable by its own user alone, made at first use.
Never shows or logs what it holds."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from pathlib import Path


def kept(path: Path) -> str:
    """The key of this file: 64 hexadecimal digits, made now where there is none. Several processes may ask at
    once; all get the same."""
    return written_once(path, lambda: secrets.token_hex(32)).strip()


def written_once(path: Path, made: Callable[[], str]) -> str:
    """What this file holds; where there is none, what is made now. All who ask get the same."""
    if not path.exists():
        _write_once(path, made())
    return path.read_text()


def _write_once(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{uuid.uuid4().hex}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    try:
        path.hardlink_to(fresh)  # the first process to get here wins; the others read its key
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
