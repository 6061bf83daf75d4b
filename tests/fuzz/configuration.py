"""The stafettbro.toml of the campaign: two municipalities in one installation, systems of every kind, one
that nobody answers for, a store of reports, and a login for families."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from gateway.access import scopes
from tests.access.issuer_server import AUDIENCE
from tests.api.world import ORGANIZATIONS
from tests.web.person import ORIGIN

HERE, THERE = "fjordbyen", "nabokommune"
CHILD_WELFARE = {"number": "387574913", "name": "Fjordbyen barneverntjeneste", "regime": "child-welfare"}
NOBODY_THERE = "http://127.0.0.1:9"
SYSTEMS: tuple[dict[str, Any], ...] = (
    {"id": "logg", "adapter": "stafettlogg", "organization": "362819482", "audience": "participants"},
    {"id": "plan", "adapter": "individuell-plan", "organization": "359797117", "deliver": "pull"},
    {"id": "bup", "adapter": "fhir", "organization": "343231946", "deliver": "pull"},
    {"id": "lege", "adapter": "fhir", "organization": "339825971"},
    {"id": "ppt", "adapter": "stafettlogg", "organization": "321993516"},
    {"id": "barnevern", "adapter": "stafettlogg", "organization": "387574913", "url": NOBODY_THERE},
    {"id": "fagsystem", "adapter": "individuell-plan", "organization": "359797117", "deliver": "push"}
    | {"url": NOBODY_THERE, "probe_seconds": 2.0, "send_deadline_seconds": 1.0},
    {"id": "nabologg", "tenant": THERE, "adapter": "stafettlogg", "organization": "362819482"},
    {"id": "nabobup", "tenant": THERE, "adapter": "fhir", "organization": "343231946"},
)
_GRANTING = {
    scopes.ACTS_WRITE, scopes.EMERGENCY_WRITE, scopes.CONSENTS_WRITE, scopes.PEOPLE_WRITE,
    scopes.RECALL_WRITE, scopes.LANES_WRITE, scopes.METRICS_READ, scopes.AUDIT_READ,
}  # fmt: skip
_READING = {scopes.FHIR_READ, scopes.TIMELINE_READ, scopes.RECORDS_READ, scopes.DECISIONS_READ}
CLIENTS: dict[str, tuple[str, str | None, frozenset[str]]] = {
    "logg": (HERE, "logg", scopes.ALL),
    "plan": (HERE, "plan", scopes.ALL - _GRANTING),
    "bup": (HERE, "bup", scopes.ALL - _GRANTING),
    "leser": (HERE, "bup", frozenset(_READING)),
    "lege": (HERE, "lege", scopes.ALL - _GRANTING),
    "barnevern": (HERE, "barnevern", scopes.UNGATED),
    "drift": (HERE, None, scopes.ALL),
    "nabologg": (THERE, "nabologg", scopes.ALL),
    "nabobup": (THERE, "nabobup", scopes.ALL - _GRANTING),
    "nabodrift": (THERE, None, scopes.ALL),
}


def configuration(
    database_url: str, folder: Path, issuer: str, provider: str | None, key: ECKey
) -> dict[str, Any]:
    """The configuration as values. provider: where families log in, if they can."""
    numbers = {**ORGANIZATIONS}
    organizations = [{"number": n, "name": name, "regime": regime} for n, (name, regime) in numbers.items()]
    systems = [{"tenant": HERE, "deliver": "none", **one} for one in SYSTEMS]
    ends = [(one["id"], one["tenant"]) for one in systems if one["id"] not in ("ppt", "barnevern")]
    return {
        "public_url": ORIGIN,
        "database_url": database_url,
        "state_folder": str(folder / "state"),
        "identifier_key_ref": "env:FUZZ_KEY",
        "embedded_worker": False,
        "sweep_seconds": 5.0,
        "audit_head_seconds": 5.0,
        "limits": {"requests_per_second": 100_000, "requests_at_once": 1_000_000},  # no 429 hides anything
        "tenants": [
            {
                "id": HERE,
                "name": "Fjordbyen kommune",
                "child_welfare": "barnevern",
                "anonymous_discussion": True,
            },
            {"id": THERE, "name": "Nabokommunen", "anonymous_discussion": True},
        ],
        "organizations": [*organizations, CHILD_WELFARE],
        "systems": systems,
        "routes": [
            {"source": a, "recipient": b} for a, here in ends for b, there in ends if a != b and here == there
        ],
        "issuers": [{"issuer": issuer, "audience": AUDIENCE, "tokens": "bearer"}],
        "clients": [_client(issuer, name) for name in CLIENTS],
        **({"logins": [_login(folder, provider, key)]} if provider else {}),
    }


def _client(issuer: str, name: str) -> dict[str, Any]:
    tenant, system, reach = CLIENTS[name]
    own = {"issuer": issuer, "client_id": name, "tenant": tenant, "scopes": sorted(reach)}
    return own | ({"system": system} if system else {})


def _login(folder: Path, provider: str, key: ECKey) -> dict[str, Any]:
    path = folder / "login.jwk"
    path.write_text(json.dumps(key.as_dict(private=True)))
    return {
        "id": "idporten", "name": "ID-porten", "who": "family", "tenant": HERE, "issuer": provider,
        "client_id": "stafettbro", "key_ref": f"file:{path}", "scope": "openid profile",
        "acr": ["idporten-loa-substantial", "idporten-loa-high"],
    }  # fmt: skip
