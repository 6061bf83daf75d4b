"""The FHIR adapter against a server that others wrote: every client rule, seen from the server's side."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from adapters.contract import (
    Busy,
    Gone,
    Incoming,
    Leave,
    Refused,
    Stale,
    TakenOver,
    Unavailable,
    UnknownOutcome,
    Write,
)
from adapters.fhir_server import OURS, FhirServer
from adapters.retry import Patience
from mappings.canonical import identifier_system
from tests.adapters import let_in
from tests.peers import Peer, medplum

pytestmark = [pytest.mark.anyio, pytest.mark.peer]
FNR = "urn:oid:2.16.578.1.12.4.1.4.1"
SYNTHETIC = "14831770229"


@pytest.fixture(scope="module")
def running() -> Iterator[Peer]:
    with medplum() as peer:
        yield peer


@pytest.fixture
def peer(running: Peer) -> Peer:
    running.faults()
    running.clear()
    running.forget_arrivals()
    return running


@pytest.fixture
async def adapter(peer: Peer) -> AsyncIterator[FhirServer]:
    opened = FhirServer(peer.url, let_in.bearer(peer.token), patience=Patience(first=0.01), page_size=2)
    yield opened
    await opened.close()


def goal(key: str = "g1", text: str = "Lese høyt", **parts: Any) -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "identifier": [{"system": OURS, "value": key}],
        "lifecycleStatus": "active",
        "description": {"text": text},
        "subject": {"reference": "Patient/p"},
        **parts,
    }


def write(record: dict[str, Any], key: str = "Goal/g1", **parts: Any) -> Write:
    given = {"remote_id": None, "version": None, "attempt": "a1", **parts}
    return Write(key=key, record=record, **given)


def stored(peer: Peer, kind: str = "Goal") -> list[dict[str, Any]]:
    bundle = httpx.get(f"{peer.url}/{kind}", headers=peer.headers, trust_env=False).json()
    return [entry["resource"] for entry in bundle.get("entry", [])]


def edit(peer: Peer, remote_id: str, **parts: Any) -> str:
    """A clinician changes it in their own system."""
    url = f"{peer.url}/{remote_id}"
    now = httpx.get(url, headers=peer.headers, trust_env=False).json()
    answer = httpx.put(url, headers=peer.headers, json={**now, **parts}, trust_env=False)
    assert answer.status_code == 200
    return str(answer.json()["meta"]["versionId"])


def test_the_identifier_is_the_one_of_the_mapping() -> None:
    assert identifier_system("item") == OURS


async def test_creating_twice_stores_once(peer: Peer, adapter: FhirServer) -> None:
    first = await adapter.write(write(goal()))
    again = await adapter.write(write(goal()))
    assert again.remote_id == first.remote_id
    assert again.version == first.version
    assert len(stored(peer)) == 1
    assert first.record is not None
    assert first.record["description"] == {"text": "Lese høyt"}


async def test_a_repeat_with_newer_content_goes_on_as_an_update(peer: Peer, adapter: FhirServer) -> None:
    await adapter.write(write(goal()))
    again = await adapter.write(write(goal(text="nytt"), expected=goal()))
    assert again.record is not None
    assert [one["description"]["text"] for one in stored(peer)] == ["nytt"]


async def test_a_repeat_never_overwrites_what_someone_else_wrote(peer: Peer, adapter: FhirServer) -> None:
    first = await adapter.write(write(goal()))
    version = edit(peer, first.remote_id, description={"text": "legens"})
    with pytest.raises(Stale) as stale:
        await adapter.write(write(goal(text="nytt"), expected=goal()))
    assert (stale.value.current.remote_id, stale.value.current.version) == (first.remote_id, version)
    assert [one["description"]["text"] for one in stored(peer)] == ["legens"]


async def test_updating_the_version_we_know(peer: Peer, adapter: FhirServer) -> None:
    first = await adapter.write(write(goal()))
    second = await adapter.write(write(goal(text="to"), remote_id=first.remote_id, version=first.version))
    assert second.remote_id == first.remote_id
    assert second.version != first.version
    assert [one["description"]["text"] for one in stored(peer)] == ["to"]


async def test_an_edit_nobody_has_seen_is_stale_and_survives(peer: Peer, adapter: FhirServer) -> None:
    first = await adapter.write(write(goal()))
    edit(peer, first.remote_id, description={"text": "legens"})
    with pytest.raises(Stale) as stale:
        await adapter.write(write(goal(text="to"), remote_id=first.remote_id, version=first.version))
    current = stale.value.current
    assert current.record["description"] == {"text": "legens"}
    merged = await adapter.write(
        write(goal(text="begge"), remote_id=first.remote_id, version=current.version)
    )
    assert merged.version != current.version
    assert [one["description"]["text"] for one in stored(peer)] == ["begge"]


async def test_a_412_on_what_is_there_already_is_done(peer: Peer, adapter: FhirServer) -> None:
    first = await adapter.write(write(goal()))
    await adapter.write(write(goal(text="to"), remote_id=first.remote_id, version=first.version))
    again = await adapter.write(write(goal(text="to"), remote_id=first.remote_id, version=first.version))
    assert again.version == stored(peer)[0]["meta"]["versionId"]


@pytest.mark.parametrize("expected", [goal(), None])
async def test_without_a_version_the_content_decides(
    peer: Peer, adapter: FhirServer, expected: dict[str, Any] | None
) -> None:
    first = await adapter.write(write(goal()))
    change = write(goal(text="to"), remote_id=first.remote_id, expected=expected)
    if expected is None:
        with pytest.raises(Stale):
            await adapter.write(change)
    else:
        assert (await adapter.write(change)).record is not None
    edit(peer, first.remote_id, description={"text": "legens"})
    with pytest.raises(Stale):
        await adapter.write(change)


async def test_what_is_no_longer_there_is_gone(peer: Peer, adapter: FhirServer) -> None:
    first = await adapter.write(write(goal()))
    peer.clear()
    for version in (first.version, None):
        with pytest.raises(Gone):
            await adapter.write(write(goal(text="to"), remote_id=first.remote_id, version=version))


async def test_an_invalid_resource_is_refused_without_its_content(adapter: FhirServer) -> None:
    with pytest.raises(Refused) as refused:
        await adapter.write(write(goal(hemmelig="Kari Nordmann", lifecycleStatus=17)))
    assert refused.value.status == 400
    assert "structure Goal.hemmelig" in refused.value.detail
    assert "Kari" not in str(refused.value)


async def test_types_without_identifier_are_stored_once(peer: Peer, adapter: FhirServer) -> None:
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "aGVp"}
    first = await adapter.write(write(binary, key="Binary/b1"))
    assert first.remote_id == "Binary/b1"
    again = await adapter.write(write(binary, key="Binary/b1"))
    assert again.version == first.version
    with pytest.raises(Stale):
        await adapter.write(write({**binary, "data": "bmVp"}, key="Binary/b1"))


async def test_an_organization_is_found_and_never_overwritten(peer: Peer, adapter: FhirServer) -> None:
    enh = {"system": "urn:oid:2.16.578.1.12.4.1.4.101", "value": "999999999"}
    theirs = {"resourceType": "Organization", "name": "Deres navn", "identifier": [enh]}
    made = httpx.post(f"{peer.url}/Organization", headers=peer.headers, json=theirs, trust_env=False).json()
    ours = {**theirs, "name": "Vårt navn", "identifier": [enh, {"system": OURS, "value": "o1"}]}
    found = await adapter.write(write(ours, key="Organization/o1"))
    assert found.remote_id == f"Organization/{made['id']}"
    await adapter.write(write(ours, key="Organization/o1", remote_id=found.remote_id, version=found.version))
    assert [one["name"] for one in stored(peer, "Organization")] == ["Deres navn"]


async def test_an_organization_nobody_knows_is_created_once(peer: Peer, adapter: FhirServer) -> None:
    ours = {"resourceType": "Organization", "name": "Ny", "identifier": [{"system": OURS, "value": "o1"}]}
    await adapter.write(write(ours, key="Organization/o1"))
    await adapter.write(write(ours, key="Organization/o1"))
    assert len(stored(peer, "Organization")) == 1


# Persons


async def test_a_person_is_found_without_the_number_in_an_address(peer: Peer, adapter: FhirServer) -> None:
    assert await adapter.find_person(((FNR, SYNTHETIC),)) is None
    person = {"resourceType": "Patient", "identifier": [{"system": FNR, "value": SYNTHETIC}]}
    made = await adapter.create_person(person, "Patient/p1")
    assert made == await adapter.create_person(person, "Patient/p1")
    assert await adapter.find_person(((FNR, SYNTHETIC),)) == made
    assert len(stored(peer, "Patient")) == 1
    seen = [f"{arrival['method']} {arrival['path']}" for arrival in peer.arrivals()]
    assert "POST /fhir/Patient/_search" in seen
    assert not any(SYNTHETIC in line for line in seen)


async def test_several_persons_are_for_a_human_to_decide(peer: Peer, adapter: FhirServer) -> None:
    person = {"resourceType": "Patient", "identifier": [{"system": FNR, "value": SYNTHETIC}]}
    await adapter.create_person(person, "Patient/p1")
    await adapter.create_person(person, "Patient/p2")
    with pytest.raises(Refused):
        await adapter.find_person(((FNR, SYNTHETIC),))


# Reading and polling


async def test_reading_keeps_numbers_and_tells_the_version(peer: Peer, adapter: FhirServer) -> None:
    target = [{"measure": {"text": "timer"}, "detailQuantity": {"value": Decimal("1.25")}}]
    first = await adapter.write(write(goal(target=target)))
    found = await adapter.read(first.remote_id)
    assert found is not None
    assert found.version == first.version
    assert found.record["target"][0]["detailQuantity"]["value"] == Decimal("1.25")
    assert found.received is not None
    assert await adapter.read("Goal/nobody") is None


async def everything(adapter: FhirServer, cursor: str | None) -> tuple[list[Incoming], str | None]:
    found: list[Incoming] = []
    more = True
    while more:
        page = await adapter.changes(cursor)
        found += page.records
        cursor, more = page.cursor, page.more
    return found, cursor


async def test_polling_reads_every_page_and_then_only_what_is_new(peer: Peer, adapter: FhirServer) -> None:
    made = [(await adapter.write(write(goal(f"g{n}"), key=f"Goal/g{n}"))).remote_id for n in range(5)]
    found, cursor = await everything(adapter, None)
    assert {one.remote_id for one in found} == set(made)
    version = edit(peer, made[0], description={"text": "legens"})
    found, _ = await everything(adapter, cursor)
    assert (made[0], version) in [(one.remote_id, one.version) for one in found]


async def test_polling_overlaps_by_ten_minutes_only(adapter: FhirServer, peer: Peer) -> None:
    await adapter.write(write(goal()))
    _, cursor = await everything(adapter, None)
    assert len((await everything(adapter, cursor))[0]) == 1
    later = '{"since":"2099-01-01T00:00:00+00:00"}'
    assert (await everything(adapter, later))[0] == []


async def test_polling_never_takes_the_token_elsewhere(peer: Peer, adapter: FhirServer) -> None:
    peer.forget_arrivals()
    with pytest.raises(Unavailable, match="points away"):
        await adapter.changes('{"next":"http://127.0.0.1:9/fhir/Goal?page=2"}')
    with pytest.raises(Unavailable):
        await adapter.changes("not a cursor")
    assert peer.arrivals() == []


# Failures


async def test_a_system_that_asks_to_wait(peer: Peer, adapter: FhirServer) -> None:
    peer.faults(refuse=503, retryAfter=60)
    with pytest.raises(Busy) as busy:
        await adapter.write(write(goal()))
    assert busy.value.retry_after == 60.0
    assert len(peer.arrivals()) == 1  # a minute does not fit into the deadline


async def test_a_system_that_is_down_is_tried_three_times(peer: Peer, adapter: FhirServer) -> None:
    peer.faults(refuse=503)
    with pytest.raises(Unavailable):
        await adapter.write(write(goal()))
    assert len(peer.arrivals()) == 3


@pytest.mark.parametrize("known", [{}, {"remote_id": "Goal/17", "version": "3"}])
async def test_no_attempt_once_another_has_the_run(
    peer: Peer, adapter: FhirServer, known: dict[str, str]
) -> None:
    peer.faults(refuse=503)
    answers = iter([True, True, False])  # asked before an attempt, and again before its bytes go
    leave = Leave(lambda: next(answers))
    with pytest.raises(TakenOver):
        await adapter.write(write(goal(), leave=leave, **known))
    assert len(peer.arrivals()) == 1
    assert leave.left


async def test_a_server_error_is_not_repeated(peer: Peer, adapter: FhirServer) -> None:
    peer.faults(refuse=500)
    with pytest.raises(Unavailable):
        await adapter.write(write(goal()))
    assert len(peer.arrivals()) == 1


@pytest.mark.parametrize("fault", ["reset", "loseAnswer"])
async def test_no_answer_is_an_unknown_outcome_and_the_repeat_is_harmless(
    peer: Peer, adapter: FhirServer, fault: str
) -> None:
    peer.faults(**{fault: True})
    with pytest.raises(UnknownOutcome):
        await adapter.write(write(goal()))
    peer.faults()
    await adapter.write(write(goal()))
    assert len(stored(peer)) == 1


async def test_a_server_that_never_answers(peer: Peer) -> None:
    impatient = FhirServer(peer.url, let_in.bearer(peer.token), patience=Patience(deadline=0.3))
    peer.faults(hang=True)
    with pytest.raises(UnknownOutcome):
        await impatient.write(write(goal()))
    with pytest.raises(Unavailable):
        await impatient.read("Goal/1")
    await impatient.close()


async def test_nobody_there(unused_address: str) -> None:
    alone = FhirServer(unused_address, let_in.none(), patience=Patience(first=0.01))
    with pytest.raises(Unavailable) as down:
        await alone.write(write(goal()))
    assert down.value.unreached
    await alone.close()


async def test_a_wrong_token(peer: Peer) -> None:
    stranger = FhirServer(peer.url, let_in.bearer("wrong"))
    with pytest.raises(Unavailable) as down:
        await stranger.write(write(goal()))
    assert down.value.status == 401
    await stranger.close()


async def test_one_record_refused(peer: Peer, adapter: FhirServer) -> None:
    peer.faults(reject=["g2"])
    await adapter.write(write(goal("g1"), key="Goal/g1"))
    with pytest.raises(Refused) as refused:
        await adapter.write(write(goal("g2"), key="Goal/g2"))
    assert (refused.value.status, refused.value.detail) == (422, "HTTP 422: business-rule Resource")


async def test_check_finds_nothing_wrong(adapter: FhirServer) -> None:
    assert [finding.level for finding in await adapter.check()] == ["ok"]


async def test_what_is_no_fhir_id_never_becomes_an_address(peer: Peer, adapter: FhirServer) -> None:
    with pytest.raises(Refused):
        await adapter.read("Goal/../Patient?identifier=1")
    assert peer.arrivals() == []
