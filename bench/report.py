"""Keeps what a measurement found, and shows it: one figure a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def keep(report: Path, found: dict[str, Any]) -> None:
    """Write it to this file."""
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps(found, indent=2) + "\n")


def show(found: dict[str, Any]) -> None:
    """Print each figure with its name."""
    for name, figure in found.items():
        print(f"{name:20} {figure:>12,}")
