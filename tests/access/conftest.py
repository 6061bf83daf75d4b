"""An issuer, a clock that stands still until told, a gate that knows two clients; and two municipalities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from anyio.from_thread import start_blocking_portal

from gateway.access.tokens_in import Gate
from gateway.config import Settings
from tests.access import issuer_server
from tests.access.issuer_server import AUDIENCE, NOW, Issuer

if TYPE_CHECKING:
    from tests.access.town import Town
    from tests.databases import SqliteTemplate


class Clock:
    """Time as the test says it is."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def municipalities(
    _sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    """Two at one gateway, with everything that a route can be asked about; one for a file of tests."""
    from tests.access import town  # late: most tests here need no gateway

    folder: Path = tmp_path_factory.mktemp("town")
    with issuer_server.running() as running, _sqlite_template.copy(folder) as url:
        made = town.settle(url, folder, running)
        with start_blocking_portal() as portal:  # one loop for all requests, instead of one for each
            made.world.http.portal = portal
            yield made
        made.close()


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
