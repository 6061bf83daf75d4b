"""What the command line's tests share: the program as a process, a configuration, and an installation with
the demo's own children in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway import jsontext
from gateway.cli import app

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "gateway" / "demo" / "samples"
TOKEN = "a-secret-that-must-not-be-shown"
Run = Callable[..., subprocess.CompletedProcess[bytes]]
Invoke = Callable[..., Result]

CONFIG = """
database_url = "{url}"
state_folder = "{folder}/state"

[[tenants]]
id = "fjordbyen"
name = "Fjordbyen kommune"

[[organizations]]
number = "359797117"
name = "Fjordbyen kommune"
regime = "administration"

[[organizations]]
number = "343231946"
name = "BUP Fjordane"
regime = "health"

[[systems]]
id = "stafettlogg"
tenant = "fjordbyen"
adapter = "stafettlogg"
organization = "359797117"
url = "http://127.0.0.1:9"
audience = "participants"
poll_seconds = 60
credentials = {{ kind = "bearer", token_ref = "file:{folder}/token" }}

[[systems]]
id = "individuell-plan"
tenant = "fjordbyen"
adapter = "individuell-plan"
organization = "359797117"
url = "http://127.0.0.1:9"
audience = "participants"
poll_seconds = 60

[[systems]]
id = "bup"
tenant = "fjordbyen"
adapter = "fhir"
organization = "343231946"
url = "http://127.0.0.1:9/fhir"
poll_seconds = 60

[[routes]]
source = "stafettlogg"
recipient = "individuell-plan"

[[routes]]
source = "stafettlogg"
recipient = "bup"
open = false

[[routes]]
source = "bup"
recipient = "stafettlogg"
"""


@dataclass(frozen=True, slots=True)
class Installation:
    """A configuration and its database."""

    config: Path
    url: str

    @property
    def folder(self) -> Path:
        """Where both are."""
        return self.config.parent

    @property
    def state(self) -> Path:
        """Where it keeps its keys."""
        return self.folder / "state"


def install(folder: Path, url: str | None = None) -> Installation:
    """A configuration in a folder."""
    url = url or f"sqlite:///{folder / 'stafettbro.db'}"
    config = folder / "stafettbro.toml"
    config.write_text(CONFIG.format(url=url, folder=folder), encoding="utf-8")
    (folder / "token").write_text(TOKEN)
    return Installation(config, url)


def children(*names: str) -> bytes:
    """The stafettlogg records of some of the demo's children, as one list."""
    records = [
        r for n in names for r in jsontext.decode((SAMPLES / "stafettlogg" / f"{n}.json").read_bytes())
    ]
    return jsontext.encode(records)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """A configuration whose database does not exist yet."""
    return install(tmp_path)


@pytest.fixture
def run() -> Run:
    """The program as a process of its own."""

    def run_(*arguments: object, stdin: bytes = b"", **more: object) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "gateway.cli", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=ROOT,
            timeout=120,
            check=False,
            **more,  # type: ignore[call-overload]
        )

    return run_


@pytest.fixture
def invoke() -> Invoke:
    """The program within this process, for what needs no process."""

    def invoke_(*arguments: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)

    return invoke_


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with Emma and Jonas in the stafettlogg and Emma in the plan. For reading."""
    installed = install(tmp_path_factory.mktemp("installation"))
    for system, names in (("stafettlogg", ("emma", "jonas")), ("individuell-plan", ("emma",))):
        file = installed.folder / f"{system}.json"
        own = [r for n in names for r in jsontext.decode((SAMPLES / system / f"{n}.json").read_bytes())]
        file.write_bytes(jsontext.encode(own))
        done = CliRunner().invoke(app, ["import", system, str(file), "-c", str(installed.config)])
        assert done.exit_code == 0, done.output
    return installed
