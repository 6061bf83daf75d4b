"""The processes that are measured: started, awaited, and what they used of processor and memory."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(
    command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, until the block ends."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **(env or {})})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def running(
    command: Sequence[str], port: int, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A server process, from when its port answers until the block ends."""
    with started(command, log, env) as process:
        _await_port(process, port, log)
        yield process


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"nothing answers on port {port}:\n{log.read_text()[-2000:]}")


def cpu_seconds(*pids: int) -> float:
    """Processor time of processes and their families."""
    return sum(map(_cpu_seconds, pids))


def _cpu_seconds(pid: int) -> float:
    """Processor time of a process, its living descendants, and the children it has buried."""
    buried = sum(_stat(pid)[13:15])  # cutime, cstime
    return (buried + sum(sum(_stat(member)[11:13]) for member in _tree(pid))) / _TICKS


def cpu_nanoseconds(pid: int) -> int:
    """Processor time of the main threads of a process and its living descendants, in finer steps."""
    return sum(map(_cpu_nanoseconds, _tree(pid)))


def _cpu_nanoseconds(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    except FileNotFoundError:
        return 0


def memory_megabytes(*pids: int) -> float:
    """Resident memory of processes and their living descendants; shared pages count in each of them."""
    return sum(_stat(member)[21] for pid in pids for member in _tree(pid)) * _PAGE / 1e6


def _tree(pid: int) -> list[int]:
    found = [pid]
    for member in found:
        children = Path(f"/proc/{member}/task/{member}/children")
        threads = Path(f"/proc/{member}/task").glob("*/children") if children.exists() else ()
        found += [int(child) for path in threads for child in path.read_text().split()]
    return found


def _stat(pid: int) -> list[int]:
    """The numbers of /proc/PID/stat after the state; zeros when the process has just ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return [0] * 50
    return [0, *(int(field) for field in text.rpartition(")")[2].split()[1:])]
