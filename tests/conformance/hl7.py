"""HL7's own validator as a process: what it has to say of resources. It lies in build/conformance, where Maven
puts it (`make conformance`), and asks nobody while it judges.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from mappings import jsontext
from tests.conformance.emitted import Emitted

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = ROOT / "build" / "conformance" / "conformance.jar"
NATIONAL: Final = ROOT.parent / "shared" / "profiles"
LONGEST: Final = 240.0  # seconds


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the validator says. severity: fatal, error, warning, information."""

    name: str
    resource_type: str
    severity: str
    location: str
    message_id: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity} {self.name} {self.location}: {self.message}"


def needed() -> None:
    """Skip without Java or the built program; in CI that is a failure."""
    missing = None if shutil.which("java") else "java is missing (Debian: openjdk-17-jre-headless)"
    if missing is None and not PROGRAM.is_file():
        missing = "the validator is not built: `make conformance` builds it (needs Maven)"
    if missing and os.environ.get("CI"):
        pytest.fail(f"{missing}, and in CI HL7's validator must judge")
    if missing:
        pytest.skip(missing)


def judge(
    folder: Path, cases: Iterable[tuple[Emitted, Sequence[str]]], definitions: Iterable[Path]
) -> list[Finding]:
    """What the validator finds in resources, each judged by R4 and by the profiles named with it."""
    asked = [
        {"set": one.set, "name": one.name, "profiles": profiles, "resource": one.resource}
        for one, profiles in cases
    ]
    question, answer = folder / "asked.ndjson", folder / "said.ndjson"
    question.write_bytes(b"".join(jsontext.encode(one) + b"\n" for one in asked))
    subprocess.run(
        ["java", "-Xmx3g", "-XX:+UseParallelGC", "-jar", PROGRAM, question, answer, *definitions],
        check=True,
        timeout=LONGEST,
    )
    *said, last = [jsontext.decode(line) for line in answer.read_bytes().splitlines()]
    assert last == {"judged": len(asked)}
    return [_finding(asked, one) for one in said]


def _finding(asked: list[dict[str, Any]], said: dict[str, Any]) -> Finding:
    return Finding(
        name=f"{said['set']} {said['name']}",
        resource_type=asked[said["index"]]["resource"]["resourceType"],
        severity=said["severity"],
        location=said.get("location") or "",
        message_id=said.get("id") or "",
        message=said["message"],
    )
