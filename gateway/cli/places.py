"""Where in a TOML file a key stands, so that an error can name its line. Reads headings and keys only; a key
it cannot find is placed at the heading above it."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
_HEADING = re.compile(r"^\s*(\[\[|\[)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""^\s*(?:"([^"]+)"|'([^']+)'|([\w-]+))\s*=""")


def line_of(text: str, path: Path) -> int | None:
    """The line of the key that a path leads to, else of the nearest table around it."""
    known = _lines(text)
    for length in range(len(path), 0, -1):
        if path[:length] in known:
            return known[path[:length]]
    return None


def _lines(text: str) -> dict[Path, int]:
    known: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        heading = _HEADING.match(line)
        key = _KEY.match(line)
        if heading:
            table = _table(heading[2], heading[1] == "[[", counts)
            known.setdefault(table, number)
        elif key:
            known.setdefault((*table, key[1] or key[2] or key[3]), number)
    return known


def _table(name: str, is_list: bool, counts: dict[Path, int]) -> Path:
    """The path of a heading: [systems.credentials] is that of the last of [[systems]]."""
    path: Path = ()
    parts = [part.strip().strip("\"'") for part in name.split(".")]
    for place, part in enumerate(parts):
        path = (*path, part)
        if is_list and place == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
