"""The configuration file of the plant: a stafettlogg that hands in, and a plan system, BUP and a GP's journal
that receive."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.peers import Peer

TENANT = "fjordbyen"
SYSTEMS: tuple[dict[str, Any], ...] = (
    {"id": "stafettlogg", "adapter": "stafettlogg", "organization": "362819482", "deliver": "none"},
    {"id": "individuell-plan", "adapter": "individuell-plan", "organization": "359797117", "deliver": "push"},
    {"id": "bup", "adapter": "fhir", "organization": "343231946", "deliver": "push"},
    {"id": "fastlege", "adapter": "fhir", "organization": "339825971", "deliver": "push"},
)
RECEIVING = {"slots": 4, "probe_seconds": 0.5, "probe_max_seconds": 2.0, "send_deadline_seconds": 5.0}
SWEEP_SECONDS = 5.0
BEARER = {"tokens": "bearer"}  # an issuer whose tokens count for whoever holds them
CLIENTS: dict[str, dict[str, Any]] = {
    "logg": {"system": "stafettlogg", "scopes": ["records.write"]},
    "ip": {"system": "individuell-plan", "scopes": ["records.write"]},
    "drift": {"scopes": ["lanes.read", "consents.write"]},
}


def configuration(
    *,
    port: int,
    database_url: str,
    folder: Path,
    issuer: dict[str, str],
    peers: dict[str, Peer],
    **receiving: Any,
) -> str:
    """stafettbro.toml. issuer: its table; `receiving` changes what every recipient's table says."""
    head = {
        "public_url": f"http://127.0.0.1:{port}",
        "database_url": database_url,
        "state_folder": str(folder),
        "identifier_key_ref": "env:PLANT_KEY",
        "embedded_worker": database_url.startswith("sqlite"),
        "sweep_seconds": SWEEP_SECONDS,
    }
    parts = [_keys(head), _table("[[tenants]]", {"id": TENANT, "name": "Fjordbyen"})]
    for system in [s for s in SYSTEMS if s["id"] in peers or s["deliver"] == "none"]:
        parts += _system(system, peers.get(system["id"]), RECEIVING | receiving)
    parts.append(_table("[[issuers]]", {**issuer, "audience": "stafettbro"}))
    for client, may in CLIENTS.items():
        parts.append(
            _table("[[clients]]", {"issuer": issuer["issuer"], "client_id": client, "tenant": TENANT, **may})
        )
    return "\n".join(parts)


def secret_name(system: str) -> str:
    """The environment variable that holds the token for a recipient."""
    return f"PLANT_{system.upper().replace('-', '_')}"


def _system(system: dict[str, Any], peer: Peer | None, receiving: dict[str, Any]) -> list[str]:
    table = {"tenant": TENANT, **system}
    if system["adapter"] != "fhir":
        table["audience"] = "participants"
    if peer is None:
        return [_table("[[systems]]", table)]
    token = {"kind": "bearer", "token_ref": f"env:{secret_name(system['id'])}"}
    return [
        _table("[[systems]]", table | receiving | {"url": peer.url}),
        _table("[systems.credentials]", token),
        _table("[[routes]]", {"source": "stafettlogg", "recipient": system["id"]}),
    ]


def _table(heading: str, values: dict[str, Any]) -> str:
    return f"{heading}\n{_keys(values)}"


def _keys(values: dict[str, Any]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
