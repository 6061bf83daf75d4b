"""The published system contract is what the adapter asks and what a system that follows it answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator

from adapters.contract import Write
from adapters.stafettlogg import Stafettlogg
from tests.adapters import let_in
from tests.peers import Peer, records_server

CONTRACT = Path(__file__).parents[2] / "openapi" / "system-contract.yaml"


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module", params=["ours", "theirs"])
def peer(request: pytest.FixtureRequest) -> Iterator[Peer]:
    with records_server(ids=request.param, versions="yes") as started:
        yield started


def resolved(contract: dict[str, Any], node: Any) -> Any:
    """The node with every local reference put in place."""
    if isinstance(node, list):
        return [resolved(contract, part) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = contract
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return resolved(contract, target)
    return {name: resolved(contract, part) for name, part in node.items()}


def operation(contract: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = resolved(contract, contract["paths"][path][method])
    return found


def test_every_reference_leads_somewhere(contract: dict[str, Any]) -> None:
    assert contract["openapi"].startswith("3.1")
    whole = resolved(contract, contract)
    for path in whole["paths"].values():
        for method, described in path.items():
            if method != "parameters":
                assert described["operationId"]
                for response in described["responses"].values():
                    for media in response.get("content", {}).values():
                        Draft202012Validator.check_schema(media["schema"])


@pytest.mark.anyio
async def test_the_adapter_asks_only_what_the_contract_describes(
    contract: dict[str, Any], peer: Peer
) -> None:
    ids = httpx.get(f"{peer.url}/info", headers=peer.headers, trust_env=False).json()["ids"]
    asked: list[httpx.Request] = []

    async def note(request: httpx.Request) -> None:
        asked.append(request)

    async with httpx.AsyncClient(trust_env=False, event_hooks={"request": [note]}) as client:
        adapter = Stafettlogg(peer.url, let_in.bearer(peer.token), ids=ids, client=client)
        record = {"type": "maal", "id": "m1", "tekst": "x"}
        new = Write("Goal/m1", record, None, None, "a1", source="bup")
        written = await adapter.write(new)
        changed = Write("Goal/m1", {**record, "tekst": "y"}, written.remote_id, written.version, "a2")
        await adapter.write(changed)
        await adapter.changes(None)
        await adapter.check()
    for request in asked:
        _is_described(contract, request)
    assert {request.method for request in asked} >= {"GET", "PUT"}


def _is_described(contract: dict[str, Any], request: httpx.Request) -> None:
    path = request.url.path.removeprefix("/api")
    template = path if path in contract["paths"] else "/records/{id}"
    described = operation(contract, request.method.lower(), template)
    known = {(p["in"], p["name"].lower()) for p in described.get("parameters", [])}
    for name in request.url.params:
        assert ("query", name) in known
    ours = {name for name in request.headers if name.startswith(("stafettbro-", "if-", "idempotency"))}
    assert {("header", name) for name in ours} <= known
    required = {p["name"].lower() for p in described.get("parameters", []) if p.get("required")}
    assert required - {"id"} <= set(request.headers)


def test_a_system_that_follows_it_answers_as_described(contract: dict[str, Any], peer: Peer) -> None:
    for path in ("/info", "/records"):
        answer = httpx.get(f"{peer.url}{path}", headers=peer.headers, trust_env=False)
        content = operation(contract, "get", path)["responses"][str(answer.status_code)]["content"]
        Draft202012Validator(content["application/json"]["schema"]).validate(answer.json())
