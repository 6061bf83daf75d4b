"""The whole demo as a newcomer starts it, for tests: the command, on ports of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from gateway.demo.processes import taken
from tests.demo.running import until

OFFSETS = (0, 1, 2, 3, 9)


@dataclass(frozen=True)
class Demo:
    """A demo process. base: the gateway's port."""

    process: subprocess.Popen[bytes]
    base: int
    folder: Path
    output: Path

    def url(self, offset: int, path: str = "") -> str:
        return f"http://127.0.0.1:{self.base + offset}{path}"

    def page(self, offset: int, path: str) -> str:
        return httpx.get(self.url(offset, path), trust_env=False).text

    def said(self) -> str:
        return self.output.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


def free_base() -> int:
    """A port whose neighbours are free too."""
    for _ in range(200):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            base = int(probe.getsockname()[1])
        if base < 65000 and not any(taken("127.0.0.1", base + offset) for offset in OFFSETS):
            return base
    pytest.fail("no free ports")


def start(folder: Path, base: int) -> Demo:
    output = folder.with_suffix(".out")
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "demo", "--folder", str(folder), "--first-port", str(base)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env=os.environ | {"COLUMNS": "120"},
        )
    return Demo(process, base, folder, output)


def start_and_wait(folder: Path) -> Demo:
    demo = start(folder, free_base())
    try:
        until(lambda: demo.process.poll() is not None or "Ctrl-C" in demo.said())
        assert demo.process.poll() is None, demo.said()
    except BaseException:  # nobody else knows of it yet
        demo.process.terminate()
        demo.process.wait(30)
        raise
    return demo


def all_sent(demo: Demo) -> bool:
    """Whether the gateway has heard all that the demo systems began with."""
    pages = demo.page(1, "/barn/emma-logg"), demo.page(2, "/barn/emma-ip")
    return all("Alt herfra er sendt" in page for page in pages)


def first_page(demo: Demo, login: str, who: str) -> str:
    """What somebody sees first after they chose whom to be."""
    with httpx.Client(trust_env=False) as browser:
        there = browser.get(demo.url(0, f"/min-side/logg-inn/{login}")).headers["location"]
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', browser.get(there).text)
        chosen = browser.post(demo.url(9, "/hvem"), data={**dict(hidden), "person": who})
        return browser.get(chosen.headers["location"], follow_redirects=True).text


def everything_is_gone(demo: Demo) -> bool:
    return not any(taken("127.0.0.1", demo.base + offset) for offset in OFFSETS)
