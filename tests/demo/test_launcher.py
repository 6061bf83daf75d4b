"""The whole demo as a newcomer starts it: it comes up, carries an entry across, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
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
    until(lambda: demo.process.poll() is not None or "Ctrl-C" in demo.said())
    assert demo.process.poll() is None, demo.said()
    return demo


def everything_is_gone(demo: Demo) -> bool:
    return not any(taken("127.0.0.1", demo.base + offset) for offset in OFFSETS)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = start_and_wait(tmp_path / "demo")
    yield running
    if running.process.poll() is None:
        running.end()
    assert everything_is_gone(running)


def test_an_entry_written_once_stands_in_the_others_and_an_uncovered_one_nowhere(demo: Demo) -> None:
    for offset in OFFSETS[:4]:
        assert demo.url(offset) in demo.said()
    log, plan = "/barn/emma-logg", "/barn/emma-ip"
    bup = "/barn/" + re.findall(r'href="/barn/([^"]+)">Emma', demo.page(3, "/"))[0]
    until(lambda: "Alt herfra er sendt" in demo.page(1, log) and "Alt herfra er sendt" in demo.page(2, plan))
    note = {"tekst": "Et notat som samtykket ikke dekker", "endretAv": "e-d1"}
    httpx.post(demo.url(1, log + "/notat"), data=note)
    goal = {"tekst": "Sykle til skolen", "egneOrd": "fort!", "status": "aktiv", "endretAv": "e-d1"}
    httpx.post(demo.url(1, log + "/maal"), data=goal)
    until(lambda: "Sykle til skolen" in demo.page(2, plan) and "Sykle til skolen" in demo.page(3, bup))
    assert "Delt fra stafettloggen" in demo.page(2, plan)
    for offset, path in ((2, plan), (3, bup)):
        assert "samtykket ikke dekker" not in demo.page(offset, path)
    assert "Amina" not in demo.page(3, "/")
    assert demo.end(signal.SIGINT) == 0
    assert everything_is_gone(demo)


def test_a_child_that_dies_ends_the_demo_and_is_named_with_its_last_words(demo: Demo) -> None:
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid,args"], capture_output=True, text=True, check=True
    ).stdout
    [line] = [
        text for text in listing.splitlines() if "gateway.demo.bup" in text and str(demo.folder) in text
    ]
    os.kill(int(line.split()[0]), signal.SIGKILL)
    assert demo.process.wait(30) == 1
    assert "«bup» stoppet av seg selv" in demo.said()
    assert "bup.log" in demo.said().replace("\n", "")
    assert everything_is_gone(demo)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end children with their parent")
def test_even_a_killed_launcher_leaves_no_process(demo: Demo) -> None:
    demo.process.kill()
    demo.process.wait(10)
    until(lambda: everything_is_gone(demo))


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    base = free_base()
    with socket.socket() as other:
        other.bind(("127.0.0.1", base + 2))
        other.listen()
        demo = start(tmp_path / "demo", base)
        assert demo.process.wait(60) == 1
    assert f"{base + 2} (individuell_plan)" in demo.said()
    assert not (tmp_path / "demo").exists()


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "viktig.txt").write_text("behold")
    demo = start(tmp_path / "mine", free_base())
    assert demo.process.wait(60) == 1
    assert "er i bruk til noe annet" in demo.said()
    assert (tmp_path / "mine" / "viktig.txt").read_text() == "behold"
