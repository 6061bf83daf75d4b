"""Values made of bytes. Every part of a value has bytes of its own at a fixed place, and zero means the
simplest there is, so that a search that makes bytes smaller makes one thing simpler at a time, and drawing
is cheap.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mappings.model import Json

Make = Callable[[bytes, int], Any]  # all bytes, where this value's own begin -> the value


@dataclass(frozen=True, slots=True)
class Maker:
    """How many bytes a value takes, and how it is made of them."""

    size: int
    make: Make


class _Left:
    """Stands for a member that is left out."""


LEFT_OUT: Final = _Left()
EMPTY_VALUES: Final[tuple[Json, ...]] = ("", [], {}, None)


def fixed(value: Json) -> Maker:
    """Always the same."""
    return Maker(0, lambda _, __: value)


def one_of(values: Sequence[Json]) -> Maker:
    """One of the values; the first is the simplest."""
    count = len(values)
    return Maker(1, lambda data, at: values[data[at] % count])


def either(*makers: Maker) -> Maker:
    """What one of the makers makes; the first is the simplest."""
    count, size = len(makers), 1 + max(maker.size for maker in makers)
    return Maker(size, lambda data, at: makers[data[at] % count].make(data, at + 1))


def perhaps(maker: Maker, *, empty: bool) -> Maker:
    """Something, nothing, or (`empty`) a value with nothing in it."""

    def make(data: bytes, at: int) -> Any:
        chosen = data[at] % 8
        if chosen < 3:
            return LEFT_OUT
        if chosen == 7 and empty:
            return EMPTY_VALUES[data[at] // 8 % len(EMPTY_VALUES)]
        return maker.make(data, at + 1)

    return Maker(1 + maker.size, make)


def members(makers: Sequence[tuple[str, Maker]]) -> Maker:
    """An object of the members that are not left out."""
    placed, size = [], 0
    for name, maker in makers:
        placed.append((name, maker.make, size))
        size += maker.size

    def make(data: bytes, at: int) -> dict[str, Json]:
        made = {}
        for name, make_one, offset in placed:
            value = make_one(data, at + offset)
            if value is not LEFT_OUT:
                made[name] = value
        return made

    return Maker(size, make)


def several(maker: Maker, *, least: int, most: int = 3) -> Maker:
    """A list."""
    step, spread = maker.size, most - least + 1

    def make(data: bytes, at: int) -> list[Json]:
        count = least + data[at] % spread
        return [maker.make(data, at + 1 + step * index) for index in range(count)]

    return Maker(1 + most * step, make)
