"""Demo processes for these tests: the real modules, as real processes, on free ports of this machine."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from gateway import jsontext
from gateway.demo.processes import Children

TOKEN = "what-callers-show"
SECRET = "what-the-system-shows-the-issuer"


def free_port() -> int:
    """A port nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], bool]) -> None:
    """Look until it holds; fails when it does not within a minute."""
    last = time.monotonic() + 60
    pause = threading.Event()  # never set: leaves the processor to those we wait for
    while not what() and not pause.wait(0.1):
        assert time.monotonic() < last, "did not happen in time"


@dataclass(frozen=True)
class Running:
    """A process that answers. http: with its base address, and with its token where it has one."""

    url: str
    http: httpx.Client
    children: Children
    folder: Path


@contextmanager
def started(
    folder: Path, name: str, arguments: list[str], ready: str, token: str = TOKEN
) -> Iterator[Running]:
    """`python -m gateway.demo.NAME ARGUMENTS --port N`, until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    children = Children(folder / "logs")
    environment = {"STAFETTBRO_DEMO_TOKEN": token, "STAFETTBRO_DEMO_SECRET": SECRET}
    try:
        children.start(
            name, ["-m", f"gateway.demo.{name}", *arguments, "--port", str(port)], environment, url + ready
        )
        children.wait_ready(30, lambda: False)
        with httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False
        ) as http:
            yield Running(url, http, children, folder)
    finally:
        children.stop()


@contextmanager
def records_system(
    folder: Path, kind: str, seed: list[Any], gateway: str | None = None, issuer: str | None = None
) -> Iterator[Running]:
    """A stafettlogg or plan system; its gateway is down unless an address is given."""
    path = folder / "seed.json"
    path.write_bytes(jsontext.encode(seed))
    nowhere = f"http://127.0.0.1:{free_port()}"
    arguments = [kind, "--file", str(folder / "records.db"), "--seed", str(path)]
    arguments += ["--gateway", gateway or nowhere, "--issuer", issuer or nowhere]
    with started(folder, "records_system", arguments, "/info") as running:
        yield running
