"""As many seeds of 500 steps as a time allows: the real gateway, on a virtual network and a virtual clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = float(os.environ.get("STAFETTBRO_SIMULATION_SECONDS") or (300 if os.environ.get("CI") else 60))
LEAST = 3  # fewer than this in the time means that something is very slow


@pytest.mark.timeout(SECONDS + 300)
def test_no_seed_finds_anything(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "tests.simulation", "1-100000", "--seconds", str(SECONDS)]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [*command, "--report", str(report)],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS + 300, check=False,
    )  # fmt: skip
    assert report.exists(), done.stderr[-3000:]
    found = json.loads(report.read_text())
    record_property("seeds", found["seeds"])
    print(f"{found['seeds']} seeds of 500 steps")  # noqa: T201 - the gate's log tells how many
    assert not found["failing"], done.stdout[-6000:]
    assert found["seeds"] >= LEAST
    for event in ("kill", "pause", "withdraw", "edits", "fault reset-stored", "answered conflict"):
        assert found["counts"].get(event), f"no run had {event}"
