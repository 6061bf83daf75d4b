"""A FHIR server that others wrote, behind a token bound to our key: created once, changed, found, polled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import Adapter, Page, Write, Written
from gateway.config import System
from tests.access.tokens_out.conftest import ES384, Guarded, at_work, client, kept
from tests.peers import machines, medplum

pytestmark = pytest.mark.peer
GOAL = {
    "resourceType": "Goal",
    "lifecycleStatus": "active",
    "description": {"text": "Lese høyt"},
    "subject": {"reference": "Patient/p1"},
    "identifier": [{"system": "https://stafettbro.no/fhir/id/item", "value": "g1"}],
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    known = [client("stafettbro", ES384)]
    with (
        medplum() as server,
        machines(known, kind="smart", dpop=True, upstream=server.url, token=server.token) as peer,
    ):
        yield Guarded(peer, server)


def test_it_is_written_and_read_through_the_door(guarded: Guarded, tmp_path: Path) -> None:
    given = {
        "id": "bup", "tenant": "fjordbyen", "adapter": "fhir", "organization": "359797117",
        "url": guarded.url, "types": ["Goal"],
        "credentials": {
            "kind": "client-credentials", "token_url": f"{guarded.peer.url}/token", "client_id": "stafettbro",
            "key_ref": kept(tmp_path, ES384), "scope": "system/*.cruds", "dpop": True,
        },
    }  # fmt: skip
    with pytest.raises(
        Exception, match="token-client"
    ):  # a SMART server takes no assertion of HelseID's kind
        at_work(System.model_validate(given), lambda adapter: adapter.check())
    smart = {**given["credentials"], "kind": "smart-backend", "token_url": None}
    found = at_work(System.model_validate({**given, "credentials": smart}), there_and_back)
    assert [one.record["description"]["text"] for one in found.records] == ["Lese stille"]
    proofs = [one["claims"] for one in guarded.seen()["proofs"]]
    assert len({one["jti"] for one in proofs}) == len(proofs)
    assert not any("?" in one["htu"] for one in proofs)


async def there_and_back(adapter: Adapter) -> Page:
    """A goal created, created again, changed, and polled."""
    first = await adapter.write(Write("Goal/g1", GOAL, None, None, "a1"))
    again = await adapter.write(Write("Goal/g1", GOAL, None, None, "a2"))
    assert again.remote_id == first.remote_id
    changed: dict[str, Any] = {**GOAL, "description": {"text": "Lese stille"}}
    done: Written = await adapter.write(Write("Goal/g1", changed, first.remote_id, first.version, "a3"))
    assert done.remote_id == first.remote_id
    return await adapter.changes(None)
