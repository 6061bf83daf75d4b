"""A whole installation for the figures, in a folder of its own: the demo token issuer, the demo plan system
as recipient, and the gateway, each the process it is in life, on a database that is empty at first."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import httpx

from bench import children
from bench.processes import free_port, running, started

SECRET = "only-for-the-figures"
LOG, PLAN = "stafettlogg", "individuell-plan"
ENVIRONMENT = {
    "STAFETTBRO_DEMO_TOKEN": SECRET,
    "STAFETTBRO_DEMO_SECRET": SECRET,
    "BENCH_TOKEN": SECRET,
    "BENCH_KEY": "0123456789abcdef" * 4,
}


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs. pids: the gateway's processes, the worker's among them; token: lets the stafettlogg in."""

    url: str
    pids: tuple[int, ...]
    token: str

    @property
    def records(self) -> str:
        """Where the stafettlogg hands in its records."""
        return f"{self.url}/systems/{LOG}/records"

    @property
    def headers(self) -> dict[str, str]:
        """What lets the stafettlogg in."""
        return {"Authorization": f"Bearer {self.token}"}


@contextmanager
def installed(folder: Path, database_url: str, *, plans: int = 0) -> Iterator[Installation]:
    """Start everything. plans: so many children have an individuell plan in a plan system that is written to;
    with none the plan system does not run, and fetches what is for it, some day. On PostgreSQL the worker is
    a process of its own, as docs/operations.md recommends there."""
    folder.mkdir(parents=True)
    ends = {name: f"http://127.0.0.1:{free_port()}" for name in ("issuer", "plan", "gateway")}
    state, deliver = folder / "state", "push" if plans else "pull"
    template = Template(Path(__file__).with_name("installation.toml").read_text())
    beside = plans > 0 and not database_url.startswith("sqlite")
    places = {"database": database_url, "state": state, "deliver": deliver}
    config = template.substitute(ends, **places, embedded_worker=str(not beside).lower())
    (folder / "stafettbro.toml").write_text(config)
    clients = {name: {"secret": SECRET, "scopes": ["records.write"]} for name in (LOG, PLAN)}
    (folder / "clients.json").write_text(json.dumps({"audience": ends["gateway"], "clients": clients}))
    with ExitStack() as stack:
        _start(stack, folder, ends["issuer"], _python("gateway.demo.issuer", "--state", str(folder)))
        serve = _python("gateway.cli", "serve", "--config", str(folder / "stafettbro.toml"))
        process = _start(stack, folder, ends["gateway"], serve)
        pids = [process.pid]
        if beside:
            pids.append(_start_worker(stack, folder).pid)
        if plans:
            _start(stack, folder, ends["plan"], _plan_system(folder, ends, plans))
        yield Installation(ends["gateway"], tuple(pids), _token(ends["issuer"]))


def enter_children(installation: Installation, count: int) -> None:
    """Hand in the logs of so many children. Raises RuntimeError unless every record is stored."""
    with httpx.Client(headers=installation.headers, timeout=120) as client:
        for first in range(0, count, 50):
            batch = [r for child in range(first, min(first + 50, count)) for r in children.log_records(child)]
            answer = client.post(installation.records, json=batch).raise_for_status().json()["results"]
            if {one["status"] for one in answer} != {"stored"}:
                raise RuntimeError(f"not every record was stored: {answer}")


def _start(stack: ExitStack, folder: Path, url: str, command: Sequence[str]) -> Any:
    port = int(url.rpartition(":")[2])
    log = folder / f"{port}.log"
    return stack.enter_context(running([*command, "--port", str(port)], port, log, ENVIRONMENT))


def _start_worker(stack: ExitStack, folder: Path) -> Any:
    command = _python("gateway.cli", "worker", "--config", str(folder / "stafettbro.toml"))
    return stack.enter_context(started(command, folder / "worker.log", ENVIRONMENT))


def _python(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


def _plan_system(folder: Path, ends: dict[str, str], count: int) -> list[str]:
    seed = folder / "plans.json"
    seed.write_text(json.dumps([record for child in range(count) for record in children.plan_records(child)]))
    command = _python("gateway.demo.records_system", PLAN, "--file", str(folder / "plan.db"))
    return [*command, "--gateway", ends["gateway"], "--issuer", ends["issuer"], "--seed", str(seed)]


def _token(issuer: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": LOG, "client_secret": SECRET}
    token: str = httpx.post(f"{issuer}/token", data=form).raise_for_status().json()["access_token"]
    return token
