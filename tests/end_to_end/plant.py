"""A gateway as it runs in life, to be killed, stopped and started: `serve` on SQLite (its worker inside), or
`serve` and workers beside it on PostgreSQL; with three recipients that others wrote or that keep the contract.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from gateway.hub.store import Store
from tests.access import issuer_server
from tests.end_to_end.invented import Child
from tests.peers import Peer, medplum, records_server

TENANT = "fjordbyen"
_PAUSE = threading.Event()


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
    token: str
    recipients: dict[str, Peer]
    environment: dict[str, str]
    commands: dict[str, list[str]]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start one of the gateway's processes."""
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            self.commands[name], env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait()

    def pause(self, name: str) -> None:
        """SIGSTOP."""
        self.processes[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT."""
        self.processes[name].send_signal(signal.SIGCONT)

    def ready(self) -> bool:
        """Whether the gateway takes requests."""
        try:
            return httpx.get(f"{self.url}/readyz", trust_env=False, timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def post(self, records: Sequence[dict[str, Any]], *, within: float = 60.0) -> list[dict[str, Any]]:
        """Hand records in as the stafettlogg does: until the gateway has answered, again and again."""
        deadline = time.monotonic() + within
        while True:
            try:
                answer = httpx.post(
                    f"{self.url}/systems/stafettlogg/records",
                    json=list(records),
                    headers={"Authorization": f"Bearer {self.token}"},
                    timeout=20,
                    trust_env=False,
                )
                if answer.status_code == 200:
                    return list(answer.json()["results"])
                assert answer.status_code >= 500, answer.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, "the gateway did not come back"
            _PAUSE.wait(0.1)

    def query(self, statement: str) -> list[Any]:
        """Look into the hub."""
        store = Store(self.database_url)
        try:
            with store.read() as connection:
                return list(connection.execute(text(statement)).all())
        finally:
            store.close()

    def quiet(self) -> bool:
        """Whether no lane has anything to do and nothing is under way."""
        busy = "SELECT (SELECT count(*) FROM lane WHERE state <> 'idle')"
        return bool(
            self.query(busy + " + (SELECT count(*) FROM disclosure WHERE state = 'sending')")[0][0] == 0
        )

    def stop_all(self) -> None:
        """End whatever still runs."""
        for process in self.processes.values():
            process.kill()
            process.wait()


def configuration(
    *,
    port: int,
    database_url: str,
    folder: Path,
    issuer: str,
    peers: dict[str, Peer],
    split: bool,
    **more: Any,
) -> str:
    """The file: a stafettlogg that hands in, a plan system, BUP and a GP's journal that receive."""
    receiving = {
        "slots": 4,
        "probe_seconds": 0.5,
        "probe_max_seconds": 2.0,
        "send_deadline_seconds": 5.0,
    } | more
    systems: list[dict[str, Any]] = [
        {"id": "stafettlogg", "adapter": "stafettlogg", "organization": "362819482", "deliver": "none"},
        {"id": "individuell-plan", "adapter": "individuell-plan", "organization": "359797117"},
        {"id": "bup", "adapter": "fhir", "organization": "343231946"},
        {"id": "fastlege", "adapter": "fhir", "organization": "339825971"},
    ]
    lines = [
        f'public_url = "http://127.0.0.1:{port}"',
        f'database_url = "{database_url}"',
        f'state_folder = "{folder}"',
        'identifier_key_ref = "env:PLANT_KEY"',
        f"embedded_worker = {'false' if split else 'true'}",
        "sweep_seconds = 5.0",
        f'[[tenants]]\nid = "{TENANT}"\nname = "Fjordbyen"',
    ]
    for system in systems:
        peer = peers.get(system["id"])
        table = {"tenant": TENANT, **system}
        if system["id"] in ("stafettlogg", "individuell-plan"):
            table["audience"] = "participants"
        if peer is not None:
            table |= receiving | {"url": peer.url}
        lines.append("[[systems]]\n" + "\n".join(f"{k} = {json.dumps(v)}" for k, v in table.items()))
        if peer is not None:
            reference = _secret_name(system["id"])
            lines.append(f'[systems.credentials]\nkind = "bearer"\ntoken_ref = "env:{reference}"')
            lines.append(f'[[routes]]\nsource = "stafettlogg"\nrecipient = "{system["id"]}"')
    lines.append(f'[[issuers]]\nissuer = "{issuer}"\naudience = "stafettbro"')
    lines.append(
        f'[[clients]]\nissuer = "{issuer}"\nclient_id = "logg"\ntenant = "{TENANT}"\nsystem = "stafettlogg"\n'
        'scopes = ["records.write"]'
    )
    lines.append(
        f'[[clients]]\nissuer = "{issuer}"\nclient_id = "ip"\ntenant = "{TENANT}"\nsystem = "individuell-plan"\n'
        'scopes = ["records.write"]'
    )
    return "\n".join(lines) + "\n"


def _secret_name(system: str) -> str:
    return f"PLANT_{system.upper().replace('-', '_')}"


@contextmanager
def planted(
    folder: Path, database_url: str, children: Sequence[Child], *, workers: int = 2, **receiving: Any
) -> Iterator[Plant]:
    """Start everything and hand in what the children's logs and plans hold from before. `workers`: processes
    beside `serve` on PostgreSQL; on SQLite the worker runs inside it."""
    split = not database_url.startswith("sqlite")
    with ExitStack() as stack:
        issuer = stack.enter_context(issuer_server.running())
        peers = {
            "individuell-plan": stack.enter_context(records_server()),
            "bup": stack.enter_context(medplum()),
            "fastlege": stack.enter_context(medplum()),
        }
        for name in ("bup", "fastlege"):
            for child in children:
                _admit(peers[name], child)
        port = free_port()
        config = folder / "stafettbro.toml"
        config.write_text(
            configuration(
                port=port,
                database_url=database_url,
                folder=folder / "state",
                issuer=issuer.url,
                peers=peers,
                split=split,
                **receiving,
            )
        )
        environment = {**os.environ, "PLANT_KEY": "k" * 64}
        environment |= {_secret_name(name): peer.token for name, peer in peers.items()}
        command = [sys.executable, "-m", "gateway.cli"]
        commands = {"serve": [*command, "serve", "--config", str(config), "--port", str(port)]}
        if split:
            worker = [*command, "worker", "--config", str(config)]
            commands |= {f"worker-{n}": worker for n in range(workers)}
        plant = Plant(
            folder=folder,
            database_url=database_url,
            url=f"http://127.0.0.1:{port}",
            token=_token(issuer, "logg"),
            recipients=peers,
            environment=environment,
            commands=commands,
        )
        stack.callback(plant.stop_all)
        for name in commands:
            plant.start(name)
        wait_until(plant.ready, 40, "the gateway is ready")
        _enter(plant, _token(issuer, "ip"), children)
        yield plant


def _token(issuer: issuer_server.Issuer, client: str) -> str:
    now = int(time.time())
    return issuer.token(client_id=client, scope="records.write", iat=now, exp=now + 7200)


def _admit(peer: Peer, child: Child) -> None:
    answer = httpx.post(f"{peer.url}/Patient", json=child.patient(), headers=peer.headers, trust_env=False)
    assert answer.status_code == 201, answer.text


def _enter(plant: Plant, token: str, children: Sequence[Child]) -> None:
    plant.post([record for child in children for record in child.log_records()])
    answer = httpx.post(
        f"{plant.url}/systems/individuell-plan/records",
        json=[record for child in children for record in child.plan_records()],
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
        trust_env=False,
    )
    assert {one["status"] for one in answer.json()["results"]} == {"stored"}, answer.text
    wait_until(plant.quiet, 60, "what was there from before has been delivered")
