"""The previous release, as its users run it: its own source out of this repository's history."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.conftest import ROOT

PREVIOUS = "3d4fb380d48bedcff961748cef6dac02c3d73e65"  # 0.1.0; the one before the newest in CHANGELOG.md
PACKAGES = ("gateway", "adapters", "mappings", "consent")


def unpacked(folder: Path) -> Path:
    """Its packages, in this folder. Skips the test where the checkout has no history."""
    made = subprocess.run(
        ["git", "-C", str(ROOT), "archive", PREVIOUS, *PACKAGES], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"the previous release ({PREVIOUS[:8]}) is not in this checkout's history")
    folder.mkdir()
    with tarfile.open(fileobj=BytesIO(made.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder
