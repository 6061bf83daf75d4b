"""The processes: they start, log one line per event without addresses or content, and stop when asked."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event

import pytest
import uvicorn

from gateway.cli import logs, processes
from gateway.cli.outcome import expected, fault
from tests.cli.conftest import ROOT, Installation, Run, install

SECRET = "Emma Testesen 14831770229"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway.cli", *map(str, arguments)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def await_ready(process: subprocess.Popen[bytes], url: str) -> None:
    pause = Event()
    for _ in range(600):
        if answers(url):
            return
        assert process.poll() is None, process.communicate()[1].decode()
        pause.wait(0.1)
    pytest.fail("it never got ready")


def test_serve_answers_logs_events_alone_and_stops_when_asked(installation: Installation) -> None:
    port = free_port()
    with started("serve", "-c", installation.config, "--port", port, "--log", "json") as process:
        await_ready(process, f"http://127.0.0.1:{port}/readyz")
        answers(f"http://127.0.0.1:{port}/timeline/a-child-s-id")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err.decode()
    assert out == b""
    lines = [json.loads(line) for line in err.decode().splitlines()]
    assert [line["event"] for line in lines if line["event"] in {"SB0001", "SB0002"}] == ["SB0001", "SB0002"]
    assert {"SB0020", "SB0021"} <= {line["event"] for line in lines}  # the worker within
    assert "a-child-s-id" not in err.decode()


def test_what_was_built_at_start_is_not_swept_through_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[int] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda _: left.append(len(gc.get_objects())))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    before = len(gc.get_objects())
    try:
        processes.serve(installation.config, "127.0.0.1", 0, "text")
    finally:
        gc.unfreeze()
    assert left[0] < before / 10


def test_serve_says_that_its_port_is_taken(installation: Installation, run: Run) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run("serve", "-c", installation.config, "--port", taken.getsockname()[1])
    assert done.returncode == 3
    assert b"address already in use" in done.stderr.lower()
    assert b"Traceback" not in done.stderr


def test_serve_says_what_is_wrong_with_its_configuration(tmp_path: Path, run: Run) -> None:
    done = run("serve", "-c", tmp_path / "ingen.toml")
    assert (done.returncode, b"cannot be read" in done.stderr) == (3, True)
    assert done.stderr.count(b"\n") == 1


def test_a_worker_of_its_own_needs_postgresql(installation: Installation, run: Run) -> None:
    done = run("worker", "-c", installation.config)
    assert done.returncode == 3
    assert b"inside `stafettbro serve`" in done.stderr
    assert not (installation.folder / "stafettbro.db").exists()


def test_a_worker_works_beside_and_stops_when_asked(postgres_url: str, tmp_path: Path) -> None:
    installed = install(tmp_path, postgres_url)
    with started("worker", "-c", installed.config) as process:
        assert process.stderr is not None
        first = process.stderr.readline().decode()
        assert "SB0020 worker started" in first
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=30)[1].decode()
    assert process.returncode == 0, rest
    assert "SB0021 worker stopped" in rest
    assert "Traceback" not in rest


# --- what a log line may hold ----------------------------------------------------------------------------


def record(name: str, message: str, *arguments: object, error: bool = False) -> logging.LogRecord:
    info = None
    if error:
        try:
            raise ValueError(SECRET)
        except ValueError:
            info = sys.exc_info()
    return logging.LogRecord(name, logging.ERROR, __file__, 1, message, arguments, info)


@pytest.mark.parametrize("form", [logs.TextLines(), logs.JsonLines()])
def test_an_exception_is_told_by_type_and_place_alone(form: logging.Formatter) -> None:
    line = form.format(record("uvicorn.error", "Exception in ASGI application\n", error=True))
    assert "ValueError at test_running.py:" in line
    assert SECRET not in line
    assert "\n" not in line


def test_of_what_others_log_one_line_is_kept() -> None:
    line = logs.TextLines().format(
        record("asyncio", "Task exception was never retrieved\nfuture: %s", SECRET)
    )
    assert line.endswith("Task exception was never retrieved")
    assert len(logs.TextLines().format(record("other", "x" * 5000))) < 400


def test_an_event_is_found_by_its_number() -> None:
    line = json.loads(logs.JsonLines().format(record("stafettbro", "SB0023 a lane's run failed run=%s", 3)))
    assert (line["event"], line["message"]) == ("SB0023", "SB0023 a lane's run failed run=3")


def test_an_error_nobody_expected_is_told_without_its_text() -> None:
    with pytest.raises(KeyError) as caught:
        raise KeyError(SECRET)
    assert expected(caught.value) is None
    said = fault(caught.value)
    assert "KeyError at " in said
    assert SECRET not in said


def test_a_pipe_that_closes_early_is_no_error(installation: Installation) -> None:
    script = f"{sys.executable} -m gateway.cli --help | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, env={**os.environ}, check=False
    )
    assert b"Traceback" not in done.stderr
