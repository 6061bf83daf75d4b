"""A system whose list or file is all it has: what is not in it is flagged, and a list that breaks off is not
believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from adapters.contract import Incoming, Page, Unavailable
from gateway.exchange import poll
from gateway.exchange.poll import Poller
from gateway.hub import absences, links, snapshots
from gateway.hub.schema.tables import timer
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World

CHILD = Child(1)
PAGE = 4


@dataclass
class Listing:
    """A records system as its adapter tells of it. breaks: after the first page, in a read from the
    beginning."""

    records: list[dict[str, Any]]
    whole: bool = False  # a folder: one file
    breaks: bool = False
    omitted: tuple[tuple[str, str], ...] = ()
    asked: list[str | None] = field(default_factory=list)

    async def changes(self, cursor: str | None) -> Page:
        self.asked.append(cursor)
        start = int(cursor or 0)
        if self.breaks and start:
            raise Unavailable("reset")
        end = len(self.records) if self.whole else start + PAGE
        found = tuple(Incoming(one, one.get("id")) for one in self.records[start:end])
        more = end < len(self.records)
        return Page(found, str(min(end, len(self.records))), more, whole=self.whole, omitted=self.omitted)

    async def read(self, remote_id: str) -> Incoming | None:
        return next((Incoming(one) for one in self.records if one["id"] == remote_id), None)


@pytest.fixture
def told(here: World) -> list[dict[str, Any]]:
    records = [*CHILD.log_records(), *(CHILD.goal(f"m{number}", number) for number in (1, 2, 3))]
    assert set(here.statuses("stafettlogg", *records)) == {"stored"}
    return records


def turn(here: World, listing: Listing, now: datetime, **more: Any) -> None:
    """One turn, due."""
    with here.service.store.write(TENANT) as connection:
        connection.execute(update(timer).where(timer.c.kind == "poll").values(due=NOW - timedelta(minutes=1)))
    clock: Callable[[], datetime] = lambda: now  # noqa: E731
    system = here.system("stafettlogg").model_copy(update={"poll_seconds": 60.0, "snapshot": True, **more})
    poller = Poller(system, here.service.store, listing, here.service.intake, clock)  # type: ignore[arg-type]
    assert poller.my_turn()
    asyncio.run(poller.poll())


def missing(here: World) -> dict[str, str]:
    with here.service.store.read(TENANT) as connection:
        found = absences.of_system(connection, TENANT, "stafettlogg", after="", limit=100)
        named = links.natives(connection, TENANT, "stafettlogg", [one.ref for one in found])
    return {named[one.ref]: one.reason for one in found}


def without(records: list[dict[str, Any]], own: str) -> list[dict[str, Any]]:
    return [one for one in records if one["id"] != own]


def test_a_list_is_read_whole_once_a_day_and_what_it_lacks_is_flagged(
    here: World, told: list[dict[str, Any]]
) -> None:
    listing = Listing(without(told, "b1-m2"), omitted=(("b1-m2", "arkivert"),))
    turn(here, listing, NOW + timedelta(minutes=1))
    assert listing.asked[0] is None
    assert len(listing.asked) == -(-len(listing.records) // PAGE)
    assert missing(here) == {"b1-m2": "arkivert"}
    listing.records.append(told[-1] | {"id": "b1-m9"})
    turn(here, listing, NOW + timedelta(hours=1))
    assert listing.asked[-1] == str(len(listing.records) - 1), "it goes on from where it was"
    listing.records.append(next(one for one in told if one["id"] == "b1-m2"))
    turn(here, listing, NOW + timedelta(days=2))
    assert missing(here) == {}


def test_a_list_that_breaks_off_flags_nothing_and_is_noted(here: World, told: list[dict[str, Any]]) -> None:
    turn(here, Listing(without(told, "b1-m2"), breaks=True), NOW + timedelta(minutes=1))
    assert missing(here) == {}
    with here.service.store.read(TENANT) as connection:
        (stood,) = snapshots.of_system(connection, TENANT, "stafettlogg", 10)
    assert (stood.state, stood.why, stood.items) == ("doubtful", "broken", PAGE)
    turn(here, Listing(without(told, "b1-m2")), NOW + timedelta(minutes=30))
    assert missing(here) == {}, "not before an hour has passed"
    turn(here, Listing(without(told, "b1-m2")), NOW + timedelta(hours=2))
    assert set(missing(here)) == {"b1-m2"}


def test_a_file_that_is_whole_is_compared_as_soon_as_it_is_taken_in(
    here: World, told: list[dict[str, Any]]
) -> None:
    file = Listing(without(told, "b1-m3"), whole=True)
    turn(here, file, NOW + timedelta(minutes=1), snapshot=False)
    assert missing(here) == {"b1-m3": "utelatt"}


def test_what_is_refused_is_there_all_the_same(here: World, told: list[dict[str, Any]]) -> None:
    wrong = [one | {"status": "ukjent"} if one["id"] == "b1-m1" else one for one in told]
    turn(here, Listing(wrong, whole=True), NOW + timedelta(minutes=1), snapshot=False)
    assert missing(here) == {}
    nameless = [{k: v for k, v in one.items() if k != "id"} if one["id"] == "b1-m1" else one for one in told]
    turn(here, Listing(nameless, whole=True), NOW + timedelta(minutes=2), snapshot=False)
    assert missing(here) == {}, "one that cannot be named may be any of them"


@dataclass
class Cut(Listing):
    """The reading is cut off after the first page, by something else than the system."""

    by: BaseException = field(default_factory=RuntimeError)

    async def changes(self, cursor: str | None) -> Page:
        if cursor:
            raise self.by
        return await super().changes(cursor)


@pytest.mark.parametrize("by", [RuntimeError("the database is away"), asyncio.CancelledError()])
def test_a_list_whose_reading_is_cut_off_flags_nothing_either(
    here: World, told: list[dict[str, Any]], by: BaseException
) -> None:
    with suppress(asyncio.CancelledError):
        turn(here, Cut(told, by=by), NOW + timedelta(minutes=1))
    assert missing(here) == {}


def test_who_was_stopped_until_another_had_the_turn_takes_nothing_in(
    here: World, told: list[dict[str, Any]]
) -> None:
    system = here.system("stafettlogg").model_copy(update={"poll_seconds": 60.0})
    times = [NOW]
    old, new = Listing([*told, told[-1] | {"id": "b1-m8"}]), Listing([*told, told[-1] | {"id": "b1-m9"}])
    stopped, other = (
        Poller(system, here.service.store, one, here.service.intake, lambda: times[-1])  # type: ignore[arg-type]
        for one in (old, new)
    )
    assert stopped.my_turn()
    assert not other.my_turn()
    times.append(NOW + poll.TURN + timedelta(seconds=1))
    assert other.my_turn()
    asyncio.run(stopped.poll())
    assert not known(here, "b1-m8"), "its page is old"
    asyncio.run(other.poll())
    assert known(here, "b1-m9")
    assert len(old.asked) == 1
    assert len(new.asked) == -(-len(new.records) // PAGE), "its turn was made longer by each page"


def known(here: World, native: str) -> bool:
    with here.service.store.read(TENANT) as connection:
        return bool(links.names(connection, TENANT, "stafettlogg", [native]))
