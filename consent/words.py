"""Which words of what was cut would tell of it elsewhere, and which strings of a resource may hold them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from consent.shape import is_mask

_SILENT: Final = frozenset(
    """
    resourceType system url use status intent mode type unit profile contentType language
    lifecycleStatus meaning versionId lastUpdated id
    """.split()  # noqa: SIM905 (a list of words)
)
_DATED: Final = re.compile(r"\d{4}(-\d\d(-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?)?)?$")
_RELATIVE: Final = re.compile(r"(?:[A-Z][A-Za-z]+/[\w.\-]+|#[\w.\-]+|urn:uuid:[\w\-]+)$")
SHORTEST: Final = 4  # characters; shorter words are in everything


def words_in(value: Any, key: str) -> Iterator[str]:
    """The words of a value that would tell of it: text, names, codes; not dates, and nothing too short."""
    if is_mask(value):
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from words_in(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from words_in(inner, key)
    elif isinstance(value, str) and key not in _SILENT and len(value) >= SHORTEST and not _DATED.match(value):
        yield value


def may_tell(key: str, value: str) -> bool:
    """Whether a string is content: neither a name of a system nor a plain reference."""
    return (
        key not in _SILENT and not _DATED.match(value) and not (key == "reference" and _RELATIVE.match(value))
    )


def leads_to(value: Any, hidden: frozenset[str]) -> bool:
    """Whether it points to something hidden: a reference, or a link by its address."""
    if not hidden:
        return False
    text = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(text, str) or (isinstance(value, str) and "/" not in value):
        return False
    parts = text.partition("/_history/")[0].rsplit("/", 2)
    return text in hidden or "/".join(parts[-2:]) in hidden
