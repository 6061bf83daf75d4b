"""Several values in one text, declared by an example: "{navn} ({fnr})". Read from the right, each sign
between two names at the last place where it stands; written by filling in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_NAME: Final = re.compile(r"\{([^{}]*)\}")


class BadWording(ValueError):
    """The text is no wording."""


class Wording:
    """One wording. `names` in order; the empty name is `{}`."""

    def __init__(self, text: str) -> None:
        self.text = text
        pieces = _NAME.split(text)
        self.names = tuple(pieces[1::2])
        self._signs = tuple(pieces[0::2])  # before, between and after the names
        if any("{" in sign or "}" in sign for sign in self._signs):
            raise BadWording(f"{text!r} has a brace too much")
        if not self.names or len(set(self.names)) != len(self.names):
            raise BadWording(f"{text!r} must name each part once, in braces")
        if not all(self._signs[1:-1]):
            raise BadWording(f"{text!r} has nothing between two names: nobody could tell them apart")

    def parts(self, text: str) -> dict[str, str] | None:
        """The parts of a text that is worded so, none of them empty; None of any other."""
        first, last = self._signs[0], self._signs[-1]
        if not text.startswith(first) or not text.endswith(last):
            return None
        left = text[len(first) : len(text) - len(last)]
        found = {}
        for name, sign in zip(self.names[:0:-1], self._signs[-2:0:-1], strict=True):
            at = left.rfind(sign, 1, len(left) - 1)  # something on either side
            if at == -1:
                return None
            left, found[name] = left[:at], left[at + len(sign) :]
        found[self.names[0]] = left
        return {name: found[name] for name in self.names} if all(found.values()) else None

    def filled(self, parts: Mapping[str, object]) -> str | None:
        """The text that says these parts; None where one is missing or is no text."""
        values = [parts.get(name) for name in self.names]
        if not all(isinstance(value, str) and value for value in values):
            return None
        between = zip(values, self._signs[1:], strict=True)
        return self._signs[0] + "".join(f"{value}{sign}" for value, sign in between)


@lru_cache(maxsize=1024)
def wording(text: str) -> Wording:
    """The wording, compiled once. Raises BadWording."""
    return Wording(text)


def taken_apart(wordings: tuple[str, ...], text: str) -> dict[str, str] | None:
    """The parts by the first wording that the text follows."""
    return next((found for one in wordings if (found := wording(one).parts(text)) is not None), None)


def put_together(wordings: tuple[str, ...], parts: Mapping[str, object]) -> str | None:
    """The text by the first wording that all its parts are there for."""
    return next((said for one in wordings if (said := wording(one).filled(parts)) is not None), None)
