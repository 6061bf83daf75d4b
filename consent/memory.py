"""What was worked out before, kept under all that it depends on. It has a bound: when that is reached it
forgets everything, which costs time and never changes an answer.
"""

from __future__ import annotations

from typing import Final, TypeVar

FULL: Final = 256  # entries: six recipients and forty items that mostly differ
Place = TypeVar("Place")
Value = TypeVar("Value")


class Memory(dict[Place, Value]):
    """Belongs to one person at one moment. Look up with `get`, keep with `keep`."""

    __slots__ = ()

    def keep(self, place: Place, value: Value) -> Value:
        """Keep a value, and give it back."""
        if len(self) >= FULL:
            self.clear()
        self[place] = value
        return value
