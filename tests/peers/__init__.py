"""Servers that others wrote, run as processes of their own: what tests talk to instead of fakes.

    with medplum() as peer:
        httpx.get(f"{peer.url}/Goal", headers=peer.headers)
        peer.faults(refuse=503)
        peer.arrivals()

Everything listens on loopback only and ends with the test, also when the test process is killed: each peer
ends when its standard input closes.
"""

from __future__ import annotations

import json
import os
import secrets
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).resolve().parent
READY_WITHIN = 60.0  # seconds; reading the R4 definitions takes a few on a busy machine


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server: its address, the token it asks for, and its control address."""

    url: str
    token: str
    control: str
    process: subprocess.Popen[str]

    @property
    def headers(self) -> dict[str, str]:
        """What lets a caller in."""
        return {"Authorization": f"Bearer {self.token}"}

    def faults(self, **switches: Any) -> None:
        """Set all fault switches anew; without arguments: none. delay (ms), hang, refuse (status),
        retryAfter (s), reset, loseAnswer, storedThen (status after the work is done), reject (texts in body
        or path that are answered 422)."""
        httpx.post(f"{self.control}/faults", json=switches, trust_env=False).raise_for_status()

    def arrivals(self) -> list[dict[str, Any]]:
        """Every request so far: at and done (monotonic ns), method, path, item (our id), status."""
        found = httpx.get(f"{self.control}/arrivals", trust_env=False).json()
        for arrival in found:
            arrival["at"] = int(arrival["at"])
            arrival["done"] = int(arrival["done"]) if arrival.get("done") else None
        return list(found)

    def accepted(self) -> list[dict[str, Any]]:
        """What callers stored at a records system, in order: at (monotonic ns), key (the attempt), record."""
        found = httpx.get(f"{self.control}/accepted", timeout=60, trust_env=False).json()
        return [{**one, "at": int(one["at"])} for one in found]

    def forget_arrivals(self) -> None:
        """Start counting anew."""
        httpx.delete(f"{self.control}/arrivals", trust_env=False).raise_for_status()

    def clear(self) -> None:
        """Forget all resources."""
        httpx.post(f"{self.control}/clear", trust_env=False).raise_for_status()


def unavailable(peer: str = "medplum") -> str | None:
    """Why a peer of Node cannot run here; None when it can."""
    if shutil.which("node") is None:
        return "node is not installed: the peers cannot run"
    if not (HERE / peer / "node_modules").is_dir():
        return f"node_modules is missing: run `npm ci` in tests/peers/{peer}"
    return None


@contextmanager
def medplum() -> Iterator[Peer]:
    """Medplum's FHIR router with its validator. Skips where it cannot run, but fails in CI."""
    _demand("medplum")
    with running(["node", str(HERE / "medplum" / "server.mjs")]) as peer:
        yield peer


@contextmanager
def oidc(clients: list[dict[str, Any]], **profile: Any) -> Iterator[Peer]:
    """The certified OpenID provider, with these clients. What `profile` may hold stands in
    tests/peers/oidc/server.mjs. Skips where it cannot run, but fails in CI."""
    _demand("oidc")
    known = {"PEER_CLIENTS": json.dumps(clients), "PEER_PROFILE": json.dumps(profile)}
    with running(["node", str(HERE / "oidc" / "server.mjs")], known) as peer:
        yield peer


@contextmanager
def machines(clients: list[dict[str, Any]], **profile: Any) -> Iterator[Peer]:
    """The same provider, giving tokens to machines, and a guarded resource at `/api`. What `profile` may hold
    stands in tests/peers/oidc/machines.mjs. Its address says localhost, as certificates do."""
    _demand("oidc")
    known = {"PEER_CLIENTS": json.dumps(clients), "PEER_PROFILE": json.dumps(profile)}
    with running(["node", str(HERE / "oidc" / "machines.mjs")], known) as peer:
        yield peer


@contextmanager
def helseid(clients: list[dict[str, Any]], **profile: Any) -> Iterator[Peer]:
    """The same provider, giving tokens for our own gateway as HelseID does. What `profile` must hold stands
    in tests/peers/oidc/helseid.mjs."""
    _demand("oidc")
    known = {"PEER_CLIENTS": json.dumps(clients), "PEER_PROFILE": json.dumps(profile)}
    with running(["node", str(HERE / "oidc" / "helseid.mjs")], known) as peer:
        yield peer


def axe() -> str:
    """The source of axe-core, to run in a page. Skips where it is missing, but fails in CI."""
    _demand("axe")
    return (HERE / "axe" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _demand(peer: str) -> None:
    reason = unavailable(peer)
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@contextmanager
def records_server(**variant: str) -> Iterator[Peer]:
    """A system that speaks the system contract; ids="theirs" and versions="no" are the weaker variants."""
    options = [f"--{name}={value}" for name, value in variant.items()]
    with running([sys.executable, str(HERE / "records_server.py"), *options]) as peer:
        yield peer


@contextmanager
def running(command: list[str], given: dict[str, str] | None = None) -> Iterator[Peer]:
    """Start a peer that announces its addresses as one line of JSON, and end it afterwards. given: what else
    stands in its environment."""
    token = secrets.token_urlsafe(16)
    environment = {**os.environ, "PEER_TOKEN": token, **(given or {})}
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        announced = json.loads(_first_line(process))
        yield Peer(announced["url"], token, announced["control"], process)
    finally:
        process.kill()
        process.communicate()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    until = time.monotonic() + READY_WITHIN
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        ready = selector.select(max(0.0, until - time.monotonic()))
    line = process.stdout.readline() if ready else ""
    if not line:
        raise RuntimeError(f"{process.args!r} did not start within {READY_WITHIN:.0f} s")
    return line
