"""A source says what all of it is: what it leaves out is flagged with the reason, stays current everywhere,
and is lifted when it comes back; a whole that cannot be believed flags nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway.hub import absences, links, snapshots
from gateway.hub.schema.notices import notice
from gateway.intake.snapshots import Compared, Whole, compare
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World

CHILD, OTHER = Child(1), Child(2)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def told(here: World) -> list[dict[str, Any]]:
    """A log with three goals; the first should have been evaluated long ago."""
    goals = [CHILD.goal(f"m{number}", number) for number in (1, 2, 3)]
    goals[0] |= {"status": "aktiv", "evalueringsfrist": "2026-11-20"}
    records = [*CHILD.log_records(), *goals]
    assert set(here.statuses("stafettlogg", *records)) == {"stored"}
    return records


def whole(here: World, records: list[dict[str, Any]], **more: Any) -> Compared:
    given = Whole(LATER, ids={record["id"] for record in records}, **more)
    found = compare(here.service.store, here.system("stafettlogg"), given, LATER)
    assert found is not None
    return found


def missing(here: World) -> dict[str, str]:
    """native id -> reason."""
    with here.service.store.read(TENANT) as connection:
        found = absences.of_system(connection, TENANT, "stafettlogg", after="", limit=100)
        named = links.natives(connection, TENANT, "stafettlogg", [one.ref for one in found])
    return {named[one.ref]: one.reason for one in found}


def notices(here: World) -> list[Any]:
    with here.service.store.read(TENANT) as connection:
        found = connection.execute(select(notice).where(notice.c.settled.is_(None))).all()
    return [(one.kind, one.about.partition("/")[0]) for one in found]


def without(records: list[dict[str, Any]], *ids: str) -> list[dict[str, Any]]:
    return [record for record in records if record["id"] not in ids]


def test_what_is_left_out_is_flagged_and_stays_current(here: World, told: list[dict[str, Any]]) -> None:
    before = here.count("resource_version"), here.count("lane")
    found = whole(here, without(told, "b1-m2"))
    assert (found.state, found.missing) == ("taken", ("b1-m2",))
    assert missing(here) == {"b1-m2": "utelatt"}
    assert (here.count("resource_version"), here.count("lane")) == before, "no version says anything of it"
    assert notices(here) == [("vanished", "Goal")]


def test_a_goal_whose_deadline_has_passed_is_named_so(here: World, told: list[dict[str, Any]]) -> None:
    whole(here, without(told, "b1-m1"))
    assert missing(here) == {"b1-m1": "evalueringsfrist"}


def test_the_reason_that_the_source_gives_is_kept(here: World, told: list[dict[str, Any]]) -> None:
    whole(here, without(told, "b1-m1", "b1-m2"), reasons={"b1-m1": "arkivert", "b1-m2": "noe helt annet"})
    assert missing(here) == {"b1-m1": "arkivert", "b1-m2": "annet"}


def test_what_comes_back_is_no_longer_missing(here: World, told: list[dict[str, Any]]) -> None:
    whole(here, without(told, "b1-m2", "b1-m3"))
    assert set(missing(here)) == {"b1-m2", "b1-m3"}
    assert here.statuses("stafettlogg", told[-1]) == ["unchanged"]
    assert set(missing(here)) == {"b1-m2"}, "handed in by itself"
    found = whole(here, told)
    assert found.returned == 1
    assert missing(here) == {}
    assert notices(here) == []


def test_it_is_flagged_once_since_when_it_was_first_left_out(here: World, told: list[dict[str, Any]]) -> None:
    whole(here, without(told, "b1-m2"))
    again = whole(here, without(told, "b1-m2"))
    assert again.missing == ()
    assert len(notices(here)) == 1


@pytest.mark.parametrize(
    ("kept", "more", "why"),
    [(0, {}, "empty"), (1, {}, "truncated"), (3, {"broken": True}, "broken")],
)
def test_a_whole_that_is_not_believed_flags_nothing_and_is_noted(
    here: World, told: list[dict[str, Any]], kept: int, more: dict[str, Any], why: str
) -> None:
    found = whole(here, told[:kept], **more)
    assert (found.state, found.why) == ("doubtful", why)
    assert missing(here) == {}
    assert notices(here) == []
    with here.service.store.read(TENANT) as connection:
        (stood,) = snapshots.of_system(connection, TENANT, "stafettlogg", 10)
    assert (stood.state, stood.why, stood.items) == ("doubtful", why, kept)


def test_half_of_it_is_believed_and_more_only_when_a_person_says_so(
    here: World, told: list[dict[str, Any]]
) -> None:
    half = whole(here, told[: -(-len(told) // 2)])
    assert (half.state, len(half.missing)) == ("taken", len(told) // 2)
    whole(here, told)
    kept = told[: len(told) // 2 - 1]
    doubtful = whole(here, kept)
    assert doubtful.why == "truncated"
    sure = whole(here, kept, confirmed=True)
    assert len(sure.missing) == len(told) - len(kept)


def test_one_log_says_nothing_of_another(here: World, told: list[dict[str, Any]]) -> None:
    here.take("stafettlogg", *OTHER.log_records(), OTHER.goal("o1", 1))
    whole(here, without(told, "b1-m2"), log=CHILD.log)
    assert set(missing(here)) == {"b1-m2"}
    unknown = Whole(LATER, log="ukjent")
    assert compare(here.service.store, here.system("stafettlogg"), unknown, LATER) is None


def test_what_has_come_in_since_it_began_may_be_in_it_or_not(here: World, told: list[dict[str, Any]]) -> None:
    given = Whole(NOW, ids={record["id"] for record in without(told, "b1-m2")})
    found = compare(here.service.store, here.system("stafettlogg"), given, LATER)
    assert found is not None
    assert (found.state, found.missing) == ("taken", ())


def test_what_is_registered_in_error_is_gone_rightly(here: World, told: list[dict[str, Any]]) -> None:
    wrong = {**told[-1], "endret": "2026-11-21T11:30:00+01:00"}
    wrong["feilregistrert"] = {"tidspunkt": "2026-11-21T11:30:00+01:00", "grunn": "Feil barn"}
    here.take("stafettlogg", wrong)
    whole(here, without(told, told[-1]["id"]))
    assert missing(here) == {}


def test_what_others_gave_it_is_not_its_own_to_lose(here: World, told: list[dict[str, Any]]) -> None:
    (plan, *_) = here.take("individuell-plan", *CHILD.plan_records())
    assert plan.ref is not None
    with here.service.store.write(TENANT) as connection:
        frame = links.names(connection, TENANT, "stafettlogg", [CHILD.log])[CHILD.log]
        given = links.Link("stafettlogg", plan.ref, frame.person, "fra-planen", frame=frame.ref)
        links.save(connection, TENANT, [given])
    assert whole(here, told).missing == ()
