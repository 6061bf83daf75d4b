"""A gateway with three systems, an operator and a neighbour municipality, for tests at its front door."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.testclient import TestClient

from gateway import jsontext
from gateway.access import scopes
from gateway.api.app import create_app
from gateway.config import Settings
from gateway.exchange.breaker import ensure_recipients
from gateway.service import Service, build
from tests.access.issuer_server import AUDIENCE, Issuer

KEYS_LATE, TIMES = "issuer-unavailable", 5
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ORGANIZATIONS = {
    "362819482": ("Solvang barneskole", "education"),
    "321993516": ("PPT for Indre Fjord", "education"),
    "381909379": ("Fjordbyen helsestasjon", "health"),
    "343231946": ("BUP Fjordane, Indre Fjord", "health"),
    "339825971": ("Fjordbyen legesenter", "health"),
    "359797117": ("Koordinerende enhet, Fjordbyen kommune", "administration"),
}
SYSTEMS: tuple[dict[str, Any], ...] = (
    {"id": "logg", "adapter": "stafettlogg", "organization": "359797117", "audience": "participants"},
    {"id": "plan", "adapter": "individuell-plan", "organization": "359797117", "deliver": "pull"},
    {"id": "bup", "adapter": "fhir", "organization": "343231946", "deliver": "none"},
    {"id": "lege", "adapter": "fhir", "organization": "339825971", "deliver": "none"},
)
CLIENTS = {
    "logg": ("fjordbyen", "logg"),
    "plan": ("fjordbyen", "plan"),
    "bup": ("fjordbyen", "bup"),
    "lege": ("fjordbyen", "lege"),
    "drift": ("fjordbyen", None),
    "nabo": ("nabokommune", "nabologg"),
    "nabodrift": ("nabokommune", None),
}


def settings(url: str, state: Path, issuer: Issuer) -> Settings:
    """The configuration. Nothing is delivered by push: whoever listens at no address gets nothing."""
    systems = [{"tenant": "fjordbyen", "deliver": "none", **one} for one in SYSTEMS]
    systems.append({**systems[0], "id": "nabologg", "tenant": "nabokommune"})
    names = [s["id"] for s in SYSTEMS]
    return Settings.model_validate(
        {
            "public_url": "http://testserver",
            "hosts": ["testserver"],
            "limits": {"requests_per_second": 100_000, "requests_at_once": 1_000_000},
            "database_url": url,
            "state_folder": str(state),
            "tenants": [
                {"id": "fjordbyen", "name": "Fjordbyen kommune"},
                {"id": "nabokommune", "name": "Nabokommunen"},
            ],
            "organizations": [
                {"number": number, "name": name, "regime": regime}
                for number, (name, regime) in ORGANIZATIONS.items()
            ],
            "systems": systems,
            "routes": [{"source": a, "recipient": b} for a in names for b in names if a != b],
            "issuers": [{"issuer": issuer.url, "audience": AUDIENCE, "tokens": "bearer"}],
            "clients": [
                {
                    "issuer": issuer.url,
                    "client_id": name,
                    "tenant": tenant,
                    "system": system,
                    "scopes": sorted(scopes.ALL),
                }
                for name, (tenant, system) in CLIENTS.items()
            ],
        }
    )


class World:
    """A gateway and its callers."""

    def __init__(self, settings: Settings, issuer: Issuer) -> None:
        self.issuer = issuer
        self.now = NOW
        self.service: Service = build(settings, lambda: self.now)
        with self.service.store.write(*settings.tenant_ids) as connection:
            ensure_recipients(connection, settings.systems)
        self.app = create_app(self.service)
        self.http = TestClient(self.app)

    def token(self, client: str, scope: str | None = None) -> str:
        """A token of that client, valid now."""
        now = int(time.time())
        wanted = " ".join(sorted(scopes.ALL)) if scope is None else scope
        return self.issuer.token(client_id=client, iat=now, exp=now + 3600, scope=wanted)

    def headers(self, client: str, scope: str | None = None, **more: str) -> dict[str, str]:
        """Authorization and what else."""
        named = {name.replace("_", "-"): text for name, text in more.items()}
        return {"Authorization": f"Bearer {self.token(client, scope)}", **named}

    def get(self, path: str, client: str, **more: str) -> httpx.Response:
        """One read."""
        return self._asked(lambda: self.http.get(path, headers=self.headers(client, **more)))

    def post(self, path: str, client: str, body: Any = None, **more: str) -> httpx.Response:
        """One write of JSON."""
        content = body if isinstance(body, bytes) else jsontext.encode(body)
        headers = {"Content-Type": "application/json"} | self.headers(client, **more)
        return self._asked(lambda: self.http.post(path, content=content, headers=headers))

    def _asked(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """On a crowded machine the issuer's keys may not come within the five seconds that the gateway waits
        for them. It then says 503 and when to ask again, and that is done, as a caller would."""
        answer = ask()
        for _ in range(TIMES):
            if not (answer.status_code == 503 and self.issuer.answers and KEYS_LATE in answer.text):
                break
            time.sleep(float(answer.headers["retry-after"]))
            answer = ask()
        return answer

    def hand_in(self, system: str, records: Any, **more: str) -> httpx.Response:
        """Records through the front door."""
        return self.post(f"/systems/{system}/records", system, records, **more)

    def later(self, minutes: int = 1) -> None:
        """Let time pass."""
        self.now += timedelta(minutes=minutes)

    def close(self) -> None:
        """End."""
        self.http.close()
        self.service.close()


def fields(response: httpx.Response) -> Any:
    """The body, decimals kept."""
    return jsontext.decode(response.content)
