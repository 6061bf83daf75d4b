"""Systems behind a certified provider that gives tokens to machines, and a records system that wants them:
each is a process of its own, and ours is connected to them by configuration alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from adapters.contract import Adapter, Write, Written
from gateway.config import System
from gateway.service import open_adapter
from tests.peers import Peer, records_server

T = TypeVar("T")
ES256 = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
ES384 = ECKey.generate_key("P-384", {"use": "sig", "alg": "ES384"}, auto_kid=True)
RSA = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
STRANGER = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)


def client(name: str, *keys: Any, **more: Any) -> dict[str, Any]:
    """A client as the provider knows it, by its public keys."""
    return {"client_id": name, "jwks": {"keys": [key.as_dict(private=False) for key in keys]}, **more}


def kept(folder: Path, *keys: Any, **more: Any) -> str:
    """The reference to a file with our private keys."""
    path = folder / "key.jwk"
    rows = [{**key.as_dict(private=True), **more} for key in keys]
    path.write_text(json.dumps(rows[0] if len(rows) == 1 else {"keys": rows}))
    return f"file:{path}"


def system(url: str, **credentials: Any) -> System:
    """A records system behind the guard."""
    given = {"id": "bup", "tenant": "fjordbyen", "adapter": "stafettlogg", "organization": "359797117"}
    return System.model_validate({**given, "url": url, "credentials": credentials})


def at_work(system: System, work: Callable[[Adapter], Awaitable[T]]) -> T:
    """What an adapter of the system does, as the service makes it."""

    async def run() -> T:
        adapter = open_adapter(system)
        try:
            await adapter.prepare()
            return await work(adapter)
        finally:
            await adapter.close()

    return asyncio.run(run())


def goal(name: str) -> Write:
    """A goal to write."""
    return Write(
        f"Goal/{name}", {"type": "maal", "id": name, "tittel": "Lese"}, None, None, f"attempt-{name}"
    )


def written(system: System, *names: str) -> list[Written]:
    """Goals, written one after the other."""

    async def work(adapter: Adapter) -> list[Written]:
        return [await adapter.write(goal(name)) for name in names]

    return at_work(system, work)


@dataclass
class Guarded:
    """The provider and its guard, and what lies behind it."""

    peer: Peer
    behind: Peer
    before: int = 0  # records stored by earlier tests

    @property
    def url(self) -> str:
        """Where the resource is."""
        return f"{self.peer.url}/api"

    def stored(self) -> list[str]:
        """The ids of the records that arrived, in order, one for each time."""
        return [one["record"]["id"] for one in self.behind.accepted()[self.before :]]

    def seen(self) -> dict[str, Any]:
        """What callers showed: assertions, proofs, tokens (their ids), requests."""
        found: dict[str, Any] = httpx.get(f"{self.peer.control}/seen", verify=False, trust_env=False).json()
        return found

    def switch(self, **switches: Any) -> None:
        """Set all faults anew; without arguments none. refuse, revoke, newNonce, nextNonce, consumer,
        forget."""
        httpx.post(
            f"{self.peer.control}/switch", json=switches, verify=False, trust_env=False
        ).raise_for_status()


@pytest.fixture(scope="session")
def records() -> Iterator[Peer]:
    """The records system that the guards stand before."""
    with records_server() as running:
        yield running


def fresh(guarded: Guarded) -> Guarded:
    """Nothing seen yet, no fault set, nothing stored."""
    guarded.switch(forget=True)
    guarded.switch()
    guarded.behind.clear()
    guarded.before = len(guarded.behind.accepted())
    return guarded
