"""Lanes: no wake-up is lost, slots and breaker hold, a newer run takes over, the sweeper finds nothing."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from gateway.config import System
from gateway.exchange import breaker, lanes, recovery, steering
from gateway.exchange.lanes import Ending
from gateway.exchange.reasons import Reason
from gateway.hub import persons
from gateway.hub.schema.tables import lane
from gateway.hub.schema.tables import person as person_table
from gateway.hub.store import Store
from gateway.hub.wake import open_lanes, wake

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BUP = System(
    id="bup", tenant="fjordbyen", adapter="fhir", organization="343231946", url="http://127.0.0.1:1", slots=8
)


def person_with_lane(store: Store, number: int) -> str:
    with store.write("fjordbyen") as connection:
        person_id = persons.create(connection, BUP.tenant, [f"{number:064d}"], NOW)
        open_lanes(connection, BUP.tenant, person_id, [BUP.id])
    return person_id


def entry(store: Store, person_id: str, now: datetime = NOW) -> None:
    """What intake does to a lane: the change is numbered and the lane woken in one transaction."""
    with store.write("fjordbyen") as connection:
        row = persons.lock(connection, BUP.tenant, [person_id])[person_id]
        connection.execute(
            update(person_table)
            .where(person_table.c.tenant == BUP.tenant, person_table.c.id == person_id)
            .values(change_no=row.change_no + 1)
        )
        wake(connection, BUP.tenant, [person_id], now)


def claim(store: Store, *, limit: int = 64, now: datetime = NOW) -> list[lanes.Claim]:
    with store.write("fjordbyen") as connection:
        return lanes.claim(connection, BUP, owner="w1", now=now, limit=limit)


def change_no(store: Store, person_id: str) -> int:
    with store.read("fjordbyen") as connection:
        return int(
            connection.execute(
                select(person_table.c.change_no).where(person_table.c.id == person_id)
            ).scalar_one()
        )


@pytest.fixture
def store(database_url: str) -> Store:
    store = Store(database_url)
    with store.write("fjordbyen") as connection:
        breaker.ensure_recipients(connection, [BUP])
    return store


def end(store: Store, one: lanes.Claim, ending: Ending, now: datetime = NOW) -> str | None:
    with store.write("fjordbyen") as connection:
        return lanes.end(connection, one, ending, now)


def test_an_entry_during_a_run_makes_the_lane_wait_again(store: Store) -> None:
    person_id = person_with_lane(store, 1)
    entry(store, person_id)
    (one,) = claim(store)
    seen = change_no(store, person_id)
    entry(store, person_id)
    assert end(store, one, Ending(cursor=seen))
    (again,) = claim(store)
    assert again.run == one.run + 1
    assert end(store, again, Ending(cursor=change_no(store, person_id)))
    assert claim(store) == []


def test_a_thousand_lanes_with_two_entries_each_around_a_claim_lose_none(store: Store) -> None:
    """Writers and claimers race on every lane; afterwards all cursors are at the end, without repair."""
    count = 1_000 if not store.sqlite else 300
    people = [person_with_lane(store, n) for n in range(count)]
    done, pause = threading.Event(), threading.Event()

    def write(part: int) -> None:
        order = people[part::4]
        random.Random(part).shuffle(order)
        for person_id in order:
            entry(store, person_id)
            entry(store, person_id)

    def work(_: int) -> None:
        while True:
            last = done.is_set()
            claimed = claim(store, limit=5)
            for one in claimed:
                seen = change_no(store, one.person)
                assert end(store, one, Ending(cursor=seen))
            if last and not claimed and not waiting():
                return
            if not claimed:
                pause.wait(0.005)

    def waiting() -> int:
        with store.read("fjordbyen") as connection:
            states = select(func.count()).where(lane.c.state.in_(("waiting", "running")))
            return int(connection.execute(states).scalar_one())

    with ThreadPoolExecutor(8) as pool:
        workers = [pool.submit(work, n) for n in range(4)]
        list(pool.map(write, range(4)))
        done.set()
        for worker in workers:
            worker.result(120)
    with store.write("fjordbyen") as connection:
        assert recovery.sweep(connection, "fjordbyen", NOW) == 0
    with store.read("fjordbyen") as connection:
        behind = connection.execute(
            select(func.count())
            .select_from(lane)
            .join(person_table, person_table.c.id == lane.c.person)
            .where(lane.c.cursor != person_table.c.change_no)
        ).scalar_one()
    assert behind == 0


def test_the_sweeper_wakes_a_lane_that_was_left_behind(store: Store) -> None:
    person_id = person_with_lane(store, 1)
    with store.write("fjordbyen") as connection:  # a change whose wake-up was lost
        connection.execute(update(person_table).where(person_table.c.id == person_id).values(change_no=1))
    with store.write("fjordbyen") as connection:
        assert recovery.sweep(connection, "fjordbyen", NOW) == 1
    assert len(claim(store)) == 1


def test_no_more_lanes_run_than_the_recipient_has_slots(store: Store) -> None:
    for number in range(20):
        entry(store, person_with_lane(store, number))
    first = claim(store)
    assert len(first) == BUP.slots
    assert claim(store) == []
    end(store, first[0], Ending(cursor=1))
    assert len(claim(store)) == 1


def test_while_the_breaker_is_open_one_probe_goes_per_interval(store: Store) -> None:
    for number in range(5):
        entry(store, person_with_lane(store, number))
    (one, *rest) = claim(store, limit=3)
    with store.write("fjordbyen") as connection:
        breaker.trip(connection, BUP, NOW, "connection-refused", None, probe=False)
    for other in (one, *rest):
        end(store, other, Ending(again=True, error="connection-refused"))
    assert claim(store) == []
    due = NOW + timedelta(seconds=BUP.probe_seconds)
    (probe,) = claim(store, now=due)
    assert probe.probe
    assert claim(store, now=due) == []  # not while the probe is under way
    with store.write("fjordbyen") as connection:
        breaker.trip(connection, BUP, due, "connection-refused", None, probe=True)
    end(store, probe, Ending(again=True, error="connection-refused"), now=due)
    assert claim(store, now=due + timedelta(seconds=BUP.probe_seconds)) == []  # the interval has doubled
    later = due + timedelta(seconds=2 * BUP.probe_seconds)
    (probe,) = claim(store, now=later)
    with store.write("fjordbyen") as connection:
        breaker.reset(connection, BUP)
    end(store, probe, Ending(cursor=1), now=later)
    assert len(claim(store, now=later)) == 4  # one answer has freed them all


def test_an_older_run_can_no_longer_end_a_lane_that_was_taken_over(store: Store) -> None:
    person_id = person_with_lane(store, 1)
    entry(store, person_id)
    (one,) = claim(store)
    late = NOW + timedelta(hours=1)
    with store.write("fjordbyen") as connection:
        (row,) = recovery.overdue(connection, "fjordbyen", late)
        assert recovery.release_dead(connection, row, late)
    (newer,) = claim(store, now=late)
    assert not end(store, one, Ending(cursor=1), now=late)
    assert end(store, newer, Ending(cursor=1), now=late)


def test_a_held_lane_is_not_claimed_until_it_is_released(store: Store) -> None:
    person_id = person_with_lane(store, 1)
    entry(store, person_id)
    with store.read("fjordbyen") as connection:
        lane_id = connection.execute(select(lane.c.id)).scalar_one()
    with store.write("fjordbyen") as connection:
        assert steering.hold(connection, BUP.tenant, lane_id, NOW, Reason.INVESTIGATING)
    entry(store, person_id)
    assert claim(store) == []
    with store.write("fjordbyen") as connection:
        assert steering.release(connection, BUP.tenant, lane_id, NOW)
    assert len(claim(store)) == 1


def test_that_a_recipient_was_down_for_long_makes_no_lane_wait_longer_afterwards(store: Store) -> None:
    person_id = person_with_lane(store, 1)
    entry(store, person_id)
    for _ in range(9):  # one probe after the other
        (one,) = claim(store)
        end(store, one, Ending(again=True, error="HTTP 503"))
    (one,) = claim(store)
    assert one.attempts == 0
    assert (lanes.failed(one, NOW).retry_at or NOW) - NOW == timedelta(seconds=1)
    end(store, one, Ending(retry_at=NOW, error="no-progress"))
    (one,) = claim(store)
    assert one.attempts == 1
    end(store, one, Ending(cursor=1, error="HTTP 422: one record is held back"))
    entry(store, person_id)
    (one,) = claim(store)
    assert one.attempts == 0
