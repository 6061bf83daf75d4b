"""The stafettbro.toml of these tests: one municipality with a stafettlogg, a plan system and BUP, everything
routed everywhere, so that consent alone decides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.access import scopes
from tests.access.issuer_server import AUDIENCE
from tests.end_to_end.systems import Systems

TENANT = "fjordbyen"
SYSTEMS = ("stafettlogg", "individuell-plan", "bup")
OPERATOR = "drift"
ORGANIZATIONS = {
    "362819482": ("Solvang barneskole", "education"),
    "318625271": ("Nordbygda ungdomsskule", "education"),
    "321993516": ("PPT for Indre Fjord", "education"),
    "381909379": ("Fjordbyen helsestasjon", "health"),
    "343231946": ("BUP Fjordane, Indre Fjord", "health"),
    "339825971": ("Fjordbyen legesenter", "health"),
    "359797117": ("Koordinerende enhet, Fjordbyen kommune", "administration"),
    "387574913": ("Fjordbyen barneverntjeneste", "child-welfare"),
}


def configuration(
    database_url: str, folder: Path, systems: Systems, issuer_url: str, poll_seconds: float
) -> dict[str, Any]:
    """The configuration as values. Tokens lie in files of the folder."""
    return {
        "database_url": database_url,
        "state_folder": str(folder / "state"),
        "tenants": [{"id": TENANT, "name": "Fjordbyen kommune"}],
        "organizations": [
            {"number": number, "name": name, "regime": regime}
            for number, (name, regime) in ORGANIZATIONS.items()
        ],
        "systems": [
            _records(folder, "stafettlogg", "362819482", systems.stafettlogg.wire.url)
            | {"readers": ["guardians", "child"]},
            _records(folder, "individuell-plan", "359797117", systems.plan.wire.url)
            | {"ids": systems.plan.variant.get("ids", "ours")},
            _bup(folder, systems.bup.wire.url, poll_seconds),
        ],
        "routes": [{"source": a, "recipient": b} for a in SYSTEMS for b in SYSTEMS if a != b],
        "issuers": [{"issuer": issuer_url, "audience": AUDIENCE, "tokens": "bearer"}],
        "clients": [_client(issuer_url, name) for name in (*SYSTEMS, OPERATOR)],
    }


def write_tokens(folder: Path, systems: Systems) -> None:
    """The secrets that the configuration names."""
    tokens = {
        "stafettlogg": systems.stafettlogg.peer.token,
        "individuell-plan": systems.plan.peer.token,
        "bup": systems.bup.peer.token,
    }
    for name, token in tokens.items():
        (folder / f"{name}.token").write_text(token)


def _records(folder: Path, name: str, organization: str, url: str) -> dict[str, Any]:
    return {
        "id": name,
        "tenant": TENANT,
        "adapter": name,
        "organization": organization,
        "url": url,
        "audience": "participants",
        "credentials": _credentials(folder, name),
    }


def _bup(folder: Path, url: str, poll_seconds: float) -> dict[str, Any]:
    return {
        "id": "bup",
        "tenant": TENANT,
        "adapter": "fhir",
        "organization": "343231946",
        "url": url,
        "poll_seconds": poll_seconds,
        "credentials": _credentials(folder, "bup"),
    }


def _credentials(folder: Path, name: str) -> dict[str, Any]:
    return {"kind": "bearer", "token_ref": f"file:{folder / name}.token"}


def _client(issuer_url: str, name: str) -> dict[str, Any]:
    acting = {"system": name} if name in SYSTEMS else {}
    return {"issuer": issuer_url, "client_id": name, "tenant": TENANT, "scopes": sorted(scopes.ALL)} | acting


def toml(values: dict[str, Any], name: str = "") -> str:
    """The values as TOML; JSON writes strings, numbers and lists of strings as TOML does."""
    plain = {k: v for k, v in values.items() if not isinstance(v, dict) and not _tables(v)}
    parts = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()]
    for key, value in values.items():
        path = f"{name}.{key}" if name else key
        if isinstance(value, dict):
            parts += [f"[{path}]", toml(value, path)]
        elif _tables(value):
            parts += [part for one in value for part in (f"[[{path}]]", toml(one, path))]
    return "\n".join(parts)


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
