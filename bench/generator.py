"""The load: wrk, which is not Python, with what it sent and how it was answered."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")
CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of wrk did. requests: answered; seconds: how long it ran; latencies of one request."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float


def run(url: str, mode: str, children: int, word: str, token: str, seconds: int) -> Load:
    """Post goals for so many seconds. mode: single or batch (100 a request). word: makes the ids unique.

    Raises RuntimeError when wrk is missing or anything was not answered with success.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise RuntimeError("wrk is missing (Debian: apt-get install wrk)")
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s", str(SCRIPT), url]
    command += ["--", mode, str(children), word, token]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=seconds + 90).stdout
    line = next(line for line in output.splitlines() if line.startswith("RESULT "))
    result = json.loads(line.removeprefix("RESULT "))
    if result.pop("refused") or result.pop("broken"):
        raise RuntimeError(f"not every request to {url} was answered with success:\n{output}")
    return Load(**result)
