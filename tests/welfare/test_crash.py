"""kill -9 of the serving gateway while a report is under way, between its storing at the recipient and the
answer. It arrives all the same, once, and the process's log and files tell nothing of it."""

from __future__ import annotations

import os
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

from tests.access.issuer_server import Issuer
from tests.api import world as worlds
from tests.demo.running import free_port
from tests.end_to_end.configuration import toml
from tests.peers import Peer, records_server
from tests.welfare.carrying import until
from tests.welfare.conftest import with_welfare
from tests.welfare.reporting import TEXT, report

SAID = (TEXT, "bm-oppdiktet", "Ringstadhaugen")


@dataclass
class Gateway:
    """`stafettbro serve`, to be killed and started again."""

    folder: Path
    url: str
    token: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "gateway.cli", "serve", "--port", port]
        with (self.folder / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--config", str(self.folder / "stafettbro.toml")],
                env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        until(self.ready, 60)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, self.url + path, json=body, headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def sent(self, record_id: str) -> str:
        return str(self.ask("POST", "/welfare/reports", report(record_id))["id"])

    def state(self, own: str) -> str:
        return str(self.ask("GET", f"/welfare/reports/{own}")["delivery"]["state"])


@contextmanager
def serving(folder: Path, store: str, issuer: Issuer, peer: Peer) -> Iterator[Gateway]:
    """One over SQLite, with its store of reports at `store`."""
    url = f"http://127.0.0.1:{free_port()}"
    hub = worlds.settings(f"sqlite:///{folder / 'hub.db'}", folder / "state", issuer)
    system = {"url": peer.url, "send_deadline_seconds": 1.0}
    system["credentials"] = {"kind": "bearer", "token_ref": "env:WELFARE_PEER"}
    ppt = {"send_deadline_seconds": 1.0}
    settings = with_welfare(hub, store, barnevern=system, ppt=ppt)
    values = settings.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    (folder / "stafettbro.toml").write_text(toml(values), encoding="utf-8")
    now = int(time.time())
    token = issuer.token(client_id="logg", iat=now, exp=now + 3600, scope="welfare.write welfare.read")
    gateway = Gateway(folder, url, token, {**os.environ, "WELFARE_PEER": peer.token})
    try:
        gateway.start()
        yield gateway
    finally:
        gateway.kill()


def kept(peer: Peer) -> list[str]:
    listed = httpx.get(f"{peer.url}/records", headers=peer.headers, trust_env=False).json()["records"]
    return [one["record"]["id"] for one in listed]


@pytest.mark.timeout(180)
def test_a_report_survives_the_process(reports_url: str, tmp_path: Path, issuer: Issuer) -> None:
    with records_server() as peer, serving(tmp_path, reports_url, issuer, peer) as gateway:
        peer.faults(loseAnswer="hang")  # stored there, and the answer never comes
        own = gateway.sent("bm-oppdiktet")
        until(lambda: own in kept(peer))
        gateway.kill()
        peer.faults()
        gateway.start()
        until(lambda: gateway.state(own) == "delivered", 60)
        assert kept(peer) == [own]
        assert gateway.sent("bm-oppdiktet") == own  # the receipt of then
        gateway.kill()
    log = (tmp_path / "serve.log").read_text()
    assert "SB0001" in log
    told = [f"{p.name}: {w}" for p in tmp_path.rglob("*") for w in (own, *SAID) if holds(p, w)]
    assert told == []


def holds(path: Path, word: str) -> bool:
    """Whether a file tells it; the store of reports may hold the ids it gave."""
    if not path.is_file() or (path.name.startswith(("welfare.db", "empty.db")) and word not in SAID):
        return False
    return word.encode() in path.read_bytes()
