"""De-identified statistics: each child counts once in each table, as its log says now; what is published has
no small count, stands sealed until then, and stays while too few children count otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from consent.days import day
from gateway.exchange.watching import Watcher
from gateway.hub import links, published
from gateway.hub.schema.tables import person, resource_version, timer
from gateway.hub.schema.tallies import statistic
from gateway.intake import Offered
from gateway.operating import statistics
from gateway.operating.children import Child, of_person
from gateway.operating.clerk import Clerk
from gateway.operating.statistics import EVALUATIONS, LEVELS, MEASURES, TIME
from gateway.service import Service, build
from tests.intake.world import NOW, TENANT
from tests.intake.world import settings as configured

LOG = "stafettlogg"
WRITTEN = "2026-09-01T08:00:00+02:00"


@dataclass
class Here:
    """A service whose clock the test moves."""

    service: Service
    clock: list[datetime]

    def take(self, *records: dict[str, Any]) -> None:
        system = self.service.settings.system(LOG)
        assert system is not None
        given = self.service.intake.take(system, [Offered(one) for one in records])
        assert {one.status.value for one in given} <= {"stored", "unchanged"}, given

    def logs(self, level: int | None, *numbers: int, **more: Any) -> None:
        """Logs of so many children at this level."""
        self.take(*(log(number, level, **more) for number in numbers))

    def child(self, number: int) -> Child:
        """As the statistics know one, with the notices that follow from the clock."""
        watcher = Watcher(self.service.settings, self.service.facts, self.service.key)
        with self.service.store.write(TENANT) as connection:
            watcher.review(connection, TENANT, self.clock[0], 1000)
        with self.service.store.read(TENANT) as connection:
            own = links.names(connection, TENANT, LOG, [f"l{number}"])[f"l{number}"].person
            return of_person(connection, TENANT, own, self.clock[0])

    def night(self) -> None:
        """The worker counts at once, and the next time a night later."""
        worker = Clerk(self.service.store, self.service.settings, self.service.clock)
        for _ in range(20):
            worker.go()
        self.clock[0] += timedelta(days=1)

    def told(self, topic: str) -> Any:
        with self.service.store.read(TENANT) as connection:
            return published.of_topic(connection, TENANT, topic)[0].told


@pytest.fixture
def here(database_url: str, tmp_path: Path) -> Iterator[Here]:
    clock = [NOW]
    service = build(configured(database_url, tmp_path), clock=lambda: clock[0])
    yield Here(service, clock)
    service.close()


def log(number: int, level: int | None, **more: Any) -> dict[str, Any]:
    """A log of a child without a number."""
    name = {"fornavn": f"Barn{number}", "etternavn": "Testesen"}
    made = {"type": "stafettlogg", "id": f"l{number}", "barn": {"navn": name, "foedt": "2016-05-05"}}
    made |= {"status": "aktiv", "endret": WRITTEN, "endretAv": "d1"} | more
    return made if level is None else {**made, "nivaa": level}


def of_log(kind: str, number: int, name: str, **more: Any) -> dict[str, Any]:
    """Something that stands in it."""
    own = {"type": kind, "id": f"{name}-{number}", "logg": f"l{number}"}
    return {**own, "endret": WRITTEN, "endretAv": "d1", **more}


# --- one child ---------------------------------------------------------------------------------------------


def test_a_child_without_a_log_that_is_under_way_is_in_no_table(here: Here) -> None:
    here.logs(2, 1, status="avsluttet")
    assert here.child(1) == Child()


def test_the_level_is_that_of_the_log_and_none_counts_as_0(here: Here) -> None:
    here.logs(3, 1)
    here.logs(None, 2)
    assert (here.child(1).level, here.child(2).level) == (3, 0)


CONCERNED = [{"nivaa": 0, "fra": "2026-03-01", "til": "2026-04-01"}, {"nivaa": 1, "fra": "2026-04-01"}]


@pytest.mark.parametrize(
    ("more", "meeting", "days"),
    [
        ({"nivaahistorikk": CONCERNED}, None, 40),
        ({"bekymring": ["mobbing"], "opprettet": "2026-03-21T10:00:00+01:00"}, None, 20),
        ({"opprettet": "2026-03-21T10:00:00+01:00"}, None, None),
        ({}, "undringssamtale", 9),
        ({}, "arbeidsmoete", None),
        ({"nivaahistorikk": CONCERNED}, "undringssamtale", 40),
    ],
)
def test_the_time_is_from_the_first_concern_to_the_first_measure(
    here: Here, more: dict[str, Any], meeting: str | None, days: int | None
) -> None:
    here.logs(1, 1, **more)
    measures = [
        of_log("tiltak", 1, "t2", tittel="Senere", status="paagaar", start="2026-06-10"),
        of_log("tiltak", 1, "t1", tittel="Først", status="gjennomfoert", start="2026-04-10"),
        of_log("tiltak", 1, "t0", tittel="Tatt feil", status="paagaar", start="2026-01-01",
               feilregistrert={"tidspunkt": WRITTEN, "av": "d1", "grunn": "feil barn"}),
    ]  # fmt: skip
    here.take(*measures)
    if meeting:
        here.take(of_log("moete", 1, "m", slag=meeting, tid="2026-04-01T12:00:00+02:00"))
    assert here.child(1).days == days


def test_a_meeting_that_has_not_been_is_no_concern_yet(here: Here) -> None:
    here.logs(1, 1)
    here.take(
        of_log("moete", 1, "m", slag="undringssamtale", tid="2026-12-01T12:00:00+01:00",
               slutt="2026-12-01T13:00:00+01:00"),
        of_log("tiltak", 1, "t", tittel="Først", status="paagaar", start="2026-04-10"),
    )  # fmt: skip
    assert here.child(1).days is None
    here.clock[0] = datetime.fromisoformat("2026-12-24T12:00:00+01:00")
    assert here.child(1).days == 0  # the measure was first


def test_a_measure_that_has_not_begun_is_no_measure_yet(here: Here) -> None:
    here.logs(1, 1, nivaahistorikk=CONCERNED)
    here.take(of_log("tiltak", 1, "t", tittel="Snart", status="planlagt", start="2026-12-24"))
    assert here.child(1).days is None
    here.clock[0] = datetime.fromisoformat("2026-12-24T12:00:00+01:00")
    assert here.child(1).days == 298


def test_a_deadline_that_has_passed_counts_as_it_does_for_those_who_coordinate(here: Here) -> None:
    here.logs(1, 1, 2, 3)
    for number, due in ((1, "2026-11-02"), (2, "2026-12-24")):
        goal = {"tekst": "Et mål", "status": "aktiv", "evalueringsfrist": due}
        here.take(
            of_log("maal", number, "m", **goal),
            of_log("tiltak", number, "t", tittel="Et tiltak", status="paagaar", frist=due),
        )
    assert [(one.evaluation, one.measure) for one in map(here.child, (1, 2, 3))] == [
        (True, True), (False, False), (None, None),
    ]  # fmt: skip
    here.take(of_log("tiltak", 1, "t", tittel="Et tiltak", status="gjennomfoert", frist="2026-11-02")
              | {"endret": "2026-11-03T08:00:00+01:00"})  # fmt: skip
    assert here.child(1) == Child(level=1, evaluation=True)


# --- all of them -------------------------------------------------------------------------------------------


def test_everybody_is_counted_once_however_many_turns_it_takes(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "CHILDREN", 4)
    here.logs(1, *range(12))
    here.logs(2, *range(20, 29))
    here.logs(3, *range(30, 36))
    here.logs(0, *range(40, 45))
    here.night()
    assert here.told(LEVELS) == {"cells": {"0": 5, "1": 12, "2": 9, "3": 6}, "whole": 32}
    assert here.told(EVALUATIONS) == {"cells": {"overdue": None, "in-time": None}, "whole": None}
    assert here.told(TIME) is None


def test_a_turn_that_was_cut_off_is_done_again_and_counts_nobody_twice(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statistics, "CHILDREN", 4)
    here.logs(1, *range(12))
    store = here.service.store
    with store.write(TENANT) as connection:
        statistics.begin(connection, TENANT, NOW)
        assert statistics.turn(connection, TENANT, NOW)

    def cut_off() -> None:
        with store.write(TENANT) as connection:
            statistics.turn(connection, TENANT, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        cut_off()
    here.night()
    with store.read(TENANT) as connection:
        assert published.of_topic(connection, TENANT, LEVELS)[0].counts["1"] == 12


def test_what_fewer_than_five_do_is_not_seen_and_what_five_do_is(here: Here) -> None:
    here.logs(1, *range(12))
    here.logs(2, *range(20, 29))
    here.logs(0, *range(30, 36))
    here.logs(3, *range(40, 45))
    here.night()
    before = here.told(LEVELS)
    here.logs(3, 20, 21, 22, 23, endret="2026-11-21T08:00:00+01:00")
    here.night()
    assert here.told(LEVELS) == before
    here.logs(3, 24, endret="2026-11-21T08:00:00+01:00")
    here.night()
    after = here.told(LEVELS)  # level 2 has four by now, and what is hidden with it is level 0
    assert after == {"cells": {"0": None, "1": 12, "2": None, "3": 10}, "whole": 32}
    here.logs(2, 23, 24, endret="2026-11-23T08:00:00+01:00")  # near both: the newest that it is near stays
    here.night()
    assert here.told(LEVELS) == after
    here.logs(2, 20, 21, 22, endret="2026-11-23T08:00:00+01:00")  # as at first: that is shown again
    here.night()
    assert here.told(LEVELS) == before


def test_small_counts_stand_sealed_and_are_shown_nowhere(here: Here) -> None:
    here.logs(1, *range(12))
    here.logs(3, 20, 21, 22)
    here.night()
    assert here.told(LEVELS) == {"cells": {"0": None, "1": None, "2": None, "3": None}, "whole": 15}
    with here.service.store.read(TENANT) as connection:
        raw = list(connection.execute(select(statistic.c.content)).scalars())
        raw += [c for c in connection.execute(select(timer.c.content)).scalars() if c]
        assert published.of_topic(connection, TENANT, LEVELS)[0].counts["3"] == 3
    assert raw
    assert not any(b"counts" in one or b'"1"' in one for one in raw)


def test_content_that_does_not_open_stops_nobody(here: Here) -> None:
    here.logs(1, *range(12))
    with here.service.store.write(TENANT) as connection:
        own = connection.execute(select(person.c.id).limit(1)).scalar_one()
        broken = update(resource_version).where(resource_version.c.person == own)
        connection.execute(broken.values(content=b"{}"))
    here.night()
    with here.service.store.read(TENANT) as connection:
        assert published.of_topic(connection, TENANT, LEVELS)[0].counts["1"] == 11


def test_another_municipality_sees_nothing_of_it(here: Here) -> None:
    here.logs(1, *range(12))
    here.night()
    with here.service.store.read("nabokommune") as connection:
        assert published.of_topic(connection, "nabokommune", LEVELS) == []
        if connection.dialect.name == "postgresql":
            assert connection.execute(select(statistic)).all() == []


def test_it_is_counted_anew_the_next_night_and_not_before(here: Here) -> None:
    here.night()
    with here.service.store.read(TENANT) as connection:
        due = statistics.due(connection, TENANT)
    assert due == datetime.fromisoformat("2026-11-22T02:00:00+01:00")


def test_a_quarter_keeps_what_was_shown_at_its_end() -> None:
    ever = [
        published.Published(date.fromisoformat(since), {"n": n}, n)
        for n, since in ((4, "2026-11-20"), (3, "2026-10-02"), (2, "2026-05-05"), (1, "2026-01-01"))
    ]
    found = statistics.by_quarter(ever, day(NOW))
    assert [(first.isoformat(), one.told) for first, one in found] == [
        ("2026-10-01", 4), ("2026-07-01", 2), ("2026-04-01", 2), ("2026-01-01", 1),
    ]  # fmt: skip


def test_measures_and_evaluations_have_tables_of_their_own() -> None:
    counts = statistics.empty()
    for child in [Child(2, 30, True, None)] * 6 + [Child(1, None, False, False)] * 20:
        statistics.add(counts, child)
    assert counts[EVALUATIONS] == {"overdue": 6, "in-time": 20}
    assert counts[MEASURES] == {"overdue": 0, "in-time": 20}
    assert counts[TIME] == {"30": 6}
