"""The whole demo as a newcomer starts it: it comes up, carries an entry across, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.demo.launched import (
    OFFSETS,
    Demo,
    everything_is_gone,
    first_page,
    free_base,
    start,
    start_and_wait,
)
from tests.demo.running import until


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
    assert "Emma Sofie" in first_page(demo, "demo-familie", "ingrid")
    assert "Jonas" in first_page(demo, "demo-familie", "jonas")
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
