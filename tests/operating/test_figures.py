"""Figures over time: what came in, what was refused, how it went out and how long it waited, by day, counted
once however often, by whichever worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import OperationalError

from consent.days import day
from gateway.config import System
from gateway.exchange import disclosures
from gateway.hub import receipts, tallies
from gateway.hub.receipts import Saying
from gateway.hub.schema.tables import disclosure, lane, resource, resource_version
from gateway.hub.store import Store
from gateway.hub.tallies import Count, Kind
from gateway.intake import Offered
from gateway.intake.refusals import Refusals
from gateway.operating import clerk, figures
from gateway.operating.clerk import Clerk
from gateway.service import Service, build
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT
from tests.intake.world import settings as configured

TODAY = day(NOW)
TOMORROW = TODAY + timedelta(days=1)
LOG, PLAN = "stafettlogg", "individuell-plan"


@dataclass
class Here:
    """A service whose clock the test moves."""

    service: Service
    clock: list[datetime]

    def system(self, name: str = LOG) -> System:
        found = self.service.settings.system(name)
        assert found is not None
        return found

    def take(self, *records: dict[str, Any]) -> list[str]:
        given = self.service.intake.take(self.system(), [Offered(r) for r in records])
        return [one.status.value for one in given]

    def clerk(self) -> Clerk:
        """A worker's that has just begun."""
        return Clerk(self.service.store, self.service.settings, self.service.clock)

    def found(self, on: date = TODAY, system: str | None = None) -> dict[Kind, int]:
        with self.service.store.read(TENANT) as connection:
            return {kind: n for (_, kind), n in tallies.between(connection, TENANT, on, on, system).items()}

    def passes(self, **more: float) -> None:
        self.clock[0] += timedelta(**more)


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[Here]:
    clock = [NOW]
    service = build(configured(database_url, tmp_path), clock=lambda: clock[0])
    yield Here(service, clock)
    service.close()


def sent(connection: Connection, state: str, error: str | None = None, **more: Any) -> None:
    """A delivery to the plan's system that ended so."""
    own = disclosures.new_id()
    connection.execute(
        insert(disclosure),
        {"tenant": TENANT, "id": own, "person": "p", "recipient": PLAN, "channel": "push", "state": state,
         "run": 1, "epoch": 1, "started": NOW, "error": error, "items": b"[]", **more},
    )  # fmt: skip


# --- what came in ------------------------------------------------------------------------------------------


def test_each_new_version_of_an_item_is_one_whatever_came_with_it(here: Here) -> None:
    records = Child(3).log_records()
    taken = here.take(*records).count("stored")
    here.take(*records)  # the same again is nothing new
    here.take(Child(3).goal("m1", 5) | {"tekst": "En ny utgave"})
    here.clerk().go()
    with here.service.store.read(TENANT) as connection:
        versions = connection.execute(select(resource_version.c.ref)).all()
    assert here.found()[Kind.TAKEN] == taken + 1 < len(versions)
    assert here.found(system=PLAN).get(Kind.TAKEN) is None


def test_what_is_refused_is_counted_by_a_clean_stop_and_by_each_interval(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"type": "maal", "id": "x1", "logg": "l", "endret": "i går"}
    assert here.take(wrong, {"type": "noe annet", "id": "x2"}, 7) == ["rejected"] * 3  # type: ignore[arg-type]
    assert here.found() == {}  # no record has waited for a count
    written = threading.Event()
    monkeypatch.setattr("gateway.intake.refusals.PERIOD", 0.01)
    refusals = here.service.refusals
    assert refusals._timer is not None
    refusals._timer.function = lambda: (refusals.write(), written.set())
    refusals._timer.finished.set()  # do not wait for the real one
    refusals._timer = None
    refusals.count(here.system(), 1)
    assert refusals._timer is not None
    refusals._timer.join(20)
    assert here.found() == {Kind.REFUSED_IN: 4}
    here.take(wrong)
    here.service.refusals.close()
    assert here.found() == {Kind.REFUSED_IN: 5}
    assert here.found(system=LOG) == {Kind.REFUSED_IN: 5}


def test_no_count_is_lost_between_threads_nor_while_the_database_is_away(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = Refusals(here.service.store, here.service.clock)

    def many() -> None:
        for n in range(200):
            refusals.count(here.system(), 1)
            if n % 50 == 0:
                refusals.write()

    real = tallies.add
    away = OperationalError("insert", {}, Exception())

    def fails(*_: Any) -> None:
        raise away

    refusals.count(here.system(), 3)
    monkeypatch.setattr("gateway.intake.refusals.add", fails)
    assert not refusals.write()
    monkeypatch.setattr("gateway.intake.refusals.add", real)
    threads = [threading.Thread(target=many) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    refusals.close()
    assert here.found() == {Kind.REFUSED_IN: 803}


def test_two_days_are_two_counts_by_the_day_in_norway(here: Here) -> None:
    here.clock[0] = datetime.fromisoformat("2026-11-21T23:30:00+01:00")
    here.service.refusals.count(here.system(), 1)
    here.passes(hours=1)
    here.service.refusals.count(here.system(), 2)
    here.service.refusals.write()
    assert here.found(date(2026, 11, 21)) == {Kind.REFUSED_IN: 1}
    assert here.found(date(2026, 11, 22)) == {Kind.REFUSED_IN: 2}


# --- what went out -----------------------------------------------------------------------------------------


def test_deliveries_are_counted_by_how_they_ended(here: Here) -> None:
    with here.service.store.write(TENANT) as connection:
        for state, error in (
            ("delivered", None), ("delivered", None), ("refused", "HTTP 422"), ("unknown", "timeout"),
            ("unsent", "refers-to-held"), ("unsent", None), ("sending", None),
        ):  # fmt: skip
            sent(connection, state, error)
        sent(connection, "delivered", channel="page")  # somebody read it here; nothing was sent
        sent(connection, "delivered", started=NOW - timedelta(days=1))
    here.clerk().go()
    assert here.found() == {Kind.DELIVERED: 2, Kind.REFUSED: 1, Kind.UNKNOWN: 1, Kind.HELD: 1}
    assert here.found(TODAY - timedelta(days=1)) == {Kind.DELIVERED: 1}


def test_what_is_acknowledged_is_counted_and_what_is_rejected_is_not(here: Here) -> None:
    here.take(*Child(3).log_records())
    with here.service.store.write(TENANT) as connection:
        ref, owner = connection.execute(select(resource.c.ref, resource.c.person)).first() or ("", "")
        for n, kind in enumerate((receipts.Kind.ACCEPTED, receipts.Kind.READ, receipts.Kind.REJECTED)):
            receipts.keep_of(connection, TENANT, Saying(PLAN, owner, ref, kind, NOW), n, NOW)
    here.clerk().go()
    assert here.found(system=PLAN)[Kind.RECEIPTS] == 2


def test_the_longest_wait_of_a_day_stays(here: Here) -> None:
    here.take(*Child(3).log_records())
    with here.service.store.write(TENANT) as connection:
        connection.execute(update(lane).values(state="idle"))
        waiting = update(lane).where(lane.c.recipient == PLAN)
        connection.execute(waiting.values(state="waiting", waiting_since=NOW - timedelta(minutes=90)))
    here.clerk().go()
    with here.service.store.write(TENANT) as connection:
        connection.execute(update(lane).values(waiting_since=here.clock[0]))
    here.passes(minutes=2)
    here.clerk().go()
    assert here.found()[Kind.WAIT] == 90 * 60
    assert here.found(system="bup").get(Kind.WAIT) is None


# --- when --------------------------------------------------------------------------------------------------


def test_it_is_counted_once_an_hour_and_what_ended_late_is_put_right(here: Here) -> None:
    worker = here.clerk()
    while_counting(here, worker)
    with here.service.store.write(TENANT) as connection:
        sent(connection, "delivered")
    here.passes(minutes=2)
    worker.go()
    assert here.found() == {}
    here.passes(minutes=3)  # the first day: somebody is waiting to see it
    worker.go()
    assert here.found() == {Kind.DELIVERED: 1}
    with here.service.store.write(TENANT) as connection:
        connection.execute(update(disclosure).values(state="unknown"))
    here.passes(days=1)  # yesterday is counted anew
    worker.go()
    assert here.found() == {Kind.UNKNOWN: 1}
    with here.service.store.write(TENANT) as connection:
        sent(connection, "delivered", started=here.clock[0])
    here.passes(minutes=59)
    worker.go()
    assert here.found(TOMORROW) == {}
    here.passes(minutes=1)
    worker.go()
    assert here.found(TOMORROW) == {Kind.DELIVERED: 1}


def test_days_on_which_nobody_counted_are_counted_later(here: Here) -> None:
    worker = here.clerk()
    while_counting(here, worker)
    with here.service.store.write(TENANT) as connection:
        for days in range(25):
            sent(connection, "delivered", started=NOW + timedelta(days=days))
    here.passes(days=25)
    for _ in range(4):  # some days at each look
        here.clerk().go()
        here.passes(minutes=2)
    assert [here.found(TODAY + timedelta(days=n)) for n in range(25)] == [{Kind.DELIVERED: 1}] * 25


def test_the_past_of_a_hub_is_counted_too_a_year_back(here: Here) -> None:
    ages = (2, 40, 300, 364)
    with here.service.store.write(TENANT) as connection:
        for age in ages:
            sent(connection, "delivered", started=NOW - timedelta(days=age))
    worker = here.clerk()
    worker.go()
    with here.service.store.read(TENANT) as connection:
        found = clerk.counted(connection, TENANT)
    assert found is not None
    assert TODAY - timedelta(days=20) < found.since_when(Kind.DELIVERED) < TODAY - timedelta(days=2)
    assert found.since_when(Kind.REFUSED_IN) == TODAY
    while_counting(here, worker)
    assert all(here.found(TODAY - timedelta(days=age)) == {Kind.DELIVERED: 1} for age in ages)


def while_counting(here: Here, worker: Clerk) -> None:
    """Until there is no older day left."""
    for _ in range(100):
        worker.go()
        with here.service.store.read(TENANT) as connection:
            found = clerk.counted(connection, TENANT)
        if found is not None and found.back is None:
            return
    raise AssertionError("it never ends")


def test_another_municipality_has_its_own(here: Here) -> None:
    with here.service.store.write("nabokommune") as connection:
        tallies.add(connection, "nabokommune", [Count(TODAY, Kind.TAKEN, LOG, 9)])
    assert here.found() == {}


# --- what it costs -----------------------------------------------------------------------------------------


def test_every_question_is_answered_by_an_index_of_that_system_and_time(sqlite_url: str) -> None:
    span = NOW - timedelta(days=1), NOW
    asked = {
        "ix_resource_version_source": figures.taken(TENANT, LOG, span),
        "ix_disclosure_recipient": figures.ended(TENANT, LOG, span),
        "ix_receipt_recipient": figures.acknowledged(TENANT, LOG, span),
        "ix_lane_line": figures.waiting(TENANT),
    }
    store = Store(sqlite_url)
    with store.read(TENANT) as connection:
        for index, statement in asked.items():
            plain = statement.compile(connection, compile_kwargs={"literal_binds": True})
            plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {plain}"))
            assert index in plan, plan
            assert "SCAN" not in plan, plan
    store.close()


def test_adding_to_a_count_keeps_what_stands(here: Here) -> None:
    with here.service.store.write(TENANT) as connection:
        for number in (5, 3):
            tallies.add(connection, TENANT, [Count(TODAY, Kind.TAKEN, LOG, number)])
            tallies.add(connection, TENANT, [Count(TODAY, Kind.WAIT, LOG, number)])
        tallies.add(connection, TENANT, [Count(TODAY, Kind.WAIT, PLAN, 7)])
    assert here.found() == {Kind.TAKEN: 8, Kind.WAIT: 7}
    assert here.found(system=LOG) == {Kind.TAKEN: 8, Kind.WAIT: 5}
    with here.service.store.write(TENANT) as connection:
        connection.execute(delete(lane))
        tallies.replace(connection, TENANT, TODAY, [Kind.TAKEN], [Count(TODAY, Kind.TAKEN, PLAN, 2)])
    assert here.found() == {Kind.TAKEN: 2, Kind.WAIT: 7}
