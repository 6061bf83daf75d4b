"""Deadlines of goals, measures and plans, measures without anybody responsible, and logs that nobody holds:
told in time, as long as it lasts, to those who coordinate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.exchange.deadlines import KINDS
from tests.api.conftest import records
from tests.api.test_consent_life import changed, ref
from tests.api.test_notices import at, keep
from tests.api.world import World, fields

SECOND = timedelta(seconds=1)
Log = list[dict[str, Any]]


def told(world: World, client: str = "drift", *, about: str | None = None) -> list[tuple[str, str]]:
    """(kind, about) of what is due of deadlines and of who holds a log."""
    answer = world.get("/notices?limit=200", client)
    assert answer.status_code == 200, answer.text
    found = fields(answer)["notices"]
    return sorted(
        (one["kind"], one["about"]) for one in found if one["kind"] in KINDS and about in (None, one["about"])
    )


def oslo(text: str) -> datetime:
    """Midnight in winter."""
    return datetime.fromisoformat(f"{text}T00:00:00+01:00").astimezone(UTC)


@pytest.fixture
def log(any_world: World, emma: Log) -> World:
    """Emma's log, kept from 1 October on."""
    any_world.now = datetime(2026, 10, 1, 12, tzinfo=UTC)
    any_world.hand_in("logg", emma)
    keep(any_world)
    return any_world


def test_a_goal_is_reminded_of_before_its_deadline_and_stays_overdue(log: World) -> None:
    goal = ref(log, "e-m1")  # evalueringsfrist 2 November
    for moment, expected in (
        (oslo("2026-10-19") - SECOND - timedelta(hours=1), []),
        (oslo("2026-10-19"), ["evaluation-near"]),
        (oslo("2026-10-30"), ["evaluation-near"]),
        (oslo("2026-11-03") - SECOND, ["evaluation-near"]),  # the day itself counts whole
        (oslo("2026-11-03"), ["evaluation-overdue"]),
        (oslo("2028-01-01"), ["evaluation-overdue"]),
    ):
        at(log, moment)
        assert [kind for kind, _ in told(log, about=goal)] == expected, moment


def test_the_second_reminder_comes_though_the_first_was_done(log: World) -> None:
    goal, holder = ref(log, "e-m1"), ref(log, "e-d1")

    def near() -> list[dict[str, Any]]:
        return [n for n in fields(log.get("/notices?limit=200", "drift"))["notices"] if n["about"] == goal]

    at(log, oslo("2026-10-20"))
    (first,) = near()
    assert log.post(f"/notices/{first['id']}/done", "logg", {"by": holder}).status_code == 200
    at(log, oslo("2026-10-29"))
    assert near() == []
    at(log, oslo("2026-10-30"))
    (second,) = near()
    assert (second["kind"], second["at"]) == ("evaluation-near", first["at"])
    assert second["id"] != first["id"]


EVALUATED = {"dato": "2026-11-10", "tekst": "Nådd.", "resultat": "delvisNaadd"}


@pytest.mark.parametrize(
    "change",
    [
        {"evalueringsfrist": "2027-03-01"},
        {"evaluering": EVALUATED, "status": "delvisNaadd"},
        {"status": "naadd"},
        {"status": "avbrutt"},
        {"feilregistrert": {"tidspunkt": "2026-11-10T10:00:00+01:00", "av": "e-d1"}},
    ],
    ids=["moved", "evaluated", "reached", "ended", "in-error"],
)
def test_a_passed_deadline_is_told_of_until_something_is_done(
    log: World, emma: Log, change: dict[str, Any]
) -> None:
    goal = ref(log, "e-m1")
    at(log, oslo("2026-11-09"))
    (overdue,) = (n for n in fields(log.get("/notices", "drift"))["notices"] if n["about"] == goal)
    refused = log.post(f"/notices/{overdue['id']}/done", "logg", {"by": ref(log, "e-d1")})
    assert refused.status_code == 422, refused.text
    at(log, oslo("2026-11-11"))
    later = changed(emma, "e-m1", "2026-11-10T10:00:00+01:00", **change)
    assert fields(log.hand_in("logg", [later]))["results"][0]["status"] == "stored"
    keep(log)
    assert told(log, about=goal) == []


def test_an_evaluation_before_the_first_reminder_does_not_answer_the_deadline(log: World) -> None:
    goal = ref(log, "e-m2")  # evaluated 28 October; the deadline is 1 December
    at(log, oslo("2026-12-02"))
    assert told(log, about=goal) == [("evaluation-overdue", goal)]


@pytest.mark.parametrize(
    ("status", "expected"), [("aktiv", 1), ("opprettet", 1), ("pauset", 0), ("avsluttet", 0)]
)
def test_a_log_that_rests_or_has_ended_tells_nothing(
    log: World, emma: Log, status: str, expected: int
) -> None:
    at(log, oslo("2026-11-09"))
    later = changed(emma, "emma-logg", "2026-11-09T10:00:00+01:00", status=status)
    log.hand_in("logg", [later])
    keep(log)
    assert len(told(log, about=ref(log, "e-m1"))) == expected
    if not expected:
        assert told(log) == []


def test_measures(log: World, emma: Log) -> None:
    measure = ref(log, "e-t1")  # frist 18 December
    for moment, expected in (
        (oslo("2026-12-04") - SECOND, []),
        (oslo("2026-12-04"), ["measure-near"]),
        (oslo("2026-12-19"), ["measure-overdue"]),
    ):
        at(log, moment)
        assert [kind for kind, _ in told(log, about=measure)] == expected, moment
    log.hand_in("logg", [changed(emma, "e-t1", "2026-12-19T10:00:00+01:00", status="gjennomfoert")])
    keep(log)
    assert told(log, about=measure) == []


def test_a_measure_without_anybody_or_whose_somebody_has_left(log: World, emma: Log) -> None:
    measure = ref(log, "e-t1")
    assert told(log, about=measure) == []
    without = {
        k: v for k, v in changed(emma, "e-t1", "2026-10-02T10:00:00+02:00").items() if k != "ansvarlig"
    }
    log.hand_in("logg", [without])
    keep(log)
    assert told(log, about=measure) == [("measure-unassigned", measure)]
    log.hand_in("logg", [changed(emma, "e-t1", "2026-10-03T10:00:00+02:00", ansvarlig="e-d4")])
    keep(log)
    assert told(log, about=measure) == []
    log.hand_in("logg", [changed(emma, "e-d4", "2026-10-04T10:00:00+02:00", til="2026-10-20")])
    at(log, oslo("2026-10-20"))
    assert told(log, about=measure) == []
    at(log, oslo("2026-10-21"))  # midnight in summer was an hour ago
    assert told(log, about=measure) == [("measure-unassigned", measure)]


def test_a_log_that_nobody_holds(log: World, emma: Log) -> None:
    frame = ref(log, "emma-logg")
    log.hand_in("logg", [changed(emma, "e-d1", "2026-10-04T10:00:00+02:00", til="2026-11-20")])
    at(log, oslo("2026-11-21") - SECOND)
    assert told(log, about=frame) == []
    at(log, oslo("2026-11-21"))
    assert told(log, about=frame) == [("ownerless", frame)]
    assert told(log, "logg", about=frame) == [("ownerless", frame)]
    assert told(log, "plan", about=frame) == told(log, "bup", about=frame) == []
    new = changed(emma, "e-d4", "2026-11-21T10:00:00+01:00", rolle="stafettholder")
    log.hand_in("logg", [new])
    keep(log)
    assert told(log, about=frame) == []


def test_two_who_hold_a_log_at_once_and_a_day_of_handing_over(log: World, emma: Log) -> None:
    frame = ref(log, "emma-logg")
    log.hand_in("logg", [changed(emma, "e-d4", "2026-10-04T10:00:00+02:00", rolle="stafettholder")])
    keep(log)
    assert told(log, about=frame) == [("several-holders", frame)]
    log.hand_in("logg", [changed(emma, "e-d1", "2026-10-05T10:00:00+02:00", til="2026-10-08")])
    for day, expected in (("2026-10-07T12:00:00", ["several-holders"]), ("2026-10-08T12:00:00", [])):
        at(log, datetime.fromisoformat(f"{day}+00:00"))
        assert [kind for kind, _ in told(log, about=frame)] == expected


def test_revisions_of_a_plan(any_world: World) -> None:
    plan = records("individuell-plan", "emma")
    any_world.hand_in("plan", plan)
    keep(any_world)
    at(any_world, oslo("2027-01-16"))
    (frame,) = {about for _, about in told(any_world) if about.startswith("CarePlan/")}
    assert ("revision-overdue", frame) in told(any_world)
    held = {**plan[0], "endret": "2027-01-17T10:00:00+01:00", "behov": "Gått gjennom."}
    any_world.now = oslo("2027-01-18")
    assert fields(any_world.hand_in("plan", [held]))["results"][0]["status"] == "stored"
    keep(any_world)
    assert told(any_world, about=frame) == []


def test_absurd_dates_stop_nobody(log: World, emma: Log) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        log.later()
        log.hand_in("logg", [changed(emma, "e-m1", log.now.isoformat(), evalueringsfrist=day)])
        keep(log)
        assert told(log, about=ref(log, "e-m1")) == []


def test_nothing_of_it_is_content(log: World, emma: Log) -> None:
    at(log, oslo("2027-01-01"))
    answer = log.get("/notices?limit=200", "drift").text
    assert told(log)
    for secret in ("Emma", emma[0]["barn"]["fnr"], emma[0]["barn"]["navn"]["etternavn"]):
        assert secret not in answer
