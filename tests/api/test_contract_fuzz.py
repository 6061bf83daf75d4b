"""Schemathesis over the published contract against the running service: whatever is sent, no 5xx and no
answer that the contract does not know."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from gateway.api.app import assemble
from gateway.api.contract import contract
from tests.access.issuer_server import Issuer
from tests.api import world as worlds
from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.world import World, fields
from tests.databases import SqliteTemplate

EXAMPLES = 12  # of each kind for each operation


def told() -> dict[str, Any]:
    """The contract with bearer tokens alone: of proofs Schemathesis knows nothing, and cannot make up wrong
    ones (tests/api/test_forged.py does)."""
    document = deepcopy(contract(assemble()))  # parts of it are every document's
    del document["components"]["securitySchemes"]["dpop"]
    for item in document["paths"].values():
        for operation in item.values():
            operation["security"] = [one for one in operation["security"] if "dpop" not in one]
    return document


SCHEMA = schemathesis.openapi.from_dict(told())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
load_all_checks()
# A search needs a patient or ids, a resource needs to be valid R4, a record needs its system's form: more
# than a schema says. So what fits the schema may be refused; it may never break.
LEFT_OUT = [CHECKS.get_one("positive_data_acceptance")]


class Server(uvicorn.Server):
    """A server that says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@dataclass(frozen=True, slots=True)
class Running:
    """A served gateway and things that are there."""

    url: str
    world: World
    patient: str
    refs: dict[str, str]
    lane: str

    def client(self, path: str) -> str:
        """Whose token goes with a path."""
        if path.startswith(("/fhir", "/timeline")):
            return "bup"
        return "drift" if path.startswith(("/lanes", "/decisions", "/disclosures", "/metrics")) else "plan"

    def known(self, path: str) -> dict[str, Any]:
        """Path parameters that lead to something."""
        values = {"system": "plan", "patient": self.patient, "lane_id": self.lane, "type": "Goal"}
        values |= {"id": self.refs["Goal"], "version": "1"}
        return {name: value for name, value in values.items() if f"{{{name}}}" in path}

    def asked(self, path: str) -> dict[str, Any] | None:
        """Query parameters that lead to something."""
        if path == "/fhir/{type}":
            return {"patient": self.patient}
        if path in ("/decisions", "/disclosures"):
            return {"patient": self.patient, **({"recipient": "bup"} if path == "/decisions" else {})}
        return None


@pytest.fixture(scope="module")
def running(
    issuer: Issuer, _sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    with _sqlite_template.copy(folder) as url:
        world = World(worlds.settings(url, folder, issuer), issuer)
        emma = records("stafettlogg", "emma")
        world.hand_in("logg", emma)
        world.hand_in("plan", records("individuell-plan", "emma"))
        own = person(world, emma[0])
        goals = fields(world.get(f"/fhir/Goal?patient={own}", "bup"))["entry"]
        lane = fields(world.get("/lanes?recipient=bup", "drift"))["lanes"][0]["id"]
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(world.app, log_level="warning", access_log=False)
        server = Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        assert server.up.wait(20)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield Running(address, world, own, {"Goal": goals[0]["resource"]["id"]}, lane)
        server.should_exit = True
        thread.join()
        world.close()


def attempt(
    running: Running,
    operation: Any,
    mode: GenerationMode,
    known: dict[str, Any] | None = None,
    query: dict[str, Any] | None = None,
) -> None:
    token = running.world.token(running.client(operation.path))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=known or None, query=query))
    def run(case: Case) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        case.call_and_validate(base_url=running.url, headers=headers, excluded_checks=LEFT_OUT, timeout=20)

    run()


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method.upper()} {o.path}")
def test_no_answer_is_outside_the_contract(running: Running, operation: Any) -> None:
    known = running.known(operation.path)
    asked = running.asked(operation.path)
    attempt(running, operation, GenerationMode.POSITIVE, known, asked)
    if known or asked:
        attempt(running, operation, GenerationMode.POSITIVE)
    if operation.path_parameters or operation.query or operation.headers or operation.body:
        attempt(running, operation, GenerationMode.NEGATIVE)
    assert fields(running.world.http.get("/readyz"))["ready"]
