"""The tutorial on CSV exports: what it tells the reader to write and to run does what stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gateway.config import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "connect-a-csv-export.md").read_text(encoding="utf-8")
TOML = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
FEWER = "--no-report --cases 10"
VARYING = re.compile(r"\(\d+ cases, [\d.]+ s\)")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The reader's folder: the vendor's export, and the mapping file as the page builds it up."""
    (exported,) = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "eksport.csv").write_bytes(exported.replace("\n", "\r\n").encode("cp1252"))
    mapping = "\n".join(text for text in TOML if not text.startswith("[["))
    (tmp_path / "vendor-x.toml").write_text(mapping, encoding="utf-8")
    return tmp_path


def run(command: str, folder: Path) -> str:
    """What a command of the page says."""
    program = f"{sys.executable} -m"
    line = command.replace("python -m", program).replace("stafettbro ", f"{program} gateway.cli ")
    line = line.replace("--no-report", FEWER)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, env=environment, check=False)
    return (done.stderr + done.stdout).decode().replace("\r\n", "\n")


def test_every_command_says_what_stands_there(desk: Path) -> None:
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, said = part.partition("\n")
            assert VARYING.sub("()", run(command, desk)) == VARYING.sub("()", said), command


def test_its_configuration_is_one_that_loads() -> None:
    written = tomllib.loads(next(text for text in TOML if text.startswith("[[systems]]")))
    plan = {**written["systems"][0], "id": "individuell-plan", "mapping": "individuell-plan"}
    around = {"tenants": [{"id": "fjordbyen", "name": "Fjordbyen"}], "systems": [*written["systems"], plan]}
    settings = Settings.model_validate({**written, **around})
    assert settings.route("vendor-x", "individuell-plan") is None, "closed at first"
