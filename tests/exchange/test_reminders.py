"""Timers of reminders: set with what they rest on, taken by one worker each, and set for everybody who was
known before there were any."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from gateway.exchange import reminders
from gateway.hub.review import DEADLINES, REMINDERS
from gateway.hub.schema import migrate
from gateway.hub.schema.reminders import reminder
from gateway.hub.schema.tables import person, timer
from gateway.hub.store import Store
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World

PATIENCE = {TENANT: timedelta(days=14)}


def review(here: World, *, most: int = reminders.MOST, patience: dict[str, timedelta] | None = None) -> int:
    with here.service.store.write(TENANT) as connection:
        return reminders.review(
            connection, here.service.facts, PATIENCE if patience is None else patience, NOW, most
        )


def waiting(here: World) -> int:
    """Timers of reminders that are due now."""
    with here.service.store.read(TENANT) as connection:
        rows = connection.execute(select(timer.c.due).where(timer.c.kind == REMINDERS, timer.c.due <= NOW))
        return len(rows.all())


def test_what_is_no_fact_asks_for_nothing(here: World) -> None:
    child = Child(1)
    here.take("stafettlogg", *child.log_records())
    assert (waiting(here), review(here), waiting(here)) == (1, 1, 0)
    here.take("stafettlogg", child.goal("m1", 1))
    assert waiting(here) == 0
    here.take("stafettlogg", child.consent("s2", 1))
    assert waiting(here) == 1


def test_one_transaction_takes_no_more_than_its_share(here: World) -> None:
    for number in range(1, 4):
        here.take("stafettlogg", *Child(number).log_records())
    assert [review(here, most=2), review(here, most=2), review(here, most=2)] == [2, 1, 0]


def test_two_workers_never_take_the_same_person(here: World) -> None:
    if here.service.store.sqlite:
        pytest.skip("on SQLite one process writes, one transaction at a time")
    here.take("stafettlogg", *Child(1).log_records())
    store, facts = here.service.store, here.service.facts
    with store.write(TENANT) as first:
        assert reminders.review(first, facts, PATIENCE, NOW) == 1
        with store.write(TENANT) as second:
            assert reminders.review(second, facts, PATIENCE, NOW) == 0
    assert review(here) == 0


def test_a_tenant_that_is_no_longer_configured_stops_nobody(here: World) -> None:
    here.take("stafettlogg", *Child(1).log_records())
    assert review(here, patience={"annen": timedelta(days=14)}) == 0
    assert review(here) == 1


def test_a_review_done_twice_writes_nothing_twice(here: World) -> None:
    child = Child(1)
    two = [r | {"foreldreansvar": "felles"} for r in child.log_records() if r["id"] == f"{child.log}-mor"]
    here.take("stafettlogg", *child.log_records())
    here.take("stafettlogg", two[0] | {"endret": "2026-10-01T08:00:00+02:00"})  # the other one is unknown
    for _ in range(2):
        review(here)
        with here.service.store.write(TENANT) as connection:
            connection.execute(update(timer).where(timer.c.kind == REMINDERS).values(due=NOW))
    with here.service.store.read(TENANT) as connection:
        rows = connection.execute(select(reminder)).all()
    assert [(r.kind, r.due, r.told, r.done) for r in rows] == [
        ("consent-partial", NOW + timedelta(days=14), None, None)
    ]


def test_everybody_known_before_is_looked_at_once(empty_database_url: str) -> None:
    migrate(empty_database_url, "0003")
    store = Store(empty_database_url)
    known = {"tenant": TENANT, "id": "p1", "change_no": 1, "facts_no": 1, "created": NOW}
    with store.write(TENANT) as connection:
        connection.execute(insert(person), known)
        connection.execute(delete(timer))
    migrate(empty_database_url)
    with store.read(TENANT) as connection:
        rows = connection.execute(select(timer).order_by(timer.c.kind)).all()
    store.close()
    assert [(r.tenant, r.kind, r.subject) for r in rows] == [
        (TENANT, DEADLINES, "p1"),
        (TENANT, REMINDERS, "p1"),
    ]
    assert all(row.due < NOW for row in rows)


def test_facts_that_contradict_each_other_stop_nobody_else(here: World) -> None:
    first, second = Child(1), Child(2)
    head = {"type": "deltaker", "logg": first.log, "endretAv": f"{first.log}-skole", "rolle": "barn"}
    head |= {"endret": "2026-09-01T08:00:00+02:00", "navn": {"fornavn": "Barn", "etternavn": "Testesen"}}
    twice = [{**head, "id": f"{first.log}-b{n}", "fnr": Child(n).fnr} for n in (1, 3)]
    here.take("stafettlogg", *first.log_records(), *twice)
    here.take("stafettlogg", *second.log_records())
    assert (review(here), waiting(here)) == (2, 0)
