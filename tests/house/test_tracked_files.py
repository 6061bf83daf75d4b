"""What is committed names no package host and no path of one machine, and leaves nothing for later."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written so that this file does not hold what it looks for.
HOSTS = re.compile(
    r"p[y]pi[.]o|python[h]osted|regi[s]try[.]npm|np[m]js[.]c|de[b][.]debian|ma[v]en[.]apache|prox[y][.]golang"
)
MACHINE = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root)/")
LATER = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b|raise NotImpl[e]mented")


def tracked() -> list[Path]:
    """Every text file under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


def holding(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    """file:line of every match."""
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("pattern", [HOSTS, MACHINE], ids=["package hosts", "paths of a machine"])
def test_nothing_says_where_it_was_made(pattern: re.Pattern[str]) -> None:
    assert holding(pattern, tracked()) == []


def test_nothing_is_left_for_later() -> None:
    code = [path for path in tracked() if path.suffix in {".py", ".js", ".mjs", ".lua", ".toml", ".html"}]
    assert holding(LATER, code) == []


def test_every_module_says_what_it_is_for() -> None:
    modules = [path for path in tracked() if path.suffix == ".py" and path.stat().st_size > 0]
    silent = [p for p in modules if ast.get_docstring(ast.parse(p.read_text(encoding="utf-8"))) is None]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in [path for path in tracked() if path.suffix == ".md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert broken == []


def test_files_that_documents_name_exist() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    named = re.compile(r"`((?:gateway|adapters|mappings|consent|tests|bench|openapi|docs|\.ci)/[\w./-]+)`")
    missing = [
        f"{page.name}: {name}"
        for page in pages
        for name in named.findall(page.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]
    assert missing == []


def test_pictures_speak_to_those_who_cannot_see_them() -> None:
    space = "{http://www.w3.org/2000/svg}"
    for path in [path for path in tracked() if path.suffix == ".svg" and path.is_relative_to(ROOT / "docs")]:
        picture = ElementTree.parse(path).getroot()
        assert picture.findtext(f"{space}title"), path
        assert picture.findtext(f"{space}desc"), path
        assert "prefers-color-scheme: dark" in "".join(picture.itertext()), path
