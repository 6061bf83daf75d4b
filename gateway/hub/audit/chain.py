"""The chain over a tenant's audit: entries in blocks, each block with a digest of every entry in it and the
hash of the block before. Values; reads and writes no database, and knows nothing of who did what."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from gateway.hub.audit.pins import digest

BEGINNING: Final = bytes(32)  # what the first block follows
COLUMNS: Final = (
    "tenant", "transaction", "number", "at", "kind", "action", "outcome", "source", "person", "client",
    "system", "subject", "pin", "content",
)  # fmt: skip
_ONE: Final = struct.Struct(">Q32s")
_NAME: Final = "stafettbro audit block 1"


@dataclass(frozen=True, slots=True)
class Block:
    """One block as it is stored; times in microseconds. low: no entry up to it can come after this block.
    highest: of the entries in this block or any before it."""

    tenant: str
    number: int
    at: int
    low: int
    highest: int
    entries: bytes
    previous: bytes
    hash: bytes

    @property
    def whole(self) -> bool:
        """Whether it is as it was made."""
        return self.hash == _hash(self)

    def members(self) -> Iterator[tuple[int, bytes]]:
        """Number and digest of each entry. Raises ValueError where they are not what a block holds."""
        if len(self.entries) % _ONE.size:
            raise ValueError("the entries of a block are cut off")
        for number, told in _ONE.iter_unpack(self.entries):
            yield int(number), bytes(told)


def digest_of(row: Any) -> bytes:
    """The digest of an entry: over every column as it is stored, what is encrypted as it is encrypted."""
    return digest(row[name] for name in COLUMNS)


def after(
    last: Block | None, tenant: str, members: Iterable[tuple[int, bytes]], *, at: int, low: int
) -> Block:
    """The block that follows."""
    found = sorted(members)
    highest = max(found[-1][0], last.highest if last else 0)
    made = Block(
        tenant=tenant,
        number=last.number + 1 if last else 1,
        at=at,
        low=low,
        highest=highest,
        entries=b"".join(_ONE.pack(number, told) for number, told in found),
        previous=last.hash if last else BEGINNING,
        hash=b"",
    )
    return Block(**{name: getattr(made, name) for name in FIELDS}, hash=_hash(made))


FIELDS: Final = ("tenant", "number", "at", "low", "highest", "entries", "previous")


def _hash(block: Block) -> bytes:
    said = (getattr(block, name) for name in FIELDS)
    return hashlib.sha256(digest((_NAME, *said))).digest()
