"""Rate and order to one recipient: all workers draw from one bucket, live lanes go before those of the
backfill, and the backfill takes no more than its part and is never starved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from gateway.config import System
from gateway.exchange import breaker, lanes, rate
from gateway.exchange.lanes import Claim, Ending
from gateway.hub import persons
from gateway.hub.store import Store
from gateway.hub.wake import open_lanes, wake

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TENANT = "fjordbyen"
PLAIN = System(
    id="bup", tenant=TENANT, adapter="fhir", organization="343231946", url="http://127.0.0.1:1", slots=8
)
SLOW = PLAIN.model_copy(update={"rate_per_second": 2.0, "burst": 10})


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    with store.write(TENANT) as connection:
        breaker.ensure_recipients(connection, [PLAIN])
    yield store
    store.close()


def waiting(store: Store, count: int, *, backfill: bool = False, first: int = 0) -> list[str]:
    """Persons whose lanes wait, the first the longest."""
    found = []
    for number in range(first, first + count):
        with store.write(TENANT) as connection:
            one = persons.create(connection, TENANT, [f"{number:064d}"], NOW)
            open_lanes(connection, TENANT, one, [PLAIN.id])
            since = NOW - timedelta(hours=1) + timedelta(seconds=number)
            wake(connection, TENANT, [one], since, backfill=backfill)
        found.append(one)
    return found


def claim(store: Store, system: System, now: datetime = NOW, limit: int = 64) -> list[Claim]:
    with store.write(TENANT) as connection:
        return lanes.claim(connection, system, owner="w1", now=now, limit=limit)


def end(
    store: Store, claims: list[Claim], sent: int | None, now: datetime = NOW, *, again: bool = False
) -> None:
    for one in claims:
        with store.write(TENANT) as connection:
            lanes.end(connection, one, Ending(cursor=1, sent=sent, again=again), now)


def allowed(claims: list[Claim]) -> int:
    return sum(one.allowance or 0 for one in claims)


def test_without_a_rate_a_claim_has_no_limit(store: Store) -> None:
    waiting(store, 3)
    assert {one.allowance for one in claim(store, PLAIN)} == {None}


def test_what_is_claimed_at_once_may_send_no_more_than_the_burst(store: Store) -> None:
    waiting(store, 4)
    first = claim(store, SLOW)
    assert (len(first), allowed(first)) == (4, 8)  # ten records for four lanes: two each
    end(store, first, 2, again=True)
    assert allowed(claim(store, SLOW)) == 2  # what could not be shared out


def test_the_bucket_fills_with_the_clock_and_not_above_the_burst(store: Store) -> None:
    waiting(store, 1)
    for seconds, expected in ((0, 10), (1, 2), (3, 4), (3600, 10)):
        now = NOW + timedelta(seconds=seconds)
        claims = claim(store, SLOW, now)
        assert (seconds, allowed(claims)) == (seconds, expected)
        end(store, claims, expected, now, again=True)
        assert claim(store, SLOW, now) == []


def test_what_a_run_did_not_send_is_given_back_and_what_nobody_knows_is_not(store: Store) -> None:
    waiting(store, 1)
    claims = claim(store, SLOW)
    end(store, claims, 3, again=True)
    claims = claim(store, SLOW)
    assert allowed(claims) == 7
    end(store, claims, None, again=True)
    assert claim(store, SLOW) == []


def test_two_clocks_do_not_fill_the_same_second_twice(store: Store) -> None:
    waiting(store, 1)
    end(store, claim(store, SLOW), 10, again=True)
    total = 0
    for step in range(1, 21):  # two workers in turn, one clock half a second behind the other
        now = NOW + timedelta(seconds=step / 2 - (step % 2) / 2)
        claims = claim(store, SLOW, now)
        total += allowed(claims)
        end(store, claims, allowed(claims), now, again=True)
    assert total <= 2 * 10


def test_a_clock_that_was_an_hour_ahead_does_not_stop_the_recipient(store: Store) -> None:
    waiting(store, 1)
    ahead = NOW + timedelta(hours=1)
    end(store, claim(store, SLOW, ahead), 10, NOW, again=True)
    assert allowed(claim(store, SLOW)) == 10  # as a new one


def test_after_an_outage_all_go_on_at_the_rate(store: Store) -> None:
    waiting(store, 30)
    (probe,) = claim(store, SLOW, limit=1)
    with store.write(TENANT) as connection:
        breaker.trip(connection, SLOW, NOW, "connection-refused", None, probe=False)
    end(store, [probe], 0, again=True)
    due = NOW + timedelta(seconds=SLOW.probe_seconds)
    (probe,) = claim(store, SLOW, due)
    with store.write(TENANT) as connection:
        breaker.reset(connection, SLOW)
    end(store, [probe], 1, due)
    sent = 0
    for step in range(41):  # ten seconds, a look every quarter
        now = due + timedelta(seconds=step / 4)
        claims = claim(store, SLOW, now)
        sent += len(claims)
        end(store, claims, 1, now)
    assert sent == min(29, 9 + 2 * 10)


def test_workers_share_one_bucket(store: Store) -> None:
    waiting(store, 40)
    system = SLOW.model_copy(update={"slots": 64})
    with ThreadPoolExecutor(8) as pool:
        claims = [
            one for found in pool.map(lambda _: claim(store, system, limit=3), range(24)) for one in found
        ]
    assert allowed(claims) <= 10
    assert max(Counter(one.person for one in claims).values()) == 1


def test_live_lanes_go_before_those_of_the_backfill(store: Store) -> None:
    behind = waiting(store, 10, backfill=True)
    live = waiting(store, 6, first=10)
    first = claim(store, PLAIN)
    assert [one.person for one in first if not one.backfill] == live
    assert [one.person for one in first if one.backfill] == behind[
        :2
    ]  # what is free, the longest waiting first


def test_the_backfill_holds_at_most_its_part_of_the_slots(store: Store) -> None:
    waiting(store, 10, backfill=True)
    assert len(claim(store, PLAIN)) == 4
    assert claim(store, PLAIN) == []
    waiting(store, 6, first=10)
    assert [one.backfill for one in claim(store, PLAIN)] == [False] * 4


def test_the_backfill_takes_at_most_its_part_of_the_rate(store: Store) -> None:
    waiting(store, 10, backfill=True)
    system = SLOW.model_copy(update={"backfill_share": 0.3})
    claims = claim(store, system)
    assert allowed(claims) <= 3
    waiting(store, 4, first=10)
    assert allowed(claim(store, system)) >= 4


def test_the_backfill_is_not_starved(store: Store) -> None:
    behind = waiting(store, 1, backfill=True)
    waiting(store, 20, first=10)
    system = PLAIN.model_copy(update={"slots": 1})
    turns = []
    for second in range(12):
        now = NOW + timedelta(seconds=second)
        (one,) = claim(store, system, now)
        turns.append(one.person in behind)
        end(store, [one], None, now, again=True)
    assert turns == [True] + [False] * 4 + [True] + [False] * 4 + [True, False]


def test_an_edit_of_today_takes_the_lane_out_of_the_backfill(store: Store) -> None:
    one, other = waiting(store, 2, backfill=True)
    with store.write(TENANT) as connection:
        wake(connection, TENANT, [other], NOW)
    assert {c.person: c.backfill for c in claim(store, PLAIN)} == {one: True, other: False}


def test_history_does_not_put_a_live_lane_behind(store: Store) -> None:
    (one,) = waiting(store, 1)
    with store.write(TENANT) as connection:
        wake(connection, TENANT, [one], NOW, backfill=True)
    assert [c.backfill for c in claim(store, PLAIN)] == [False]


def test_a_lane_that_has_everything_is_live_from_then_on(store: Store) -> None:
    (one,) = waiting(store, 1, backfill=True)
    claims = claim(store, PLAIN)
    end(store, claims, 1, again=True)
    claims = claim(store, PLAIN)
    assert [c.backfill for c in claims] == [True]
    end(store, claims, 1)
    with store.write(TENANT) as connection:
        wake(connection, TENANT, [one], NOW)
    assert [c.backfill for c in claim(store, PLAIN)] == [False]


def test_only_recipients_with_a_lane_that_is_due_are_looked_at(store: Store) -> None:
    with store.read(TENANT) as connection:
        assert lanes.recipients_waiting(connection, NOW) == []
    waiting(store, 1, backfill=True)
    with store.read(TENANT) as connection:
        assert lanes.recipients_waiting(connection, NOW) == [(TENANT, PLAIN.id)]
        assert lanes.recipients_waiting(connection, NOW - timedelta(hours=2)) == []


def test_a_rate_belongs_to_a_system_that_is_delivered_to() -> None:
    known = {"id": "x", "tenant": TENANT, "adapter": "stafettlogg", "organization": "343231946"}
    with pytest.raises(ValidationError, match="that we deliver to"):
        System(**known, deliver="pull", rate_per_second=1)
    with pytest.raises(ValidationError, match="burst"):
        System(**known, url="http://127.0.0.1:1", burst=1)
    assert rate.burst_of(System(**known, url="http://127.0.0.1:1", rate_per_second=0.2)) == 1
