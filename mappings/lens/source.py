"""A mapping file with those it uses, as one set of tables, and where in which of them a rule stands. Every
mistake in a mapping file becomes a BadDeclaration here: file, line, rule, what is wrong, what was meant.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from mappings.lens.places import Path, places
from mappings.model import MappingError

Table = dict[str, Any]
Opener = Callable[[str], str]  # name of a used file -> its text
_NAME: Final = re.compile(r"[\w-]+")
_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)$")


class BadDeclaration(MappingError):
    """The mapping file is wrong. `where` is the rule: its tables and keys, with dots between."""

    def __init__(self, file: str, where: str, reason: str, line: int | None = None) -> None:
        self.file, self.where, self.reason, self.line = file, where, reason, line
        place = file if line is None else f"{file}:{line}"
        super().__init__(f"{place}: [{where}] {reason}" if where else f"{place}: {reason}")


class Source:
    """The tables of a file laid over those of the file it uses."""

    def __init__(self, text: str, file: str, opener: Opener) -> None:
        self.file = file
        self._texts: list[tuple[str, str]] = []  # (file, text), the file itself first
        self.tables = self._read(text, file, opener)

    def _read(self, text: str, file: str, opener: Opener) -> Table:
        if any(file == known for known, _ in self._texts):
            raise BadDeclaration(self.file, "system.uses", f"{file} uses itself")
        self._texts.append((file, text))
        tables = _parsed(text, file)
        head = tables.get("system")
        used = head.pop("uses", None) if isinstance(head, dict) else None
        if used is None:
            return tables
        if not isinstance(used, str):
            raise self.fault(("system", "uses"), "must be the name of a mapping file")
        name = used if used.endswith(".toml") else f"{used}.toml"
        try:
            below = opener(used)
        except BadDeclaration as error:
            raise self.fault(("system", "uses"), f"{name}: {error.reason}") from error
        return over(self._read(below, name, opener), tables)

    def fault(self, path: Path, reason: str, *, meant: str | None = None) -> BadDeclaration:
        """The mistake at this rule. meant: what was probably meant."""
        file, line = self._place(path)
        hint = f"; did you mean `{meant}`?" if meant else ""
        return BadDeclaration(file, ".".join(path), reason + hint, line)

    def _place(self, path: Path) -> tuple[str, int | None]:
        """The file and line of the rule, else of the nearest table around it; the topmost file wins."""
        best: tuple[int, str, int | None] = (len(path), self.file, None)
        for file, text in self._texts:
            lines = places(text)
            for form in self._forms(path):
                length = next((n for n in range(len(form), 0, -1) if form[:n] in lines), 0)
                missing = len(form) - length
                if length and missing < best[0]:
                    best = (missing, file, lines[form[:length]])
        return best[1:]

    def _forms(self, path: Path) -> Iterator[Path]:
        """Where a rule of a section may really stand: there, in the one it is like, or in [common]."""
        yield path
        if path[:1] != ("section",) or len(path) < 2:
            return
        below = self.tables.get("section", {}).get(path[1], {}).get("like")
        if isinstance(below, str) and below != path[1]:
            yield from self._forms(("section", below, *path[2:]))
        if path[2:3] == ("fields",):
            yield ("common", *path[3:])


def _parsed(text: str, file: str) -> Table:
    try:
        tables: Table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        reason = f"no TOML: {_AT_LINE.sub('', str(error))}"
        line = int(found[1]) if found else None
        raise BadDeclaration(file, "", reason + _unquoted(text, line), line) from error
    return tables


def _unquoted(text: str, line: int | None) -> str:
    """A hint for the commonest reason: a name with letters that TOML wants in quotes."""
    written = text.split("\n")[line - 1].strip() if line else ""
    name = _NAME.match(written)
    return (
        ""
        if name is None or name[0].isascii()
        else f'; a name with such letters stands in quotes: "{name[0]}"'
    )


def over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Table:
    """The tables of `above` laid over those of `below`: tables merge, `name = false` takes a table away, and
    everything else is replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, dict) and value is False:
            del merged[key]
        else:
            merged[key] = over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    names = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), names, n=1, cutoff=0.6)
    return names[found[0]] if found else None
