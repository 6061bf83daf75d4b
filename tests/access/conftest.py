"""An issuer, a clock that stands still until told, and a gate that knows two clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.access.tokens_in import Gate
from gateway.config import Settings
from tests.access import issuer_server
from tests.access.issuer_server import AUDIENCE, NOW, Issuer


class Clock:
    """Time as the test says it is."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuer_server.running() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


def settings(issuer: Issuer, **issuer_changes: Any) -> Settings:
    """One tenant, one system with a client, one operator."""
    return Settings.model_validate(
        {
            "tenants": [{"id": "fjordbyen", "name": "Fjordbyen kommune"}],
            "systems": [
                {
                    "id": "stafettlogg",
                    "tenant": "fjordbyen",
                    "adapter": "stafettlogg",
                    "organization": "362819482",
                    "url": "http://127.0.0.1:1",
                }
            ],
            "issuers": [{"issuer": issuer.url, "audience": AUDIENCE, "tokens": "bearer"} | issuer_changes],
            "clients": [
                {
                    "issuer": issuer.url,
                    "client_id": "logg",
                    "tenant": "fjordbyen",
                    "system": "stafettlogg",
                    "scopes": ["records.write", "records.read"],
                },
                {
                    "issuer": issuer.url,
                    "client_id": "drift",
                    "tenant": "fjordbyen",
                    "scopes": ["lanes.read"],
                },
            ],
        }
    )


@pytest.fixture
def gate(issuer: Issuer, clock: Clock) -> Gate:
    return Gate(settings(issuer), clock)
