"""What waits in the outbox reaches its recipient over HTTP: once, acute first, through faults, and whatever
becomes of the process between sending and answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters import contract
from gateway.welfare import courier, outbox
from gateway.welfare.courier import ending
from gateway.welfare.discussions import Confirmed
from gateway.welfare.outbox import Claim, End, State
from gateway.welfare.readings import Reader
from tests.access.issuer_server import Issuer
from tests.api import world as worlds
from tests.api.world import World, fields
from tests.peers import Peer, records_server
from tests.welfare.carrying import carried, settled, standing, until
from tests.welfare.conftest import Build, with_welfare
from tests.welfare.reporting import report

LEASE = timedelta(seconds=10)


@pytest.fixture(scope="module")
def shared_peer() -> Iterator[Peer]:
    with records_server() as running:
        yield running


@pytest.fixture
def peer(shared_peer: Peer, monkeypatch: pytest.MonkeyPatch) -> Peer:
    monkeypatch.setenv("WELFARE_PEER", shared_peer.token)
    shared_peer.faults()
    shared_peer.clear()
    shared_peer.forget_arrivals()
    return shared_peer


def reached(peer: Peer) -> dict[str, Any]:
    return {"url": peer.url, "credentials": {"kind": "bearer", "token_ref": "env:WELFARE_PEER"}}


@pytest.fixture
def world(build: Build, peer: Peer) -> World:
    return build(barnevern=reached(peer))


@pytest.fixture
def any_world(
    reports_url: str, sqlite_url: str, tmp_path: Path, issuer: Issuer, peer: Peer
) -> Iterator[World]:
    hub = worlds.settings(sqlite_url, tmp_path, issuer)
    made = World(with_welfare(hub, reports_url, barnevern=reached(peer)), issuer)
    yield made
    made.close()


def sent(world: World, number: int = 1, **changes: Any) -> str:
    answer = world.post("/welfare/reports", "logg", report(f"bm-{number}", **changes))
    assert answer.status_code == 200, answer.text
    return str(fields(answer)["id"])


def kept(peer: Peer) -> dict[str, dict[str, Any]]:
    """What stands at the recipient, by id."""
    listed = httpx.get(f"{peer.url}/records", headers=peer.headers, trust_env=False).json()["records"]
    return {one["record"]["id"]: one["record"] for one in listed}


def writes(peer: Peer) -> list[str]:
    return [a["path"].rpartition("/")[2] for a in peer.arrivals() if a["method"] == "PUT"]


def taken(world: World, limit: int = 10) -> list[Claim]:
    """What is due in all lines, `limit` of each, in their order."""
    office = world.service.welfare
    assert office is not None
    now, found = world.service.clock(), []
    with office.store.write("fjordbyen") as connection:
        for line in outbox.due(connection, now):
            found += outbox.claim(connection, office.seal, line, now, LEASE, limit)
    return found


def ended(world: World, claim: Claim, end: End) -> bool:
    office = world.service.welfare
    assert office is not None
    with office.store.write("fjordbyen") as connection:
        return outbox.close(connection, office.seal, claim, end, world.service.clock())


def test_acute_ones_stand_in_a_line_of_their_own_before_the_others(any_world: World) -> None:
    calm = [sent(any_world, 1), sent(any_world, 2)]
    acute = sent(any_world, 3, akutt=True)
    first, second = taken(any_world, 1)
    assert (first.id, first.urgent) == (acute, True)
    assert second.id in calm
    assert [claim.id for claim in taken(any_world)] == [own for own in calm if own != second.id]
    assert taken(any_world) == []


def test_what_is_being_sent_is_taken_over_only_when_its_time_is_over(any_world: World) -> None:
    own = sent(any_world)
    (first,) = taken(any_world)
    any_world.now += LEASE
    assert taken(any_world) == []
    any_world.now += timedelta(microseconds=1)
    (second,) = taken(any_world)
    assert (second.id, second.run, second.record) == (own, first.run + 1, first.record)
    assert not ended(any_world, first, End(State.REFUSED))  # it has lost it
    assert ended(any_world, second, End(State.DELIVERED))
    assert standing(any_world)[own] == ("delivered", None)
    any_world.later(60 * 24 * 30)
    assert taken(any_world) == []


@pytest.mark.parametrize(
    ("urgent", "end", "seconds"),
    [
        (False, End(State.WAITING), [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]),
        (True, End(State.UNKNOWN), [5, 10, 20, 40, 60, 60]),
        (True, End(State.WAITING, wait=3600.0), [60]),  # what it asks for, as far as the report can wait
        (False, End(State.WAITING, wait=30.0), [30]),
        (True, End(State.REFUSED), [3600, 3600]),  # its recipient may have been mended
    ],
)
def test_it_is_tried_again_and_again(world: World, urgent: bool, end: End, seconds: list[int]) -> None:
    sent(world, akutt=urgent)
    for wait in seconds:
        (claim,) = taken(world)
        ended(world, claim, end)
        world.now += timedelta(seconds=wait, microseconds=-1)
        assert taken(world) == []
        world.now += timedelta(microseconds=1)


def test_one_row_that_was_tampered_with_holds_up_nothing_else(world: World) -> None:
    first, second = sent(world, 1), sent(world, 2)
    office = world.service.welfare
    assert office is not None
    with office.store.write("fjordbyen") as connection:
        connection.exec_driver_sql(
            "UPDATE dispatch SET content = (SELECT content FROM dispatch WHERE id = ?) WHERE id = ?",
            (second, first),
        )
    assert [claim.id for claim in taken(world)] == [second]
    assert standing(world)[first] == ("refused", "cannot be opened")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (contract.Refused("HTTP 422: beskrivelse", status=422), State.REFUSED),
        (contract.Gone("x"), State.UNKNOWN),
        (contract.Busy("HTTP 429", retry_after=7.0, status=429), State.WAITING),
        (contract.Unavailable("no connection", unreached=True), State.WAITING),
        (contract.Unavailable("HTTP 401", status=401), State.WAITING),
        (contract.Unavailable("HTTP 502", status=502), State.UNKNOWN),
        (contract.UnknownOutcome("no answer"), State.UNKNOWN),
        (contract.TakenOver("x"), State.WAITING),
        (contract.Stale("x", current=contract.Incoming({})), State.DELIVERED),
    ],
)
def test_how_an_attempt_ends(error: contract.AdapterError, state: State) -> None:
    assert ending(error).state is state


def test_a_report_arrives_once_with_everything_that_was_said(any_world: World, peer: Peer) -> None:
    own = sent(any_world, ekstra={"a": [1, None, ""]})
    with carried(any_world):
        until(lambda: settled(any_world))
    assert writes(peer) == [own]
    held = kept(peer)[own]
    assert held == {**report("bm-1", ekstra={"a": [1, None, ""]}), "id": own, "endret": held["endret"]}
    told = fields(any_world.get(f"/welfare/reports/{own}", "logg"))["delivery"]
    assert told == {"state": "delivered", "error": None}


@pytest.mark.parametrize(
    ("fault", "state"),
    [({"refuse": 503}, "waiting"), ({"hang": True}, "unknown"), ({"loseAnswer": True}, "unknown")],
)
def test_after_a_fault_it_arrives_as_if_sent_once(
    world: World, peer: Peer, fault: dict[str, Any], state: str
) -> None:
    own = sent(world)
    peer.faults(**fault)
    with carried(world):
        until(lambda: settled(world, state))
    peer.faults()
    world.later()
    with carried(world):
        until(lambda: settled(world))
    assert set(writes(peer)) == {own}
    assert list(kept(peer)) == [own]


def test_what_child_welfare_has_changed_since_is_left_as_it_is(world: World, peer: Peer) -> None:
    own = sent(world)
    peer.faults(loseAnswer=True)
    with carried(world):
        until(lambda: settled(world, "unknown"))
    peer.faults()
    edited = {**kept(peer)[own], "saksbehandler": "Barnevernet selv"}
    httpx.post(f"{peer.control}/own", json=[edited], trust_env=False).raise_for_status()
    world.later()
    with carried(world):
        until(lambda: settled(world))
    assert kept(peer)[own]["saksbehandler"] == "Barnevernet selv"


def test_what_comes_in_is_sent_at_once(world: World, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "REST_SECONDS", 3600.0)  # it would not look by itself
    with carried(world):
        for number in range(3):
            own = sent(world, number)
            until(lambda own=own: own in kept(peer))  # type: ignore[misc]


def test_an_anonymous_text_is_not_kept_for_a_recipient_that_does_not_come_back(world: World) -> None:
    office = world.service.welfare
    assert office is not None
    reader = Reader("fjordbyen", "logg", "logg", "359797117")
    office.discussions.send(reader, Confirmed("d-1", "Et barn sover dårlig.", "Kari", 0, "barnevern", False))
    for minutes in (0, 3 * 24 * 60 - 1, 1):
        world.later(minutes)
        (claim,) = taken(world)
        assert claim.record["tekst"] == "Et barn sover dårlig."
        ended(world, claim, End(State.WAITING, "no connection"))
    assert list(standing(world).values()) == [("refused", "no connection")]
    world.later(60 * 24 * 30)
    assert taken(world) == []


def test_a_refusal_tells_the_reporter_which_field_and_nothing_more(world: World, peer: Peer) -> None:
    own = sent(world)
    peer.faults(reject=["blåmerker"])
    with carried(world):
        until(lambda: settled(world, "refused"))
    told = fields(world.get(f"/welfare/reports/{own}", "logg"))["delivery"]
    assert told == {"state": "refused", "error": "HTTP 422: tekst"}


def test_an_acute_one_waits_for_nothing_that_hangs(build: Build, peer: Peer) -> None:
    world = build(barnevern={**reached(peer), "send_deadline_seconds": 5.0})
    peer.faults(hang=True)
    with carried(world):
        calm = [sent(world, number) for number in range(6)]
        until(lambda: len(writes(peer)) == 4)
        acute = sent(world, 99, akutt=True)
        until(lambda: acute in writes(peer))
        assert len(writes(peer)) == 5
        states = standing(world)
        assert states[acute] == ("sending", None)
        assert sorted(states[own][0] for own in calm) == ["sending"] * 4 + ["waiting"] * 2
        peer.faults()
    world.later()
    with carried(world):
        until(lambda: settled(world))
    assert set(kept(peer)) == {*calm, acute}


def test_a_recipient_that_hangs_delays_no_other(build: Build, peer: Peer) -> None:
    with records_server() as other:
        world = build(ppt={"url": other.url, "send_deadline_seconds": 3.0}, barnevern=reached(peer))
        other.faults(hang=True)
        office = world.service.welfare
        assert office is not None
        reader = Reader("fjordbyen", "logg", "logg", "359797117")
        with carried(world):
            for number in range(6):
                office.discussions.send(reader, Confirmed(f"d-{number}", "Et barn.", "Kari", 0, "ppt", False))
            until(lambda: len(writes(other)) == 4)
            own = sent(world)
            until(lambda: own in kept(peer))
            assert len(writes(other)) == 4  # still those that hang
            other.faults()
