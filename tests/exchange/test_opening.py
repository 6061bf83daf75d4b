"""The first synchronization of a recipient: everyone gets a lane there, behind live traffic, once, whoever is
stopped on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from gateway.config import Route, Settings
from gateway.exchange import opening
from gateway.hub import persons
from gateway.hub.schema.tables import lane
from gateway.hub.store import Store
from gateway.hub.wake import open_lanes
from tests.intake.world import NOW, TENANT, settings

PEOPLE = 450  # more than two transactions


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    store = Store(database_url)
    yield store
    store.close()


@pytest.fixture
def known(store: Store) -> list[str]:
    """Persons who have a lane to the plan system only."""
    with store.write(TENANT) as connection:
        found = [persons.create(connection, TENANT, [f"{n:064d}"], NOW) for n in range(PEOPLE)]
        open_lanes(connection, TENANT, found, ["individuell-plan"])
    return found


def routed(folder: Path, *routes: tuple[str, str], **more: object) -> Settings:
    made = tuple(Route(source=a, recipient=b, **more) for a, b in routes)
    return settings("sqlite://", folder).model_copy(update={"routes": made})


def note(store: Store, wanted: Settings) -> None:
    with store.write(TENANT) as connection:
        opening.note(connection, wanted, TENANT, NOW)


def passes(store: Store, most: int = 100) -> int:
    """Let it go on; how many transactions it took."""
    count = 0
    for _ in range(most):
        with store.read(TENANT) as connection:
            left = opening.unfinished(connection, TENANT)
        if not left:
            break
        with store.write(TENANT) as connection:
            opening.advance(connection, TENANT, left[0], NOW)
        count += 1
    return count


def lanes_to(store: Store, recipient: str) -> Counter[tuple[str, bool]]:
    with store.read(TENANT) as connection:
        rows = connection.execute(
            select(lane.c.state, lane.c.backfill, func.count())
            .where(lane.c.recipient == recipient)
            .group_by(lane.c.state, lane.c.backfill)
        )
        return Counter({(state, backfill): count for state, backfill, count in rows})


def test_a_new_recipient_gets_a_lane_for_everyone_behind_live_traffic(
    store: Store, known: list[str], tmp_path: Path
) -> None:
    note(store, routed(tmp_path, ("stafettlogg", "bup")))
    assert passes(store) == 3
    assert lanes_to(store, "bup") == {("waiting", True): len(known)}
    assert lanes_to(store, "individuell-plan") == {("idle", False): len(known)}
    with store.read(TENANT) as connection:
        (one,) = opening.progress(connection, TENANT)
    assert (one.system, one.passed, one.total, one.waiting) == ("bup", PEOPLE, PEOPLE, PEOPLE)
    assert one.finished is not None


def test_stopped_in_the_middle_it_goes_on_where_it_was(
    store: Store, known: list[str], tmp_path: Path
) -> None:
    wanted = routed(tmp_path, ("stafettlogg", "bup"))
    note(store, wanted)
    assert passes(store, 1) == 1
    with store.read(TENANT) as connection:
        (one,) = opening.progress(connection, TENANT)
    assert (one.passed, one.finished) == (opening.BATCH, None)
    note(store, wanted)  # another worker starts
    assert passes(store) == 2
    assert lanes_to(store, "bup") == {("waiting", True): len(known)}


def test_the_same_routes_again_open_nothing(store: Store, known: list[str], tmp_path: Path) -> None:
    wanted = routed(tmp_path, ("stafettlogg", "bup"))
    note(store, wanted)
    passes(store)
    with store.write(TENANT) as connection:
        connection.execute(update(lane).values(state="idle", backfill=False))
    note(store, wanted)
    assert passes(store) == 0
    assert lanes_to(store, "bup") == {("idle", False): len(known)}


@pytest.mark.parametrize("more", [{"purpose": "behandling"}, {"create_person": True}])
def test_a_route_that_is_opened_for_more_is_looked_at_anew(
    store: Store, known: list[str], tmp_path: Path, more: dict[str, object]
) -> None:
    note(store, routed(tmp_path, ("stafettlogg", "bup")))
    passes(store)
    note(store, routed(tmp_path, ("stafettlogg", "bup"), **more))
    assert passes(store) == 3


def test_a_second_source_for_a_known_recipient_looks_at_everything_once_more(
    store: Store, known: list[str], tmp_path: Path
) -> None:
    note(store, routed(tmp_path, ("stafettlogg", "individuell-plan")))
    passes(store)
    with store.write(TENANT) as connection:
        connection.execute(update(lane).values(state="idle", backfill=False, facts_cursor=7))
        held = update(lane).where(lane.c.person == known[0])
        connection.execute(held.values(state="held"))
        live = update(lane).where(lane.c.person == known[1])
        connection.execute(live.values(state="waiting", next_at=NOW, waiting_since=NOW))
    note(store, routed(tmp_path, ("stafettlogg", "individuell-plan"), ("bup", "individuell-plan")))
    passes(store)
    expected = {("waiting", True): PEOPLE - 2, ("held", False): 1, ("waiting", False): 1}
    assert lanes_to(store, "individuell-plan") == expected
    with store.read(TENANT) as connection:
        assert set(connection.execute(select(lane.c.facts_cursor)).scalars()) == {-1}


def test_a_route_that_is_closed_opens_nothing_and_opens_again_later(
    store: Store, known: list[str], tmp_path: Path
) -> None:
    both = routed(tmp_path, ("stafettlogg", "bup"), ("individuell-plan", "bup"))
    note(store, both)
    passes(store)
    note(store, routed(tmp_path, ("stafettlogg", "bup")))
    assert passes(store) == 0
    note(store, both)
    assert passes(store) == 3
    note(store, routed(tmp_path))
    note(store, both)
    assert passes(store) == 3


def test_where_nobody_is_known_there_is_nothing_to_do(store: Store, tmp_path: Path) -> None:
    note(store, routed(tmp_path, ("stafettlogg", "bup")))
    assert passes(store) == 0


def test_a_lane_asked_anew_while_it_runs_looks_at_everything_after_it(
    store: Store, known: list[str], tmp_path: Path
) -> None:
    """What the run had read before does not count as having looked."""
    from gateway.exchange import breaker, lanes
    from gateway.exchange.lanes import Ending

    wanted = settings("sqlite://", tmp_path)
    system = wanted.system("individuell-plan")
    assert system is not None
    with store.write(TENANT) as connection:
        breaker.ensure_recipients(connection, [system])
        due = update(lane).where(lane.c.person == known[0])
        connection.execute(due.values(state="waiting", next_at=NOW, waiting_since=NOW))
        (claim,) = lanes.claim(connection, system, owner="w", now=NOW, limit=1)
    note(store, wanted)
    passes(store)
    with store.write(TENANT) as connection:
        later = NOW + timedelta(seconds=1)
        assert lanes.end(connection, claim, Ending(cursor=5, facts_cursor=5), later) == lanes.WAITING
        row = connection.execute(select(lane).where(lane.c.id == claim.lane)).one()
    assert (row.cursor, row.facts_cursor) == (5, -1)
