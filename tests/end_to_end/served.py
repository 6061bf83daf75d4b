"""A gateway as a process of its own behind its front door, with its stafettbro.toml."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from gateway import jsontext
from gateway.access import scopes
from tests.access.issuer_server import Issuer
from tests.end_to_end.configuration import OPERATOR, configuration, toml, write_tokens
from tests.end_to_end.hub import Hub
from tests.end_to_end.systems import Systems
from tests.end_to_end.waiting import wait_until
from tests.end_to_end.world import World

ROOT = Path(__file__).resolve().parents[2]
OFTEN = 0.2  # seconds between the rounds of asking BUP


@dataclass
class Process(World):
    """A gateway as a process of its own. http: its front door; token: of one of its clients."""

    process: subprocess.Popen[bytes]
    http: httpx.Client
    issuer: Issuer
    log: Path

    def polled(self) -> None:
        """Wait for a whole round of asking BUP: it is taken in when the next one begins."""
        seen = self.systems.bup.rounds()
        wait_until(lambda: self._reached(seen + 2), "two rounds of asking BUP")

    def _reached(self, rounds: int) -> bool:
        self.alive()
        return self.systems.bup.rounds() >= rounds

    def hand_in(self, system: str, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """As a list, through the front door."""
        answer = self.post(system, jsontext.encode(list(records)))
        assert answer.status_code == 200, answer.text
        results: list[dict[str, Any]] = jsontext.decode(answer.content)["results"]
        return results

    def post(self, system: str, body: bytes, media: str = "application/json", **more: str) -> httpx.Response:
        """Any body to POST /systems/{system}/records, as that system."""
        named = {name.replace("_", "-"): text for name, text in more.items()}
        headers = {**self.bearer(system), "Content-Type": media, **named}
        return self.http.post(f"/systems/{system}/records", content=body, headers=headers)

    def get(self, path: str, client: str = OPERATOR) -> httpx.Response:
        """One read, by default by the municipality's operator."""
        return self.http.get(path, headers=self.bearer(client))

    def bearer(self, client: str) -> dict[str, str]:
        """A token of that client, valid now."""
        now = int(time.time())
        token = self.issuer.token(
            client_id=client, iat=now, exp=now + 900, scope=" ".join(sorted(scopes.ALL))
        )
        return {"Authorization": f"Bearer {token}"}

    def alive(self) -> None:
        """Fails with the end of its log when the process has ended."""
        assert self.process.poll() is None, self.log.read_text()[-2000:]


@contextmanager
def process(database_url: str, folder: Path, systems: Systems, issuer: Issuer) -> Iterator[Process]:
    """A world with the gateway as a process, its stafettbro.toml in the folder."""
    systems.clear()
    write_tokens(folder, systems)
    config = folder / "stafettbro.toml"
    config.write_text(toml(configuration(database_url, folder, systems, issuer.url, OFTEN)), encoding="utf-8")
    with (
        serving(config, folder / "gateway.log") as (running, url),
        httpx.Client(base_url=url, timeout=60, trust_env=False) as http,
    ):
        hub = Hub(database_url, folder / "state")
        try:
            now = datetime.now(UTC)
            yield Process(
                systems,
                hub,
                lambda: datetime.now(UTC),
                now.date(),
                running,
                http,
                issuer,
                folder / "gateway.log",
            )
        finally:
            hub.close()
    failed = [line for line in (folder / "gateway.log").read_text().splitlines() if " ERROR " in line]
    assert not failed, failed


@contextmanager
def serving(config: Path, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`stafettbro serve` until the block ends: the process and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gateway.cli", "serve", "--config", str(config), "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with log.open("ab") as output:
        running = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env={**os.environ}
        )
    try:
        wait_until(lambda: _ready(running, url, log), "the gateway answers /readyz", every=0.1)
        yield running, url
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _ready(running: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    assert running.poll() is None, log.read_text()[-2000:]
    try:
        return httpx.get(f"{url}/readyz", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
