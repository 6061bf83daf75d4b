"""The anonymous discussion (G6): finds what identifies a child in a text, so that a person can be warned and
confirm.

Finds too much rather than too little, and never says that a text is safe: an empty answer is only "nothing
found".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from consent.places import SHAPES, reveals


class What(StrEnum):
    """What kind of thing was found."""

    NAME = "navn"
    NATIONAL_ID = "fødselsnummer"
    DATE = "dato"
    PLACE = "sted"
    CONTACT = "kontakt"
    ID = "nummer"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the child and those around it. names: any names, whole; ids: record and case
    numbers."""

    names: frozenset[str] = frozenset()
    born: date | None = None
    places: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """Characters start to end (exclusive) of the text. certain: it is the child's own, not only of that
    shape."""

    start: int
    end: int
    what: What
    certain: bool


_MONTHS: Final = [
    *("januar", "februar", "mars", "april", "mai", "juni", "juli", "august"),
    *("september", "oktober", "november", "desember"),
]
_DAY: Final = re.compile(
    rf"(?i:\b\d{{1,2}}\.?\s?(?:{'|'.join(_MONTHS)})(?:\s+\d{{4}})?|\b\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}\b"
    r"|\b\d{4}-\d{2}-\d{2}\b|\b\d{1,2}\.\d{1,2}\.(?!\d))"
)
_NATIONAL: Final = re.compile(r"(?<!\d)\d{6}[ .\-]?\d{5}(?!\d)")
_NUMBER: Final = re.compile(r"(?<![\w-])(?=[\w/-]*\d)[A-ZÆØÅ]{1,5}-?\d[\w/-]{2,}|(?<!\d)\d{9}(?!\d)")
_NAMES: Final = re.compile(r"(?<=[^.!?\s] )[A-ZÆØÅ][a-zæøåéü]+(?:[- ][A-ZÆØÅ][a-zæøåéü]+)*")
_WORD: Final = re.compile(r"[\wæøåÆØÅ]+")


def findings(text: str, known: Known = Known()) -> tuple[Finding, ...]:
    """What identifies, in order of the text. Never raises on any text."""
    found = {*_certain(text, known), *_shaped(text)}
    kept = [f for f in found if f.certain or not any(_within(f, other) for other in found if other.certain)]
    return tuple(sorted(kept, key=lambda f: (f.start, f.end, f.what)))


def _certain(text: str, known: Known) -> Iterator[Finding]:
    yield from _literal(text, (part for name in known.names for part in _parts(name)), What.NAME)
    yield from _literal(text, known.ids, What.ID)
    if known.born is not None:
        yield from _literal(text, _written(known.born), What.DATE)
    for word in re.finditer(r"\S+(?:\s+\S+){0,4}?", text):
        if known.places and not SHAPES.search(word[0]) and reveals(word[0], known.places):
            yield Finding(word.start(), word.end(), What.PLACE, certain=True)


def _shaped(text: str) -> Iterator[Finding]:
    for pattern, what in (
        (_NATIONAL, What.NATIONAL_ID),
        (_DAY, What.DATE),
        (_NUMBER, What.ID),
        (_NAMES, What.NAME),
    ):
        yield from (Finding(m.start(), m.end(), what, certain=False) for m in pattern.finditer(text))
    for m in SHAPES.finditer(text):
        contact = (
            "@" in m[0]
            or "http" in m[0].lower()
            or "www" in m[0].lower()
            or m[0].replace(" ", "").strip("+").isdigit()
        )
        yield Finding(m.start(), m.end(), What.CONTACT if contact else What.PLACE, certain=False)


def _literal(text: str, words: Iterable[str], what: What) -> Iterator[Finding]:
    for word in words:
        if word.strip():
            pattern = re.compile(rf"(?<!\w){re.escape(word)}s?(?!\w)", re.IGNORECASE)
            yield from (Finding(m.start(), m.end(), what, certain=True) for m in pattern.finditer(text))


def _parts(name: str) -> Iterator[str]:
    """A name whole, and each word of it that is long enough to be told from another word."""
    yield name
    yield from (part for part in _WORD.findall(name) if len(part) > 1)


def _written(born: date) -> Iterator[str]:
    """The ways a birth date is written."""
    yield born.isoformat()
    for form in (
        "{d}.{m}.{y}",
        "{d:02}.{m:02}.{y}",
        "{d:02}.{m:02}.{s:02}",
        "{d:02}{m:02}{s:02}",
        "{d}/{m} {y}",
    ):
        yield form.format(d=born.day, m=born.month, y=born.year, s=born.year % 100)
    yield f"{born.day}. {_MONTHS[born.month - 1]}"


def _within(one: Finding, other: Finding) -> bool:
    return one is not other and other.start <= one.start and one.end <= other.end
