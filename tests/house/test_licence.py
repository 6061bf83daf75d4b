"""The licence is the European Union's own text, word for word, and the package says so."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORDS = 2239
DIGEST = "7718466afa7e13afafe2acc2edd2f73ac7fa41ee5a2982df3934dd1fc702940c"


def test_the_licence_is_the_whole_text_of_eupl_1_2() -> None:
    words = re.findall(r"\w+", (ROOT / "LICENSE").read_text(encoding="utf-8").lower())
    assert len(words) == WORDS
    assert hashlib.sha256(" ".join(words).encode()).hexdigest() == DIGEST


def test_the_package_names_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (project["license"], project["license-files"]) == ("EUPL-1.2", ["LICENSE"])
