"""Every test that a document names is there, and every threat of the threat model names one."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ANY = re.compile(r"tests/[\w/]+\.py::\w*")
BARE = re.compile(r"`(test_\w+)`")
MODEL = ROOT / "docs/threat-model.md"
KINDS = "STRIDE"  # Shostack's six: spoofing, tampering, repudiation, disclosure, denial, elevation


@functools.cache
def named_in(path: str) -> frozenset[str]:
    """The names of the tests of one file, by its syntax."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return frozenset(node.name for node in found if node.name.startswith("test_"))


@functools.cache
def anywhere() -> frozenset[str]:
    """The names of all tests, and of their files."""
    files = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")]
    return frozenset(Path(path).stem for path in files).union(*(named_in(path) for path in files))


def missing(text: str) -> list[str]:
    """What a page names that is no test."""
    gone = [f"{path}::{name}" for path, name in NAMED.findall(text) if name not in named_in(path)]
    return gone + [name for name in BARE.findall(text) if name not in anywhere()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert missing(text) == []
    assert len(ANY.findall(text)) == len(NAMED.findall(text)), "name a test as `tests/….py::test_…`"


def test_a_test_that_is_gone_would_be_noticed() -> None:
    here = "tests/house/test_named_tests.py"
    gone = [f"`{here}::test_that_was`", f"`tests/house/{'test_gone'}.py::test_a`", f"`{here}::missing`"]
    gone.append(f"`{'test_that_was'}`")
    assert len(missing(" ".join(gone))) == len(gone)
    assert missing(f"`{here}::test_a_test_that_is_gone_would_be_noticed`") == []


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of each table, headings and rules left out."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| ") and not set("".join(cells)) <= set("-: "):
            yield cells


def elements() -> dict[str, str]:
    """Letter of an element -> its section of the threat model."""
    sections = re.split(r"^## ", MODEL.read_text(encoding="utf-8"), flags=re.M)
    return {part[0]: part for part in sections if re.match(r"[A-Z]\. ", part)}


def threats(letter: str, section: str) -> dict[str, list[str]]:
    """Id -> cells of every threat of an element."""
    found = [cells for cells in rows(section) if re.fullmatch(rf"{letter}-[{KINDS}]\d", cells[0])]
    assert len({cells[0] for cells in found}) == len(found), f"{letter}: an id stands twice"
    return {cells[0]: cells for cells in found}


@pytest.mark.parametrize("letter", sorted(elements()))
def test_every_threat_is_countered_by_a_test_and_every_kind_was_thought_of(letter: str) -> None:
    section = elements()[letter]
    found = threats(letter, section)
    written = set(re.findall(rf"^\| ({letter}-\w+) ", section, re.M))
    assert written == set(found), "an id is an element, a letter of STRIDE and a digit"
    untested = [name for name, cells in found.items() if len(cells) != 4 or not NAMED.search(cells[3])]
    assert untested == []
    assert [name for name, cells in found.items() if not all(cells)] == []
    nothing = re.findall(r"^Nothing under ([STRIDE]): \S", section, re.M)
    assert sorted({name[2] for name in found} | set(nothing)) == sorted(KINDS)
    assert not {name[2] for name in found} & set(nothing)


def test_what_is_left_has_a_reason_and_is_referred_to_rightly() -> None:
    text = MODEL.read_text(encoding="utf-8")
    left = {cells[0]: cells for cells in rows(text) if re.fullmatch(r"L\d+", cells[0])}
    assert left
    assert [name for name, cells in left.items() if len(cells) != 3 or not all(cells)] == []
    assert set(re.findall(r"\bL\d+\b", text)) <= set(left)


def test_the_model_covers_the_whole_way() -> None:
    found = elements()
    assert len(found) >= 14
    assert sum(len(threats(letter, section)) for letter, section in found.items()) >= 100
