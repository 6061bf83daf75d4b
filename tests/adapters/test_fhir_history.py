"""Asking a FHIR server by its history, against BUP's demo system as a process: changes and deletions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.fhir_server import FhirServer
from tests.adapters import let_in
from tests.demo.running import TOKEN, Running, started

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def bup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One server for these tests."""
    folder = tmp_path_factory.mktemp("bup")
    with started(folder, "bup", ["--file", str(folder / "bup.db")], "/fhir/metadata") as running:
        yield running


def create(bup: Running, resource: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = bup.http.post(f"/fhir/{resource['resourceType']}", json=resource).json()
    return made


async def round_of(server: FhirServer, cursor: str | None) -> tuple[list[str], list[str], str | None]:
    """Everything one round tells."""
    found: list[str] = []
    gone: list[str] = []
    while True:
        page = await server.changes(cursor)
        found += [f"{one.remote_id}@{one.version}" for one in page.records]
        gone += page.gone
        cursor = page.cursor
        if not page.more:
            return found, gone, cursor


async def test_changes_and_deletions_are_told_and_what_is_deleted_is_not_read(bup: Running) -> None:
    patient = create(bup, {"resourceType": "Patient", "name": [{"family": "Prøve"}]})
    wish = {
        "resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Sove"},
        "subject": {"reference": f"Patient/{patient['id']}"},
    }  # fmt: skip
    stays, goes = create(bup, wish), create(bup, wish)
    server = FhirServer(f"{bup.url}/fhir", let_in.bearer(TOKEN), types=("Goal",), history=True, page_size=1)
    try:
        found, gone, cursor = await round_of(server, None)
        assert (set(found), gone) == ({f"Goal/{stays['id']}@1", f"Goal/{goes['id']}@1"}, [])
        changed = {**stays, "description": {"text": "Sove lenge"}}
        assert bup.http.put(f"/fhir/Goal/{stays['id']}", json=changed).status_code == 200
        assert bup.http.delete(f"/fhir/Goal/{goes['id']}").status_code == 204
        found, gone, _ = await round_of(server, cursor)
        assert f"Goal/{stays['id']}@2" in found
        assert set(gone) == {f"Goal/{goes['id']}"}
        assert await server.read(f"Goal/{goes['id']}") is None
        assert [one.level for one in await server.check()] == ["ok"]
    finally:
        await server.close()
    assert bup.http.get("/fhir/Goal").json()["total"] == 1
    assert bup.http.delete(f"/fhir/Goal/{goes['id']}").status_code == 404
