"""REST records systems in every variant of the contract: ids ours or theirs, with or without versions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from adapters.contract import Busy, Gone, Refused, Stale, Unavailable, UnknownOutcome, Write
from adapters.individuell_plan import IndividuellPlan
from adapters.rest_records import RestRecords
from adapters.retry import Patience
from adapters.stafettlogg import Stafettlogg
from tests.adapters import let_in
from tests.peers import Peer, records_server

pytestmark = pytest.mark.anyio
VARIANTS = [("ours", "yes"), ("ours", "no"), ("theirs", "yes"), ("theirs", "no")]


@pytest.fixture(scope="module")
def systems() -> Iterator[dict[tuple[str, str], Peer]]:
    with ExitStack() as stack:
        yield {
            (ids, versions): stack.enter_context(records_server(ids=ids, versions=versions))
            for ids, versions in VARIANTS
        }


@pytest.fixture(params=VARIANTS, ids="-".join)
def variant(request: pytest.FixtureRequest) -> tuple[str, str]:
    chosen: tuple[str, str] = request.param
    return chosen


@pytest.fixture
def peer(systems: dict[tuple[str, str], Peer], variant: tuple[str, str]) -> Peer:
    return fresh(systems[variant])


@pytest.fixture
def plain(systems: dict[tuple[str, str], Peer]) -> Peer:
    """The strongest variant, where the variant makes no difference."""
    return fresh(systems["ours", "yes"])


def fresh(peer: Peer) -> Peer:
    peer.faults()
    peer.clear()
    peer.forget_arrivals()
    return peer


def opened(peer: Peer, ids: str = "ours", **options: Any) -> RestRecords:
    options = {"patience": Patience(first=0.01), **options}
    return Stafettlogg(
        peer.url, let_in.bearer(peer.token), ids="theirs" if ids == "theirs" else "ours", **options
    )


@pytest.fixture
async def adapter(peer: Peer, variant: tuple[str, str]) -> AsyncIterator[RestRecords]:
    made = opened(peer, variant[0])
    yield made
    await made.close()


@pytest.fixture
async def strong(plain: Peer) -> AsyncIterator[RestRecords]:
    made = opened(plain)
    yield made
    await made.close()


def maal(text: str = "Lese høyt", **parts: Any) -> dict[str, Any]:
    return {
        "type": "maal",
        "id": "e-m1",
        "logg": "emma",
        "endret": "2026-11-21T10:00:00Z",
        "tekst": text,
        **parts,
    }


def write(record: dict[str, Any], **parts: Any) -> Write:
    given = {
        "key": "Goal/e-m1",
        "remote_id": None,
        "version": None,
        "attempt": "a1",
        "source": "BUP Åsen",
        **parts,
    }
    return Write(record=record, **given)


def stored(peer: Peer) -> list[dict[str, Any]]:
    answer = httpx.get(f"{peer.url}/records", headers=peer.headers, trust_env=False)
    return [entry["record"] for entry in answer.json()["records"]]


def edit(peer: Peer, record_id: str, **parts: Any) -> None:
    """Someone changes it on the system's own page."""
    url = f"{peer.url}/records/{record_id}"
    now = httpx.get(url, headers=peer.headers, trust_env=False)
    match = {"If-Match": now.headers["ETag"]} if "ETag" in now.headers else {}
    headers = {**peer.headers, **match}
    assert httpx.put(url, headers=headers, json={**now.json(), **parts}, trust_env=False).status_code == 200


async def test_what_a_system_made_an_id_for_is_found_by_ours(
    systems: dict[tuple[str, str], Peer],
) -> None:
    peer = fresh(systems["theirs", "no"])
    adapter = opened(peer, "theirs")
    assert await adapter.find_item("Goal/e-m1") is None
    made = await adapter.write(write(maal()))
    assert await adapter.find_item("Goal/e-m1") == made.remote_id
    await adapter.close()


async def test_creating_twice_stores_once(peer: Peer, adapter: RestRecords) -> None:
    first = await adapter.write(write(maal()))
    again = await adapter.write(write(maal()))
    assert again.remote_id == first.remote_id
    assert again.version == first.version
    assert [one["tekst"] for one in stored(peer)] == ["Lese høyt"]


async def test_updating(peer: Peer, adapter: RestRecords) -> None:
    first = await adapter.write(write(maal()))
    known = {"remote_id": first.remote_id, "version": first.version, "expected": maal()}
    second = await adapter.write(write(maal("to"), **known))
    assert second.remote_id == first.remote_id
    assert [one["tekst"] for one in stored(peer)] == ["to"]


async def test_an_edit_nobody_has_seen_is_stale_and_survives(peer: Peer, adapter: RestRecords) -> None:
    first = await adapter.write(write(maal()))
    edit(peer, first.remote_id, tekst="deres")
    known = {"remote_id": first.remote_id, "version": first.version, "expected": maal()}
    with pytest.raises(Stale) as stale:
        await adapter.write(write(maal("to"), **known))
    current = stale.value.current
    assert (current.remote_id, current.record["tekst"]) == (first.remote_id, "deres")
    known = {"remote_id": first.remote_id, "version": current.version, "expected": current.record}
    await adapter.write(write(maal("begge"), **known))
    assert [one["tekst"] for one in stored(peer)] == ["begge"]


async def test_a_repeated_create_never_overwrites_an_edit(peer: Peer, adapter: RestRecords) -> None:
    first = await adapter.write(write(maal()))
    edit(peer, first.remote_id, tekst="deres")
    with pytest.raises(Stale) as stale:
        await adapter.write(write(maal("to"), expected=maal()))
    assert stale.value.current.remote_id == first.remote_id
    assert [one["tekst"] for one in stored(peer)] == ["deres"]


async def test_a_repeated_create_with_newer_content_goes_on_as_an_update(
    peer: Peer, adapter: RestRecords
) -> None:
    await adapter.write(write(maal()))
    await adapter.write(write(maal("to"), expected=maal()))
    assert [one["tekst"] for one in stored(peer)] == ["to"]


async def test_writing_what_is_there_already_is_done(peer: Peer, adapter: RestRecords) -> None:
    first = await adapter.write(write(maal()))
    known = {"remote_id": first.remote_id, "version": first.version, "expected": maal()}
    await adapter.write(write(maal("to"), **known))
    await adapter.write(write(maal("to"), **known))
    assert [one["tekst"] for one in stored(peer)] == ["to"]


async def test_what_is_no_longer_there_is_gone(peer: Peer, adapter: RestRecords) -> None:
    first = await adapter.write(write(maal()))
    peer.clear()
    with pytest.raises(Gone):
        await adapter.write(write(maal("to"), remote_id=first.remote_id, version=first.version))


async def test_a_refusal_names_the_field_and_not_the_content(peer: Peer, adapter: RestRecords) -> None:
    peer.faults(reject=["hemmelig"])
    with pytest.raises(Refused) as refused:
        await adapter.write(write(maal("hemmelig")))
    assert (refused.value.status, refused.value.detail) == (422, "HTTP 422: tekst")


async def test_polling_page_by_page(peer: Peer, variant: tuple[str, str]) -> None:
    adapter = opened(peer, variant[0], page_size=2)
    for number in range(5):
        await adapter.write(write(maal(id=f"m{number}", tekst=str(number)), key=f"Goal/m{number}"))
    seen: list[str] = []
    cursor, more = None, True
    while more:
        page = await adapter.changes(cursor)
        seen += [one.record["tekst"] for one in page.records]
        cursor, more = page.cursor, page.more
    assert seen == ["0", "1", "2", "3", "4"]
    assert (await adapter.changes(cursor)).records == ()
    await adapter.close()


async def test_check_tells_what_is_lacking(
    peer: Peer, adapter: RestRecords, variant: tuple[str, str]
) -> None:
    levels = [finding.level for finding in await adapter.check()]
    lacking = (variant[0] == "theirs") + (variant[1] == "no")
    assert levels == (["warning"] * lacking or ["ok"])


async def test_check_finds_a_wrong_configuration(plain: Peer) -> None:
    adapter = opened(plain, "theirs")
    assert "error" in [finding.level for finding in await adapter.check()]
    await adapter.close()


# What does not depend on the variant


async def test_every_write_says_where_it_comes_from(plain: Peer, strong: RestRecords) -> None:
    await strong.write(write(maal()))
    (arrival,) = plain.arrivals()
    assert (arrival["source"], arrival["key"]) == ("BUP%20%C3%85sen", "a1")


async def test_ids_of_any_form_stay_one_path_segment(plain: Peer, strong: RestRecords) -> None:
    await strong.write(write(maal(id="a/../b?c=æ")))
    found = await strong.read("a/../b?c=æ")
    assert found is not None
    assert found.record["id"] == "a/../b?c=æ"


async def test_waiting_when_asked_to(plain: Peer, strong: RestRecords) -> None:
    plain.faults(refuse=429, retryAfter=60)
    with pytest.raises(Busy) as busy:
        await strong.write(write(maal()))
    assert busy.value.retry_after == 60.0
    assert len(plain.arrivals()) == 1


@pytest.mark.parametrize(("status", "attempts"), [(502, 3), (500, 1), (403, 1), (302, 1)])
async def test_what_is_tried_again(plain: Peer, strong: RestRecords, status: int, attempts: int) -> None:
    plain.faults(refuse=status)
    with pytest.raises(Unavailable):
        await strong.write(write(maal()))
    assert len(plain.arrivals()) == attempts


async def test_a_system_that_never_answers(plain: Peer) -> None:
    impatient = opened(plain, patience=Patience(deadline=0.3))
    plain.faults(hang=True)
    with pytest.raises(UnknownOutcome):
        await impatient.write(write(maal()))
    await impatient.close()


async def test_persons_come_with_their_log(strong: RestRecords) -> None:
    assert await strong.find_person((("urn:x", "1"),)) is None
    with pytest.raises(Refused):
        await strong.create_person({}, "Patient/p")


async def test_the_plan_adapter_speaks_of_itself(plain: Peer) -> None:
    adapter = IndividuellPlan(plain.url, let_in.bearer(plain.token))
    assert [finding.text.split()[0] for finding in await adapter.check()] == ["Plansystemet"]
    await adapter.close()
