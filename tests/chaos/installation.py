"""What chaos is made in: two gateways and three workers on one PostgreSQL, and three systems of others that
write and receive: a stafettlogg without versions, a plan system, BUP's FHIR server."""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy import Select, Table, make_url, select
from sqlalchemy.exc import OperationalError

from gateway.hub.schema.tables import link
from gateway.hub.store import Store
from tests.access import issuer_server
from tests.end_to_end.configuration import toml
from tests.end_to_end.invented import BUP, COORDINATING, SCHOOL, Child, Record
from tests.end_to_end.plant import Plant, free_port, wait_until
from tests.peers import Peer, medplum, records_server
from tests.postgres import Cluster
from tests.sealed import looking, said

TENANT = "fjordbyen"
LOG, PLAN, CLINIC = "stafettlogg", "individuell-plan", "bup"
SYSTEMS = (LOG, PLAN, CLINIC)
GATEWAYS, WORKERS = ("gateway-1", "gateway-2"), ("worker-1", "worker-2", "worker-3")
DEADLINE = 2.0  # of one send, in seconds
THINKING = 20  # milliseconds before a recipient answers: long enough to be met in the middle
SWEEP_SECONDS = 5.0
SCOPES = "records.write lanes.read consents.write"
PAUSE = threading.Event()


@dataclass
class Installation(Plant):
    """The running processes. gateways: where each listens."""

    cluster: Cluster | None = None
    gateways: dict[str, str] = field(default_factory=dict)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False, trust_env=False, timeout=4))
    starter: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _turn: Iterator[int] = field(default_factory=itertools.count)

    def start(self, name: str) -> None:
        """Always from one thread: what ends with its parent ends with the thread that started it."""
        self.starter.submit(Plant.start, self, name).result()

    def up(self, name: str, since: int) -> bool:
        """Whether a process is at work, by its log from this place on, or its front door. Starts it again
        where it has ended by itself, as its supervisor does (a start with the database away)."""
        if self.processes[name].poll() is not None:
            self.start(name)
            return False
        if name in self.gateways:
            return self._ready(self.gateways[name])
        with (self.folder / f"{name}.log").open("rb") as log:
            log.seek(since)
            return b" SB0020 " in log.read()

    def _ready(self, url: str) -> bool:
        try:
            return self.http.get(f"{url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def written(self, name: str) -> int:
        """How long a process's log is by now."""
        path = self.folder / f"{name}.log"
        return path.stat().st_size if path.exists() else 0

    def ask(self, client: str, path: str, body: Any, *, within: float = 180.0) -> tuple[int, Any]:
        """A request to either gateway, again and again until one has answered it. Status and answer."""
        headers = {"Authorization": f"Bearer {self.tokens[client]}"}
        until = time.monotonic() + within
        while time.monotonic() < until:
            url = self.gateways[GATEWAYS[next(self._turn) % len(GATEWAYS)]]
            try:
                answer = self.http.post(f"{url}{path}", json=body, headers=headers)
            except httpx.TransportError:
                PAUSE.wait(0.05)
                continue
            if answer.status_code < 500:
                return answer.status_code, answer.json()
            PAUSE.wait(0.05)
        raise AssertionError(f"nobody answered {path.rpartition('/')[2]} within {within:.0f} s")

    def hand_in(self, system: str, records: Sequence[Record]) -> list[dict[str, Any]]:
        """What a system's people wrote, told to the gateway."""
        status, answer = self.ask(system, f"/systems/{system}/records", list(records))
        assert status == 200, (status, answer)
        return list(answer["results"])

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Look into the database, past the gateway and its roles."""
        assert self.cluster is not None
        with self.cluster.connect(str(make_url(self.database_url).database)) as connection:
            return list(connection.execute(statement, values).fetchall())

    def said(self, table: Table, asked: Select[Any]) -> list[tuple[Any, Any]]:
        """(row, what stands in its content) of rows of a table."""
        with closing(self._looking()) as store, store.read(TENANT) as connection:
            return [(row, said(connection, table, row)) for row in connection.execute(asked).all()]

    def _looking(self) -> Store:
        return looking(self.database_url, self.folder / "state")

    def patiently(self, statement: str, *values: Any, within: float = 60.0) -> list[Any]:
        """The same with a database that may be away for a while."""
        until = time.monotonic() + within
        while True:
            try:
                return self.rows(statement, *values)
            except psycopg.OperationalError:
                assert time.monotonic() < until, "the database did not come back"
                PAUSE.wait(0.05)

    def at_rest(self) -> bool:
        """Whether no lane has anything to do and nothing is under way."""
        busy = "(SELECT count(*) FROM lane WHERE state <> 'idle')"
        sending = "(SELECT count(*) FROM disclosure WHERE state = 'sending')"
        return bool(self.rows(f"SELECT {busy} + {sending}")[0][0] == 0)

    def reference(self, native_id: str, system: str = LOG) -> str:
        """What a system's record is in the hub."""
        until = time.monotonic() + 60.0
        here = (link.c.system == system, link.c.native_id == native_id)
        while True:  # the database may be away for a while
            try:
                ((row, _),) = self.said(link, select(link).where(*here))
                return str(row.ref)
            except OperationalError:
                assert time.monotonic() < until, "the database did not come back"
                PAUSE.wait(0.05)


@contextmanager
def installed(
    folder: Path, cluster: Cluster, database_url: str, children: Sequence[Child], **receiving: Any
) -> Iterator[Installation]:
    """Start everything and hand in what the children's logs and plans hold from before. receiving: what each
    recipient's table says."""
    with ExitStack() as stack:
        issuer = stack.enter_context(issuer_server.running())
        log = stack.enter_context(records_server(versions="no"))
        peers = {LOG: log, PLAN: stack.enter_context(records_server())}
        peers[CLINIC] = stack.enter_context(medplum())
        config = folder / "stafettbro.toml"
        configured = configuration(database_url, folder / "state", issuer.url, peers, receiving)
        config.write_text(toml(configured), encoding="utf-8")
        made = _installation(folder, cluster, database_url, issuer, peers, config)
        stack.callback(made.stop_all)
        for name in made.commands:
            made.start(name)
        for name in made.commands:
            wait_until(lambda name=name: made.up(name, 0), 300, f"{name} is at work")  # type: ignore[misc]
        _enter(made, children)
        yield made


def configuration(
    database_url: str, folder: Path, issuer: str, peers: dict[str, Peer], receiving: dict[str, Any]
) -> dict[str, Any]:
    """stafettbro.toml as values: everything routed everywhere, so that consent alone decides."""
    numbers = {LOG: SCHOOL["orgnr"], PLAN: COORDINATING["orgnr"], CLINIC: BUP["orgnr"]}
    quick = {"slots": 4, "probe_seconds": 0.3, "probe_max_seconds": 1.0, "send_deadline_seconds": DEADLINE}
    return {
        "database_url": database_url,
        "state_folder": str(folder),
        "identifier_key_ref": "env:PLANT_KEY",
        "embedded_worker": False,
        "sweep_seconds": SWEEP_SECONDS,
        "limits": {"requests_per_second": 100_000, "requests_at_once": 1_000_000},
        "tenants": [{"id": TENANT, "name": "Fjordbyen"}],
        "systems": [
            {"id": name, "tenant": TENANT, "organization": numbers[name], "url": peers[name].url}
            | ({"adapter": "fhir", "types": ["Goal"], "poll_seconds": 1.0} if name == CLINIC else {})
            | ({"adapter": name, "audience": "participants"} if name != CLINIC else {})
            | {"credentials": {"kind": "bearer", "token_ref": f"env:{_secret(name)}"}}
            | quick
            | receiving
            for name in SYSTEMS
        ],
        "routes": [{"source": a, "recipient": b} for a in SYSTEMS for b in SYSTEMS if a != b],
        "issuers": [{"issuer": issuer, "audience": issuer_server.AUDIENCE, "tokens": "bearer"}],
        "clients": [_client(issuer, name) for name in (*SYSTEMS, "drift")],
    }


def _client(issuer: str, name: str) -> dict[str, Any]:
    own = {"system": name} if name in SYSTEMS else {}
    return {"issuer": issuer, "client_id": name, "tenant": TENANT, "scopes": SCOPES.split()} | own


def _secret(system: str) -> str:
    return f"PLANT_{system.upper().replace('-', '_')}"


def _installation(
    folder: Path,
    cluster: Cluster,
    database_url: str,
    issuer: issuer_server.Issuer,
    peers: dict[str, Peer],
    config: Path,
) -> Installation:
    ports = {name: free_port() for name in GATEWAYS}
    commands = {
        name: _named(name, "serve", "--config", str(config), "--port", str(port))
        for name, port in ports.items()
    }
    commands |= {name: _named(name, "worker", "--config", str(config)) for name in WORKERS}
    now = int(time.time())
    tokens = {
        name: issuer.token(client_id=name, scope=SCOPES, iat=now, exp=now + 14_400)
        for name in (*SYSTEMS, "drift")
    }
    secrets = {_secret(name): peer.token for name, peer in peers.items()}
    addresses = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    return Installation(
        folder=folder,
        database_url=database_url,
        url=addresses[GATEWAYS[0]],
        tokens=tokens,
        recipients=peers,
        environment={**os.environ, "PLANT_KEY": "k" * 64, **secrets},
        commands=commands,
        cluster=cluster,
        gateways=addresses,
    )


def _named(name: str, *words: str) -> list[str]:
    """A command whose connections to the database bear its name."""
    return ["env", f"PGAPPNAME={name}", sys.executable, "-m", "gateway.cli", *words]


def _enter(made: Installation, children: Sequence[Child]) -> None:
    for child in children:
        clinic = made.recipients[CLINIC]
        made.http.post(f"{clinic.url}/Patient", json=child.patient(), headers=clinic.headers)
        for system, records in ((LOG, child.log_records()), (PLAN, child.plan_records())):
            made.http.post(f"{made.recipients[system].control}/own", json=records).raise_for_status()
            answers = made.hand_in(system, records)
            settled = {"stored", "waiting", "unchanged"}  # unchanged: asked twice
            assert {one["status"] for one in answers} <= settled, answers
    wait_until(made.at_rest, 120, "what was there from before has been delivered")
