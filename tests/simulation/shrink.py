"""Makes a failing run small: leaves out operations as long as it still fails in the same way."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.operations import Op

MOST_TRIES = 400


def shrink(ops: list[Op], fails: Callable[[list[Op]], bool]) -> list[Op]:
    """The fewest operations found that still fail: halves, quarters, and so on down to single ones."""
    size, tries = len(ops) // 2, 0
    while size >= 1 and tries < MOST_TRIES:
        at, smaller = 0, False
        while at < len(ops) and tries < MOST_TRIES:
            left = ops[:at] + ops[at + size :]
            tries += 1
            if fails(left):
                ops, smaller = left, True
            else:
                at += size
        if size == 1 and not smaller:
            break
        size = size if smaller and size == 1 else size // 2
    return ops
