"""Every requirement of ASVS 5.0 that we hold ourselves to has one line in docs/asvs.md, which says how it is
met or what is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.test_named_tests import NAMED, rows

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/asvs.md"
# Of each section how many requirements it has, by the standard's published list (5.0.0).
SECTIONS = {
    "1": (2, 10, 12, 3, 3), "2": (3, 3, 5, 2), "3": (1, 3, 5, 8, 8, 1, 5), "4": (5, 5, 2, 4),
    "5": (1, 6, 3, 3), "6": (3, 12, 8, 6, 8, 4, 2, 4), "7": (3, 4, 2, 5, 3, 2), "8": (4, 4, 3, 2),
    "9": (3, 4),
    "10": (2, 3, 5, 16, 5, 2, 3), "11": (4, 5, 5, 4, 2, 2, 2), "12": (5, 2, 5), "13": (4, 6, 4, 7),
    "14": (2, 8, 3), "15": (5, 5, 7, 4), "16": (1, 5, 4, 3, 4), "17": (2, 8, 2),
}  # fmt: skip
WHOLE = {"8", "9", "10", "16"}  # held to level 3
THIRD = {  # of level 3, in the other chapters
    "1.2": (10,), "1.3": (12,), "1.5": (3,), "2.3": (5,), "2.4": (2,), "3.1": (1,), "3.2": (3,),
    "3.3": (5,), "3.4": (7, 8), "3.5": (6, 7, 8), "3.6": (1,), "3.7": (3, 4, 5), "4.1": (4, 5),
    "4.2": (2, 3, 4, 5), "5.2": (4, 5, 6), "5.3": (3,), "6.3": (5, 6, 7, 8), "6.4": (5, 6),
    "6.5": (6, 7, 8), "6.6": (4,), "6.7": (1, 2), "7.5": (3,), "11.1": (3, 4), "11.2": (4, 5),
    "11.3": (4, 5), "11.5": (2,), "11.6": (2,), "11.7": (1, 2), "12.1": (4, 5), "12.3": (5,),
    "13.1": (2, 3, 4), "13.2": (6,), "13.3": (3, 4), "13.4": (6, 7), "14.2": (5, 6, 7, 8), "15.1": (4, 5),
    "15.2": (4, 5), "15.4": (1, 2, 3, 4), "17.1": (2,), "17.2": (5, 6, 7, 8),
}  # fmt: skip
PLACE = re.compile(r"`(?:gateway|adapters|openapi|\.ci)/[\w./-]+`|\]\([\w./#-]+\)")


def wanted() -> set[str]:
    every = {
        f"{chapter}.{section}.{number}"
        for chapter, sizes in SECTIONS.items()
        for section, size in enumerate(sizes, 1)
        for number in range(1, size + 1)
    }
    assert len(every) == 345
    third = {f"{section}.{number}" for section, each in THIRD.items() for number in each}
    assert third <= every
    return every - third


def numbers(cell: str) -> Iterator[str]:
    """`6.2.1–6.2.3` is three."""
    first, _, last = cell.partition("–")
    section, _, begin = first.rpartition(".")
    assert not last or last.startswith(f"{section}.")
    yield from (f"{section}.{n}" for n in range(int(begin), int((last or first).rpartition(".")[2]) + 1))


def lines() -> list[list[str]]:
    found = [
        cells for cells in rows(PAGE.read_text(encoding="utf-8")) if re.match(r"\d+\.\d+\.\d+", cells[0])
    ]
    assert [cells[0] for cells in found if len(cells) != 4] == []
    return found


def test_every_requirement_has_one_line() -> None:
    told = [number for cells in lines() for number in numbers(cells[0])]
    assert len(told) == len(set(told))
    assert set(told) == wanted()
    assert not WHOLE & {section.partition(".")[0] for section in THIRD}


def test_every_line_says_how_it_is_met_or_what_is_missing() -> None:
    wrong = []
    for number, asks, holds, how in lines():
        evidence = NAMED.search(how) or PLACE.search(how)
        fits = {
            "yes": bool(evidence) and "Lacks" not in how,
            "partly": "**Lacks**" in how,
            "no": "**Lacks**" in how,
            "outside": bool(how) and "Lacks" not in how,
            "n/a": bool(how) and "Lacks" not in how,
        }.get(holds, False)
        if not fits or not asks:
            wrong.append(f"{number}: {holds}: {how[:60]}")
    assert wrong == []


def test_where_tests_can_show_it_they_do() -> None:
    held = [cells for cells in lines() if cells[2] == "yes"]
    shown = [cells for cells in held if NAMED.search(cells[3])]
    assert len(shown) >= 0.9 * len(held)
