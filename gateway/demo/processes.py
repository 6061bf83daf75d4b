"""The demo's child processes: started in groups of their own, watched, and stopped to the last one.

Their output goes to files. Nothing here knows what they do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 8.0
LAST_LINES = 15
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class ChildFailed(Exception):
    """A child ended by itself or did not get ready. The message holds its last log lines."""


@dataclass(frozen=True, slots=True)
class Child:
    """One running child. ready: an address that answers 200 once it is."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    ready: str

    def check(self) -> None:
        """Raises ChildFailed when it has ended."""
        code = self.process.poll()
        if code is not None:
            raise ChildFailed(f"«{self.name}» stoppet av seg selv (kode {code}).\n{self.last_lines()}")

    def last_lines(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
        return f"Siste linjer i {self.log}:\n" + ("\n".join(lines) or "(tom)")


class Children:
    """All children of one run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(exist_ok=True)
        self._running: list[Child] = []

    def start(self, name: str, arguments: list[str], environment: Mapping[str, str], ready: str) -> None:
        """Start `python ARGUMENTS` with the environment added to ours."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own modules
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
                preexec_fn=_end_with_parent if _libc is not None else None,
            )
        self._running.append(Child(name, process, log, ready))

    def wait_ready(self, seconds: float, stopped: Callable[[], bool]) -> None:
        """Wait until every child started so far answers. Raises ChildFailed."""
        until = time.monotonic() + seconds
        for child in self._running:
            while not _answers(child.ready) and not stopped():
                child.check()
                if time.monotonic() > until:
                    raise ChildFailed(f"«{child.name}» svarer ikke på {child.ready}.\n{child.last_lines()}")
                time.sleep(0.1)

    def check(self) -> None:
        """Raises ChildFailed when one has ended."""
        for child in self._running:
            child.check()

    def stop(self) -> None:
        """Ask every group to end, the last started first, and end those that do not."""
        for child in reversed(self._running):
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        for child in self._running:
            try:
                child.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.process.wait()
            _signal(child, signal.SIGKILL)  # whatever is left of its group
        self._running.clear()


def taken(host: str, port: int) -> bool:
    """Whether something listens on the port already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _signal(child: Child, number: int) -> None:
    try:
        os.killpg(child.process.pid, number)
    except (ProcessLookupError, PermissionError):
        return  # the group has ended


def _end_with_parent() -> None:
    """On Linux a child gets SIGTERM when the launcher dies without a word (kill -9)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
