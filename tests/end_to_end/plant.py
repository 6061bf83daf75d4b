"""A gateway as it runs in life, to be killed, stopped and started: `serve` on SQLite (its worker inside), or
`serve` and workers beside it on PostgreSQL; with three recipients, servers that others wrote among them."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select, text

from gateway.hub.schema.tables import disclosure, link
from gateway.hub.store import Store
from tests.access import issuer_server
from tests.end_to_end.invented import Child
from tests.end_to_end.plant_configuration import BEARER, CLIENTS, configuration, secret_name
from tests.peers import Peer, medplum, records_server
from tests.sealed import looking, said

_PAUSE = threading.Event()
_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _end_with_tests() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(holds: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for something to hold; how long it took, in seconds. Fails when time runs out."""
    start = time.monotonic()
    while not holds():
        if time.monotonic() - start > seconds:
            raise AssertionError(f"{what}: not within {seconds:.0f} s")
        _PAUSE.wait(0.05)
    return time.monotonic() - start


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Plant:
    """The running gateway and its surroundings."""

    folder: Path
    database_url: str
    url: str
    tokens: dict[str, str]
    recipients: dict[str, Peer]
    environment: dict[str, str]
    commands: dict[str, list[str]]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    sources: dict[str, Path] = field(default_factory=dict)  # of another release's processes: its code

    def employ(self, workers: int) -> None:
        """Have workers beside `serve`."""
        config = str(self.folder / "stafettbro.toml")
        for number in range(workers):
            self.commands[f"worker-{number}"] = _command("worker", "--config", config)

    def start(self, name: str) -> None:
        """Start one of the gateway's processes; it ends with the tests, however they end."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.commands[name],
                cwd=self.sources.get(name),
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                preexec_fn=_end_with_tests,
            )

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait()

    def end(self, name: str) -> None:
        """Ask it to stop, as its supervisor does, and wait until it has."""
        self.processes[name].terminate()
        self.processes.pop(name).wait(timeout=60)

    def pause(self, name: str) -> None:
        """SIGSTOP."""
        self.processes[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT."""
        self.processes[name].send_signal(signal.SIGCONT)

    def supervise(self) -> None:
        """Start again what has ended by itself, as its supervisor does (a start with the database away)."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(name)

    def ready(self, url: str | None = None) -> bool:
        """Whether the gateway (at this address) takes requests."""
        try:
            return httpx.get(f"{url or self.url}/readyz", trust_env=False, timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def post(
        self, records: Sequence[dict[str, Any]], system: str = "stafettlogg", *, within: float = 120.0
    ) -> list[dict[str, Any]]:
        """Hand records in as a system does: again and again, until the gateway has answered."""
        token = self.tokens["ip" if system == "individuell-plan" else "logg"]
        url, headers = f"{self.url}/systems/{system}/records", {"Authorization": f"Bearer {token}"}
        deadline = time.monotonic() + within
        while True:
            try:
                answer = httpx.post(url, json=list(records), headers=headers, timeout=20, trust_env=False)
                if answer.status_code == 200:
                    return list(answer.json()["results"])
                assert answer.status_code >= 500, answer.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "the gateway did not come back"
            _PAUSE.wait(0.1)

    def withdraw(self, consent: str, by: str) -> tuple[int, list[str]]:
        """Take a consent back ("Consent/…"), asking again until it is closed. When that was answered
        (monotonic ns), and the attempts that may have arrived."""
        headers = {"Authorization": f"Bearer {self.tokens['drift']}"}
        url = f"{self.url}/consents/{consent.partition('/')[2]}/withdraw"
        while True:
            answer = httpx.post(url, json={"by": by}, headers=headers, timeout=40, trust_env=False)
            at = time.monotonic_ns()
            assert answer.status_code in (200, 202), answer.text
            if answer.status_code == 200:
                return at, list(answer.json()["mayHaveArrived"])

    def lanes(self, recipient: str) -> list[dict[str, Any]]:
        """What an operator sees of the lanes to a recipient."""
        headers = {"Authorization": f"Bearer {self.tokens['drift']}"}
        answer = httpx.get(
            f"{self.url}/lanes?recipient={recipient}&limit=500", headers=headers, timeout=20, trust_env=False
        )
        return list(answer.raise_for_status().json()["lanes"])

    def query(self, statement: str) -> list[Any]:
        """Look into the hub, at what stands there in clear."""
        with closing(self._looking()) as store, store.read("fjordbyen") as connection:
            return list(connection.execute(text(statement)).all())

    def disclosures(self, which: str) -> list[tuple[Any, Any]]:
        """Attempts of which this is so, each with its items."""
        with closing(self._looking()) as store, store.read("fjordbyen") as connection:
            rows = connection.execute(select(disclosure).where(text(which))).all()
            return [(row, said(connection, disclosure, row)) for row in rows]

    def named(self, system: str, native_id: str) -> list[Any]:
        """The link of a record of a system."""
        with closing(self._looking()) as store, store.read("fjordbyen") as connection:
            here = (link.c.system == system, link.c.native_id == native_id)
            return list(connection.execute(select(link).where(*here)).all())

    def _looking(self) -> Store:
        return looking(self.database_url, self.folder / "state")

    def quiet(self, recipient: str = "%") -> bool:
        """Whether no lane (to this recipient) has anything to do and nothing is under way."""
        busy = f"(SELECT count(*) FROM lane WHERE recipient LIKE '{recipient}' AND state <> 'idle')"
        sending = f"recipient LIKE '{recipient}' AND state = 'sending'"
        return bool(
            self.query(f"SELECT {busy} + (SELECT count(*) FROM disclosure WHERE {sending})")[0][0] == 0
        )

    def logged(self, number: str) -> list[str]:
        """The lines of all processes' logs about one event, by its number (SB0025)."""
        logs = [path.read_text(errors="replace") for path in self.folder.glob("*.log")]
        return [line for log in logs for line in log.splitlines() if f" {number} " in line]

    def stop_all(self) -> None:
        """End whatever still runs."""
        for process in self.processes.values():
            process.kill()
            process.wait()


@contextmanager
def planted(
    folder: Path,
    database_url: str,
    children: Sequence[Child],
    *,
    clinics: Sequence[str] = ("bup", "fastlege"),
    workers: int = 2,
    source: Path | None = None,
    **receiving: Any,
) -> Iterator[Plant]:
    """Start everything and hand in what the children's logs and plans hold from before. clinics: which FHIR
    servers receive. workers: processes beside `serve` on PostgreSQL (on SQLite it works itself). source:
    where the code of another release is, for one that starts as that. receiving: what each recipient's table
    says."""
    with ExitStack() as stack:
        issuer = stack.enter_context(issuer_server.running())
        peers = {name: stack.enter_context(medplum()) for name in clinics}
        peers["individuell-plan"] = stack.enter_context(records_server())
        for name, child in product(clinics, children):
            _admit(peers[name], child)
        said = {} if source else BEARER
        plant = _plant(folder, database_url, issuer, said, peers, receiving)
        stack.callback(plant.stop_all)
        if not database_url.startswith("sqlite"):
            plant.employ(workers)
        for name in plant.commands:
            if source is not None:
                plant.sources[name] = source
            plant.start(name)
        wait_until(plant.ready, 120, "the gateway is ready")
        _enter(plant, children)
        yield plant


def _plant(
    folder: Path,
    database_url: str,
    issuer: issuer_server.Issuer,
    said: dict[str, str],
    peers: dict[str, Peer],
    receiving: dict[str, Any],
) -> Plant:
    port = free_port()
    config = folder / "stafettbro.toml"
    where: dict[str, Any] = {"port": port, "database_url": database_url, "folder": folder / "state"}
    config.write_text(configuration(**where, issuer={"issuer": issuer.url, **said}, peers=peers, **receiving))
    secrets = {secret_name(name): peer.token for name, peer in peers.items()}
    return Plant(
        folder=folder,
        database_url=database_url,
        url=f"http://127.0.0.1:{port}",
        tokens={client: _token(issuer, client) for client in CLIENTS},
        recipients=peers,
        environment={**os.environ, "PLANT_KEY": "k" * 64, **secrets},
        commands={"serve": _command("serve", "--config", str(config), "--port", str(port))},
    )


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "gateway.cli", *words]


def _token(issuer: issuer_server.Issuer, client: str) -> str:
    now = int(time.time())
    scope = "records.write lanes.read consents.write"
    return issuer.token(client_id=client, scope=scope, iat=now, exp=now + 7200)


def _admit(peer: Peer, child: Child) -> None:
    answer = httpx.post(f"{peer.url}/Patient", json=child.patient(), headers=peer.headers, trust_env=False)
    assert answer.status_code == 201, answer.text


def _enter(plant: Plant, children: Sequence[Child]) -> None:
    logs = plant.post([record for child in children for record in child.log_records()])
    plans = plant.post([record for child in children for record in child.plan_records()], "individuell-plan")
    assert {one["status"] for one in [*logs, *plans]} == {"stored"}
    wait_until(plant.quiet, 120, "what was there from before has been delivered")
