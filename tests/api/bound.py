"""A gateway with one issuer as HelseID is and one of bearer tokens, one client at both, what it asks."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from joserfc.jwk import ECKey

from gateway import jsontext
from gateway.access import scopes
from gateway.access.nonces import PURPOSE, WINDOW_SECONDS, Nonces
from gateway.config import Settings
from gateway.hub import shown_proofs
from tests.access.forging import AROUND, BASE, HOST, ORGANIZATION, PREFIX, SECURITY_LEVEL
from tests.access.issuer_server import AUDIENCE, Issuer
from tests.access.possession import Holder, Sent
from tests.api.world import World

Answer = tuple[int, dict[str, str], dict[str, Any]]
CLIENT = "drift"


def strict(plain: Settings, helseid: Issuer, municipal: Issuer, system: str | None = None) -> Settings:
    """One issuer as HelseID is, one of bearer tokens, and the same client at both. system: which it acts for;
    None: an operator."""
    client = {"client_id": CLIENT, "tenant": "fjordbyen", "scopes": sorted(scopes.ALL), "system": system}
    issuers = [
        {
            "issuer": helseid.url,
            "audience": AUDIENCE,
            "organizations": "helseid",
            "scope_prefix": PREFIX,
            "level_claim": SECURITY_LEVEL,
            "levels": ["4"],
        },
        {"issuer": municipal.url, "audience": AUDIENCE, "tokens": "bearer"},
    ]
    clients = [
        {**client, "issuer": helseid.url, "organization": "359797117"},
        {**client, "issuer": municipal.url},
    ]
    named = {"public_url": BASE, "hosts": (*plain.hosts, HOST)}
    told = plain.model_dump() | named | {"issuers": issuers, "clients": clients}
    return Settings.model_validate(told)


def holder(world: World, helseid: Issuer, municipal: Issuer) -> Holder:
    """A client of the first issuer, with a nonce of now."""
    now, key = int(time.time()), ECKey.generate_key("P-256")
    times = {"iat": now, "exp": now + 3600}
    claims = helseid.claims(
        **times,
        client_id=CLIENT,
        scope=" ".join(PREFIX + scope for scope in sorted(scopes.ALL)),
        cnf={"jkt": key.thumbprint()},
        **{ORGANIZATION: "359797117"},
    )
    secret = world.service.key.derived(PURPOSE)
    with world.service.store.outside() as connection:
        since = shown_proofs.begun(connection, datetime.now(UTC)).isoformat()
    return Holder(
        base=BASE,
        nonce=Nonces(secret, time.time).fresh(since),
        key=key,
        token=helseid.token(**claims),
        header={"alg": "ES256", "kid": "k1", "typ": "at+jwt"},
        claims=claims,
        issuer=helseid.key,
        neighbour=municipal.url,
        bearer=municipal.token(client_id=CLIENT, scope=" ".join(sorted(scopes.ALL)), **times),
        stale=Nonces(secret, lambda: time.time() - 2 * WINDOW_SECONDS).fresh(since),
    )


async def asked(world: World, sent: Sent) -> Answer:
    """What the application answers, called as its server calls it."""
    path, _, query = sent.address.partition("?")
    headers = [*AROUND, *sent.headers]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": sent.method,
        "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(),
        "headers": [(name.encode(), text.encode()) for name, text in headers],
    }  # fmt: skip
    given: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": sent.body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        given.append(message)

    await world.app(scope, receive, send)
    named = {name.decode().lower(): text.decode() for name, text in given[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in given[1:])
    return given[0]["status"], named, jsontext.decode(body) if "json" in named.get("content-type", "") else {}
