"""Whatever was written in whatever order, and however late a worker looked: the notices that stand are
exactly those that follow from what is known now and from the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from gateway.exchange import watching
from gateway.exchange.deadlines import KINDS
from gateway.exchange.watching import Watcher
from gateway.hub import links, seats, versions
from gateway.hub.review import DEADLINES
from gateway.hub.schema.notices import notice
from gateway.hub.schema.seats import seat
from gateway.hub.schema.tables import timer
from gateway.intake import Offered
from gateway.service import Service, build
from mappings import reading
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT
from tests.intake.world import settings as configured

EARLY = 14  # days before a deadline from which an evaluation answers it


@dataclass
class Here:
    """A service over a clock that only the test moves; always at noon."""

    service: Service
    clock: list[datetime]
    children: Iterator[int] = field(default_factory=lambda: count(1))

    @property
    def today(self) -> date:
        return self.clock[0].date()

    def take(self, *records: dict[str, Any]) -> None:
        system = self.service.settings.system("stafettlogg")
        assert system is not None
        answers = self.service.intake.take(system, [Offered(r) for r in records])
        assert {a.status.value for a in answers} <= {"stored", "unchanged"}, answers

    def review(self) -> int:
        """Everything that is due, by a worker that has just begun."""
        watcher = Watcher(self.service.settings, self.service.facts, self.service.key)
        done = 0
        while True:
            with self.service.store.write(TENANT) as connection:
                reviewed = watcher.review(connection, TENANT, self.clock[0])
            done += reviewed
            if reviewed < watching.MOST:
                return done

    def standing(self, person: str) -> list[tuple[str, str]]:
        with self.service.store.read(TENANT) as connection:
            rows = connection.execute(
                select(notice.c.kind, notice.c.about).where(
                    notice.c.person == person, notice.c.settled.is_(None), notice.c.kind.in_(sorted(KINDS))
                )
            ).all()
        return sorted((row.kind, row.about) for row in rows)

    def names(self, *natives: str) -> dict[str, links.Name]:
        with self.service.store.read(TENANT) as connection:
            return links.names(connection, TENANT, "stafettlogg", list(natives))


@pytest.fixture
def here(sqlite_url: str, tmp_path: Path) -> Iterator[Here]:
    clock = [NOW]
    service = build(configured(sqlite_url, tmp_path), clock=lambda: clock[0])
    yield Here(service, clock)
    service.close()


@dataclass
class Written:
    """What the log says, as its people would read it."""

    here: Here
    child: Child
    seconds: Iterator[int] = field(default_factory=lambda: count(1))
    status: str = "aktiv"
    goal: dict[str, Any] = field(default_factory=dict)
    measure: dict[str, Any] = field(default_factory=dict)
    people: dict[str, tuple[str, date | None]] = field(
        default_factory=lambda: {"skole": ("stafettholder", None)}
    )

    def head(self) -> dict[str, str]:
        at = self.here.clock[0] + timedelta(seconds=next(self.seconds))
        return {"endret": at.isoformat()}

    def do(self, step: tuple[Any, ...]) -> None:
        match step:
            case ("days", days):
                self.here.clock[0] += timedelta(days=days)
            case ("review",):
                self.here.review()
            case ("log", status):
                self.status = status
                self.here.take({**self.child.log_records()[0], "status": status, **self.head()})
            case ("goal", status, due, evaluated):
                self.goal = {"status": status, **self._dated("evalueringsfrist", due)}
                if evaluated is not None:
                    self.goal["evaluering"] = {**self._dated("dato", evaluated), "tekst": "Gått gjennom"}
                self.here.take({**self.child.goal("m1", 1), **self.goal, **self.head()})
            case ("measure", status, due, responsible):
                self.measure = {"status": status, **self._dated("frist", due)}
                plain = self.child.measure("t1", "m1")
                del plain["ansvarlig"]
                who = {"ansvarlig": f"{self.child.log}-{responsible}"} if responsible else {}
                self.measure |= {"who": responsible}
                own = {k: v for k, v in self.measure.items() if k != "who"}
                self.here.take({**plain, **own, **who, **self.head()})
            case ("person", name, role, until):
                day = None if until is None else self.here.today + timedelta(days=until)
                self.people[name] = (role, day)
                plain = self.child._participant("logg", name, role, "skole", {"orgnr": "362819482"})
                self.here.take({**plain, **({"til": day.isoformat()} if day else {}), **self.head()})

    def _dated(self, name: str, days: int | None) -> dict[str, str]:
        return {} if days is None else {name: (self.here.today + timedelta(days=days)).isoformat()}

    # --- what follows from it -----------------------------------------------------------------------------

    def expected(self) -> list[tuple[str, str]]:
        found = [*self._due(), *self._held()]
        refs = self.here.names(*{native for _, native in found})
        return sorted((kind, refs[native].ref) for kind, native in found)

    def _due(self) -> Iterator[tuple[str, str]]:
        log, today = self.child.log, self.here.today
        if self.status not in ("aktiv", "opprettet"):
            return
        if self.goal.get("status") == "aktiv" and "evalueringsfrist" in self.goal:
            due = date.fromisoformat(self.goal["evalueringsfrist"])
            since = (self.goal.get("evaluering") or {}).get("dato")
            if since is None or date.fromisoformat(since) < due - timedelta(days=EARLY):
                yield from self._near("evaluation", f"{log}-m1", due)
        if self.measure.get("status") == "paagaar":
            if "frist" in self.measure:
                yield from self._near("measure", f"{log}-t1", date.fromisoformat(self.measure["frist"]))
            left = self.people.get(self.measure["who"] or "", ("", date.min))[1]
            if left is not None and left < today:
                yield "measure-unassigned", f"{log}-t1"

    def _near(self, what: str, native: str, due: date) -> Iterator[tuple[str, str]]:
        if self.here.today > due:
            yield f"{what}-overdue", native
        elif self.here.today >= due - timedelta(days=EARLY):
            yield f"{what}-near", native

    def _held(self) -> Iterator[tuple[str, str]]:
        if self.status != "aktiv":
            return
        today = self.here.today
        ends = [until or date.max for role, until in self.people.values() if role == "stafettholder"]
        if not any(until >= today for until in ends):
            yield "ownerless", self.child.log
        if sum(until > today for until in ends) > 1:
            yield "several-holders", self.child.log


DAYS = st.one_of(st.none(), st.integers(-25, 25))
STEPS = st.one_of(
    st.tuples(st.just("days"), st.integers(1, 20)),
    st.tuples(st.just("review")),
    st.tuples(st.just("log"), st.sampled_from(["aktiv", "opprettet", "pauset", "avsluttet"])),
    st.tuples(st.just("goal"), st.sampled_from(["aktiv", "naadd", "avbrutt"]), DAYS, DAYS),
    st.tuples(st.just("goal"), st.just("aktiv"), st.integers(-25, 25), st.none()),
    st.tuples(
        st.just("measure"),
        st.sampled_from(["paagaar", "gjennomfoert"]),
        DAYS,
        st.sampled_from([None, "skole", "ekstra"]),
    ),
    st.tuples(
        st.just("person"),
        st.sampled_from(["skole", "ekstra"]),
        st.sampled_from(["stafettholder", "stafettholder", "stedfortreder", "aktoer"]),
        st.sampled_from([None, None, -1, 0, 1, 5]),
    ),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=1, max_size=12))
def test_what_stands_follows_from_what_is_known_and_the_clock(
    here: Here, steps: list[tuple[Any, ...]]
) -> None:
    child = Child(next(here.children))
    here.take(*child.log_records(), child.goal("m1", 1))
    here.take(child._participant("logg", "ekstra", "aktoer", "skole", {"orgnr": "362819482"}))
    person = here.names(child.log)[child.log].person
    log = Written(here, child, goal={"status": "aktiv"}, people={"skole": ("stafettholder", None)})
    log.people["ekstra"] = ("aktoer", None)
    for step in steps:
        log.do(step)
    here.review()
    assert here.standing(person) == log.expected()
    assert here.review() == 0
    own = timer.c.kind == DEADLINES, timer.c.subject == person
    with here.service.store.write(
        TENANT
    ) as connection:  # a worker that looks without a reason changes nothing
        connection.execute(update(timer).where(*own).values(due=NOW))
    before = rows(here)
    assert here.review() == 1
    assert rows(here) == before
    with here.service.store.write(TENANT) as connection:
        people = list(watching.people_of(connection, TENANT, person))
        assert not seats.stale(connection, TENANT, here.service.key, people)
        connection.execute(delete(timer).where(*own))  # the next child's history is its own


def rows(here: Here) -> int:
    with here.service.store.read(TENANT) as connection:
        return len(connection.execute(select(notice.c.id)).all())


def test_a_seat_that_was_written_without_the_key_is_found_again(here: Here) -> None:
    child = Child(next(here.children))
    here.take(
        *({**r, "hpr": "9144900"} if r.get("rolle") == "stafettholder" else r for r in child.log_records())
    )
    here.review()
    holder = seats.holders(here.service.key, _holder(here, child))
    assert holder
    with here.service.store.write(TENANT) as connection:
        connection.execute(seat.delete())
        connection.execute(update(timer).where(timer.c.kind == DEADLINES).values(due=NOW))
    here.review()
    with here.service.store.read(TENANT) as connection:
        found = {row.holder for row in connection.execute(select(seat.c.holder))}
    assert holder <= found


def _holder(here: Here, child: Child) -> Any:
    ref = here.names(f"{child.log}-skole")[f"{child.log}-skole"].ref
    with here.service.store.read(TENANT) as connection:
        version = versions.current(connection, TENANT, ref)
    assert version is not None
    return reading.participant_of(version.resource)


def test_a_worker_that_dies_leaves_the_timer_due(here: Here) -> None:
    child = Child(next(here.children))
    here.take(*child.log_records(), {**child.goal("m1", 1), "evalueringsfrist": "2026-11-01"})
    watcher = Watcher(here.service.settings, here.service.facts, here.service.key)

    def dies() -> None:
        with here.service.store.write(TENANT) as connection:
            assert watcher.review(connection, TENANT, here.clock[0]) == 1
            raise SystemExit

    with pytest.raises(SystemExit):
        dies()
    assert here.standing(here.names(child.log)[child.log].person) == []
    assert here.review() == 1
    assert [kind for kind, _ in here.standing(here.names(child.log)[child.log].person)] == [
        "evaluation-overdue"
    ]


def test_two_workers_never_take_the_same_person(postgres_url: str, tmp_path: Path) -> None:
    service = build(configured(postgres_url, tmp_path), clock=lambda: NOW)
    here = Here(service, [NOW])
    here.take(*Child(1).log_records())
    watcher = Watcher(service.settings, service.facts, service.key)
    with service.store.write(TENANT) as first:
        assert watcher.review(first, TENANT, NOW) == 1
        with service.store.write(TENANT) as second:
            assert watcher.review(second, TENANT, NOW) == 0
    assert here.review() == 0
    service.close()


def test_whoever_writes_about_a_person_is_not_waited_for(postgres_url: str, tmp_path: Path) -> None:
    service = build(configured(postgres_url, tmp_path), clock=lambda: NOW)
    here, child = Here(service, [NOW]), Child(1)
    here.take(*child.log_records())
    with service.store.write(TENANT) as connection:
        connection.execute(seat.delete())
    person = here.names(child.log)[child.log].person
    with service.store.write(TENANT) as writer:
        writer.exec_driver_sql("SELECT id FROM person WHERE id = %s FOR UPDATE", (person,))
        watcher = Watcher(service.settings, service.facts, service.key)
        with service.store.write(TENANT) as connection:
            assert watcher.review(connection, TENANT, NOW) == 1
            assert connection.execute(
                select(timer).where(timer.c.kind == DEADLINES, timer.c.due <= NOW)
            ).first()
    assert here.review() == 1
    with service.store.read(TENANT) as connection:
        assert connection.execute(select(seat)).first()
    service.close()
