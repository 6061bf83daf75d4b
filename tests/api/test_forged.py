"""At every protected route of the published contract, each forged request is refused for its own reason;
the right one, which they all come from, is let in."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from gateway import jsontext
from gateway.access import scopes
from gateway.access.nonces import PURPOSE, WINDOW_SECONDS, Nonces
from gateway.config import Settings
from gateway.hub import shown_proofs
from tests.access import issuer_server
from tests.access.forged import FORGED, PAGE, page
from tests.access.forging import AROUND, BASE, ORGANIZATION, PREFIX, SECURITY_LEVEL
from tests.access.issuer_server import AUDIENCE, Issuer
from tests.access.possession import Holder, Sent
from tests.api.world import World, settings

CONTRACT = Path(__file__).resolve().parents[2] / "openapi" / "stafettbro.json"
PLACES = {"system": "logg", "type": "Goal"}  # in paths; all else is "x"
Answer = tuple[int, dict[str, str], dict[str, Any]]


def routes() -> Iterator[tuple[str, str]]:
    """Method and path of each protected operation that is published."""
    for path, item in json.loads(CONTRACT.read_text())["paths"].items():
        for method, operation in item.items():
            if operation["security"]:
                yield method.upper(), re.sub(r"{(\w+)}", lambda m: PLACES.get(m[1], "x"), path)


ROUTES = tuple(routes())


def strict(plain: Settings, helseid: Issuer, municipal: Issuer) -> Settings:
    """One issuer as HelseID is, one of bearer tokens, and the same client at both."""
    client = {"client_id": "drift", "tenant": "fjordbyen", "scopes": sorted(scopes.ALL)}
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
    told = plain.model_dump() | {"public_url": BASE, "issuers": issuers, "clients": clients}
    return Settings.model_validate(told)


def holder(world: World, helseid: Issuer, municipal: Issuer) -> Holder:
    """A client of the first issuer, with a nonce of now."""
    now, key = int(time.time()), ECKey.generate_key("P-256")
    times = {"iat": now, "exp": now + 3600}
    claims = helseid.claims(
        **times,
        client_id="drift",
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
        bearer=municipal.token(client_id="drift", scope=" ".join(sorted(scopes.ALL)), **times),
        stale=Nonces(secret, lambda: time.time() - 2 * WINDOW_SECONDS).fresh(since),
    )


@pytest.fixture(scope="module")
def helseid() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


@pytest.fixture
def strict_world(sqlite_url: str, tmp_path: Path, helseid: Issuer, issuer: Issuer) -> Iterator[World]:
    made = World(strict(settings(sqlite_url, tmp_path, issuer), helseid, issuer), issuer)
    yield made
    made.close()


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


def test_no_forged_request_is_accepted_at_any_route(
    strict_world: World, helseid: Issuer, issuer: Issuer
) -> None:
    one = holder(strict_world, helseid, issuer)
    assert len({forged.name for forged in FORGED}) == len(FORGED) >= 60
    assert len(ROUTES) >= 50

    async def all_of_them() -> list[str]:
        wrong = []
        for method, path in ROUTES:
            here = one.at(method, path)
            status, headers, body = await asked(strict_world, here.sent())
            if status == 401 or "www-authenticate" in headers or headers.get("dpop-nonce") is None:
                wrong.append(f"{method} {path}: the right request: {status} {headers} {body}")
            for forged in FORGED:
                sent = forged.make(here)
                if forged.twice:
                    assert (await asked(strict_world, sent))[0] != 401
                found = forged.fault(*await asked(strict_world, sent))
                if found:
                    wrong.append(f"{method} {path}: {forged.name}: {found}")
        return wrong

    assert asyncio.run(all_of_them()) == []


def test_the_page_shows_what_is_tried() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text) == text, "run: python -m tests.access.forged"
