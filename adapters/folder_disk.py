"""Files of a folder on its disk: a file appears whole, and is there when the call returns, whatever then
happens to the machine.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final

GROWING: Final = (".tmp", ".part")


def is_whole(name: str) -> bool:
    """Whether a file of this name has all it will have."""
    return not name.startswith(".") and not name.endswith(GROWING)


def distinct(path: Path, known: str) -> str:
    """A name that the next file of the same name does not overwrite. known: the digest of its content."""
    return f"{path.stem}.{known[:12]}{path.suffix}"


def digest(data: bytes) -> str:
    """What tells a file's content from any other."""
    return hashlib.sha256(data).hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """The file appears whole, and is on the disk when this returns."""
    unfinished = path.with_name(f".{path.name}.tmp")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    _sync_folder(path.parent)


def move(path: Path, target: Path) -> None:
    """The file lies there, and no longer here."""
    path.replace(target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
