"""The plan of a family by its parts, each with pages of its own: whoever turns the page of one keeps the rest
where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Query

Item = TypeVar("Item")
Number = Annotated[int, Query(ge=0, le=10_000)]


@dataclass(frozen=True, slots=True)
class Sides:
    """Which page of each part, from 1; 0: none is asked for, which is the first."""

    maal: int = 0
    tiltak: int = 0
    lysglimt: int = 0
    moeter: int = 0
    tidligere: int = 0
    dokumenter: int = 0
    deltakere: int = 0

    def beside(self, part: str) -> str:
        """What an address says of the other parts, to turn the page of this one."""
        kept = ((name, side) for name, side in asdict(self).items() if side and name != part)
        return "&".join(f"{name}={side}" for name, side in kept)


FIRST: Final = Sides()


def asked(
    maal: Number = 0,
    tiltak: Number = 0,
    lysglimt: Number = 0,
    moeter: Number = 0,
    tidligere: Number = 0,
    dokumenter: Number = 0,
    deltakere: Number = 0,
) -> Sides:
    """As an address says it."""
    return Sides(maal, tiltak, lysglimt, moeter, tidligere, dokumenter, deltakere)


@dataclass(frozen=True, slots=True)
class Part(Generic[Item]):
    """What of a part stands on its page; side: which page, of how many; count: of all of it."""

    items: list[Item]
    side: int
    pages: int
    count: int


def cut(found: Sequence[Item], side: int, most: int) -> Part[Item]:
    """One page of it, with so many at most; the last one where there are not so many pages."""
    pages = max(1, -(-len(found) // most))
    side = min(max(1, side), pages)
    return Part(list(found[(side - 1) * most : side * most]), side, pages, len(found))
