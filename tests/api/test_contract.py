"""The published contract is that of the routes."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.api.app import PARTS, assemble
from gateway.api.contract import contract, written

FILE = Path(__file__).resolve().parents[2] / "openapi" / "stafettbro.json"
OPEN = {"/healthz", "/readyz"}


def test_the_file_is_what_the_routes_say() -> None:
    assert FILE.read_text(encoding="utf-8") == written(assemble()), (
        "run: python -m gateway.api.contract > openapi/stafettbro.json"
    )


def test_every_reference_in_the_contract_leads_somewhere() -> None:
    document = contract(assemble())
    named = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    text = json.dumps(document)
    used = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    assert used <= named


def test_every_route_but_health_stands_behind_a_token() -> None:
    for path, item in contract(assemble())["paths"].items():
        for method, operation in item.items():
            assert operation["security"] == ([] if path in OPEN else [{"dpop": []}, {"bearer": []}]), (
                method,
                path,
            )
            assert operation["summary"], (method, path)
            if path not in OPEN:
                assert {"401", "403"} <= set(operation["responses"]), (method, path)


def test_no_route_is_left_out() -> None:
    routes = {getattr(route, "path", None) for part in PARTS for route in part.router.routes}
    assert routes == set(contract(assemble())["paths"])
