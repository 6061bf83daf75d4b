"""The lock files hold what pyproject asks for, by hash and without saying where it comes from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["build"]]
DEVELOPMENT = [*RUNTIME, *PROJECT["project"]["optional-dependencies"]["dev"]]
NODE_LOCKS = sorted(p for p in ROOT.glob("**/package-lock.json") if "node_modules" not in p.parts)


def locked(name: str) -> dict[str, tuple[str, int]]:
    """Package name -> (version, number of hashes)."""
    found: dict[str, tuple[str, int]] = {}
    package = ""
    for line in (ROOT / name).read_text().splitlines():
        if pin := re.match(r"([a-z0-9._-]+)==([^ ;]+)", line):
            package = pin[1]
            found[package] = (pin[2], 0)
        elif re.fullmatch(r" +--hash=sha256:[0-9a-f]{64}( \\)?", line):
            found[package] = (found[package][0], found[package][1] + 1)
        else:
            assert re.match(r" +#|$", line), (
                f"{name} has a line that is neither pin, hash nor comment: {line}"
            )
    return found


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_by_hash(name: str) -> None:
    pins = locked(name)
    assert len(pins) > 20
    assert [package for package, (_, hashes) in pins.items() if hashes == 0] == []


@pytest.mark.parametrize(
    ("name", "wanted"), [("requirements.txt", RUNTIME), ("requirements-dev.txt", DEVELOPMENT)]
)
def test_the_lock_satisfies_pyproject(name: str, wanted: list[str]) -> None:
    pins = {_normal(package): version for package, (version, _) in locked(name).items()}
    unmet = [
        text
        for text in wanted
        if not (requirement := Requirement(text)).specifier.contains(pins.get(_normal(requirement.name), "0"))
        or _normal(requirement.name) not in pins
    ]
    assert unmet == [], "run `make lock`"


def test_what_is_tested_is_what_runs() -> None:
    development = locked("requirements-dev.txt")
    assert {p: v for p, v in locked("requirements.txt").items() if development.get(p) != v} == {}


@pytest.mark.parametrize("path", NODE_LOCKS, ids=lambda p: str(p.relative_to(ROOT)))
def test_node_locks_have_hashes_and_no_addresses(path: Path) -> None:
    packages = json.loads(path.read_text())["packages"]
    outside = {name: entry for name, entry in packages.items() if name.startswith("node_modules/")}
    assert outside
    assert [name for name, entry in outside.items() if "resolved" in entry] == []
    assert [name for name, entry in outside.items() if "integrity" not in entry] == []


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
