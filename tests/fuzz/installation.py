"""The gateway that is fuzzed: its real processes over a database of their own, the planted children, and
the credentials of everyone who calls."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from joserfc.jwk import ECKey
from sqlalchemy import select

from gateway import jsontext
from gateway.access import scopes
from gateway.hub.schema.tables import resource
from tests import peers
from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.end_to_end.configuration import toml
from tests.end_to_end.plant import Plant, free_port, wait_until
from tests.fuzz.canaries import Canaries
from tests.fuzz.children import MOTHER
from tests.fuzz.configuration import CLIENTS, configuration
from tests.fuzz.wire import Headers, Wire
from tests.sealed import looking
from tests.web.person import ORIGIN, Person

LASTS = 4 * 3600  # seconds, of a token
NOBODY, FAMILY = "ingen", "mor"


class _There(httpx.BaseTransport):
    """Brings what is meant for the public address to the process on this machine, as its proxy does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        there = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return self._inner.handle_request(
            httpx.Request(request.method, there, headers=request.headers, stream=request.stream)
        )

    def close(self) -> None:
        self._inner.close()


@dataclass
class Installation(Plant):
    """The running processes. family: the browser of Fri's mother, where families can log in."""

    port: int = 0
    issuer: Issuer | None = None
    family: Person | None = None
    canaries: Canaries = field(default_factory=Canaries)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=60))

    def wire(self) -> Wire:
        """A connection of one's own."""
        return Wire(self.port)

    def renew(self) -> None:
        """New tokens, and a session where it has ended."""
        assert self.issuer is not None
        now = int(time.time())
        times = {"iat": now, "exp": now + LASTS, "scope": " ".join(sorted(scopes.ALL))}
        self.tokens = {name: self.issuer.token(client_id=name, **times) for name in CLIENTS}
        if self.family is not None and "/min-side/barn/" not in self.family.http.get("/min-side").text:
            self.family.log_in(MOTHER)

    def credentials(self, caller: str) -> Headers:
        """What a caller shows."""
        if caller == FAMILY and self.family is not None:
            kept = "; ".join(f"{name}={value}" for name, value in self.family.http.cookies.items())
            return ((b"Cookie", kept.encode()),)
        token = self.tokens.get(caller)
        return ((b"Authorization", f"Bearer {token}".encode()),) if token else ()

    def call(self, client: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A request as it should be; its answer, which is expected to be good."""
        own = {"Authorization": f"Bearer {self.tokens[client]}"}
        own |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else jsontext.encode(body)
        own = {"Content-Type": "application/json"} | own if content else own
        answer = self.http.request(method, f"{self.url}{path}", content=content, headers=own)
        assert answer.status_code < 400, (method, path, answer.text)
        return answer.json()

    def hand_in(self, system: str, records: list[dict[str, Any]]) -> dict[str, str]:
        """Records through the front door: what each of them is in the hub, by its id there."""
        results = self.call(system, "POST", f"/systems/{system}/records", records)["results"]
        assert {one["status"] for one in results} <= {"stored", "conflict"}, results
        return {one["id"]: one["resource"] for one in results}

    def persons(self, tenant: str) -> dict[str, str]:
        """Whose each resource is."""
        with (
            closing(looking(self.database_url, self.folder / "state")) as store,
            store.read(tenant) as connection,
        ):
            rows = connection.execute(select(resource.c.ref, resource.c.person)).all()
        return {row.ref: row.person for row in rows}

    def up(self) -> bool:
        """Whether the gateway takes requests."""
        try:
            return self.http.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def alive(self) -> bool:
        """Whether every process still runs."""
        return all(process.poll() is None for process in self.processes.values())


@contextmanager
def installed(folder: Path, database_url: str) -> Iterator[Installation]:
    """Start everything. On PostgreSQL two workers of their own beside `serve`."""
    with ExitStack() as stack:
        issuer = stack.enter_context(issuer_server.running())
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        provider = _provider(stack, key)
        made = _installation(folder, database_url, issuer, provider, key)
        stack.callback(made.stop_all)
        stack.callback(made.http.close)
        if not database_url.startswith("sqlite"):
            made.employ(2)
        for name in made.commands:
            made.start(name)
        wait_until(made.up, 120, "the gateway is ready")
        if provider is not None:
            http = httpx.Client(base_url=ORIGIN, transport=_There(made.port), timeout=60)
            stack.callback(http.close)
            made.family = Person(http, provider)
        yield made


def _provider(stack: ExitStack, key: ECKey) -> str | None:
    """The certified provider, where Node is; in CI it must be."""
    if peers.unavailable("oidc") and not os.environ.get("CI"):
        return None
    back = [f"{ORIGIN}/min-side/logg-inn/idporten/svar"]
    keys = {"keys": [key.as_dict(private=False)]}
    client = {"client_id": "stafettbro", "redirect_uris": back, "jwks": keys}
    return stack.enter_context(peers.oidc([client])).url


def _installation(
    folder: Path, database_url: str, issuer: Issuer, provider: str | None, key: ECKey
) -> Installation:
    port, config = free_port(), folder / "stafettbro.toml"
    told = configuration(database_url, folder, issuer.url, provider, key)
    config.write_text(toml(told), encoding="utf-8")
    serve = [sys.executable, "-m", "gateway.cli", "serve", "--config", str(config), "--port", str(port)]
    return Installation(
        folder=folder,
        database_url=database_url,
        url=f"http://127.0.0.1:{port}",
        tokens={},
        recipients={},
        environment={**os.environ, "FUZZ_KEY": "k" * 64},
        commands={"serve": serve},
        port=port,
        issuer=issuer,
    )
