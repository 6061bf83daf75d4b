"""Where each key of a mapping file stands: path of names -> line. tomllib gives values without places, so the
text is walked once more, and only when there is a mistake to name. The text is known to be TOML.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import Final

Path = tuple[str, ...]

_SPACE: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_TEXT: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'", re.DOTALL
)
_PLAIN: Final = re.compile(r"[^,\]}#\n]+")  # a number, a date (with a space in it), true or false


def places(text: str) -> dict[Path, int]:
    """The line of every table and key; of one that stands in several places, the first."""
    return _Walk(text).found


class _Walk:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self.found: dict[Path, int] = {}
        self._file()

    def _file(self) -> None:
        table: Path = ()
        while self._next():
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)

    def _next(self) -> str:
        """The next sign that says something; "" at the end."""
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at
        return self.text[self.at : self.at + 1]

    def _header(self) -> Path:
        start = self.at
        while self._next() == "[":
            self.at += 1
        path = self._key()
        while self._next() == "]":
            self.at += 1
            if self.text[self.at : self.at + 1] != "]":
                break
        self._note(path, start)
        return path

    def _key(self) -> Path:
        """A dotted key."""
        names: Path = ()
        while True:
            self._next()
            match = _KEY.match(self.text, self.at)
            if match is None:  # no TOML
                self.at = len(self.text)
                return names
            self.at = match.end()
            names += (_name(match[0]),)
            if self._next() != ".":
                return names
            self.at += 1

    def _pair(self, table: Path) -> None:
        start = self.at
        path = table + self._key()
        self._note(path, start)
        self._next()
        self.at += 1  # the equals sign
        self._value(path)

    def _note(self, path: Path, at: int) -> None:
        line = bisect_right(self.starts, at)
        for length in range(1, len(path) + 1):
            self.found.setdefault(path[:length], line)

    def _value(self, path: Path) -> None:
        sign = self._next()
        if sign == "{":
            self.at += 1
            while self._next() not in ("}", ""):
                self._pair(path)
                self._comma()
            self.at += 1
        elif sign == "[":
            self.at += 1
            number = 0
            while self._next() not in ("]", ""):
                self._note((*path, str(number)), self.at)
                self._value((*path, str(number)))
                self._comma()
                number += 1
            self.at += 1
        else:
            match = _TEXT.match(self.text, self.at) or _PLAIN.match(self.text, self.at)
            self.at = match.end() if match else len(self.text)

    def _comma(self) -> None:
        if self._next() == ",":
            self.at += 1


def _name(written: str) -> str:
    return next(iter(tomllib.loads(f"{written} = 0"))) if written[0] in "\"'" else written
