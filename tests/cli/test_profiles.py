"""`profiles`: the package is written where it is asked for, under the base that is asked for."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from gateway import jsontext
from tests.cli.conftest import Run


def manifest(package: Path) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(package.read_bytes()), mode="r:gz") as tar:
        file = tar.extractfile("package/package.json")
        assert file is not None
        found: dict[str, str] = jsontext.decode(file.read())
        return found


def test_the_package_is_written_and_told_of(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "new" / "stafettbro.tgz"
    done = run("profiles", str(target))
    assert (done.returncode, done.stderr) == (0, b"")
    assert manifest(target)["name"] == "stafettbro.fhir"
    assert b"files" in done.stdout


def test_another_base_is_taken(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "own.tgz"
    assert run("profiles", str(target), "--canonical", "https://fjordbyen.example/fhir").returncode == 0
    assert manifest(target)["canonical"] == "https://fjordbyen.example/fhir"


@pytest.mark.parametrize(
    "base", ["fjordbyen", "https:", "https://x.example/fhir?a=1", "https://x.example/#a"]
)
def test_what_is_no_base_is_refused_and_nothing_is_written(run: Run, tmp_path: Path, base: str) -> None:
    target = tmp_path / "none.tgz"
    assert run("profiles", str(target), "--canonical", base).returncode == 2
    assert not target.exists()
