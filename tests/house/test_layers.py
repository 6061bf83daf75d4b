"""The layers of the design are watched: each import that would break one is refused by name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "adapters", "mappings", "consent")
LINT = str(Path(sys.executable).parent / "lint-imports")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts over a copy of the project."""
    return subprocess.run([LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_layers_hold(copy: Path) -> None:
    answer = lint(copy)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("mappings/model.py", "import consent.model", "do not know each other"),
        ("consent/model.py", "import adapters.contract", "do not know each other"),
        ("adapters/contract.py", "import gateway.config", "nothing imports the gateway"),
        ("mappings/model.py", "import gateway.jsontext", "nothing imports the gateway"),
        ("consent/model.py", "import sqlalchemy", "are pure"),
        ("mappings/canonical.py", "import httpx", "are pure"),
        ("adapters/contract.py", "import sqlalchemy", "adapters speak transport"),
        ("gateway/hub/__init__.py", "import gateway.exchange", "never the other way round"),
        ("gateway/hub/__init__.py", "import gateway.intake", "never the other way round"),
        ("gateway/exchange/__init__.py", "import gateway.api", "never the other way round"),
        ("gateway/access/__init__.py", "import gateway.cli", "never the other way round"),
        ("gateway/timeline.py", "import gateway.welfare.reports", "no way out of the hub knows"),
        ("gateway/exchange/__init__.py", "import gateway.welfare.tables", "no way out of the hub knows"),
        ("gateway/hub/__init__.py", "import gateway.welfare.seal", "no way out of the hub knows"),
        ("gateway/welfare/__init__.py", "import gateway.hub.versions", "know nothing of the hub"),
        ("gateway/api/timeline.py", "import gateway.welfare.reports", "looks into the store of reports"),
    ],
)
def test_an_import_that_breaks_a_layer_is_refused(copy: Path, module: str, line: str, contract: str) -> None:
    path = copy / module
    path.write_text(path.read_text() + f"\n{line}\n")
    answer = lint(copy)
    broken = [text for text in answer.stdout.splitlines() if text.endswith("BROKEN")]
    assert answer.returncode == 1
    assert any(contract in text for text in broken), answer.stdout
