"""Records come in: known again, waiting, late, refused one by one, and never mixed between persons."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from gateway.exchange import breaker, lanes
from gateway.hub import directory, links
from gateway.hub.links import Link
from gateway.intake import Offered
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World

CHILD = Child(1)


def test_the_same_records_again_change_nothing(here: World) -> None:
    records = [*CHILD.log_records(), CHILD.goal("m1", 1)]
    assert set(here.statuses("stafettlogg", *records)) == {"stored"}
    before = here.count("resource_version")
    assert set(here.statuses("stafettlogg", *records)) == {"unchanged"}
    assert here.count("resource_version") == before


def nested(levels: int) -> Any:
    inner: Any = "innerst"
    for _ in range(levels):
        inner = {"ned": inner}
    return inner


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        (nested(900), "too-deep"),
        ([[nested(70)]], "too-deep"),
        (Decimal("1e999999999"), "number"),
        (10**60, "number"),
        (Decimal("1." + "0" * 60), "number"),
    ],
)
def test_one_record_that_no_reader_after_us_could_hold_is_refused_and_the_rest_goes_on(
    here: World, odd: Any, code: str
) -> None:
    """However it comes: what is polled, or read from a folder, has passed no door."""
    goal = CHILD.goal("m1", 1)
    answers = here.take("stafettlogg", *CHILD.log_records(), {**goal, "id": "b1-m9", "egetFelt": odd}, goal)
    assert {a.status.value for a in answers[:-2]} == {"stored"}
    assert (answers[-2].status.value, [p.code for p in answers[-2].problems]) == ("rejected", [code])
    assert answers[-1].status.value == "stored"
    updated = {"id": "p9", "meta": {"lastUpdated": "2026-11-21T10:00:00Z"}}
    (answer,) = here.take("bup", {"resourceType": "Patient", **updated, "contained": [{"x": odd}]})
    assert (answer.status.value, [p.code for p in answer.problems]) == ("rejected", [code])


def test_a_record_waits_for_its_log_and_is_taken_in_when_that_comes(here: World) -> None:
    goal = CHILD.goal("m1", 1)
    (answer,) = here.take("stafettlogg", goal)
    assert (answer.status.value, answer.waits_for) == ("waiting", CHILD.log)
    assert here.statuses("stafettlogg", goal) == ["waiting"]  # twice, kept once
    assert here.count("waiting_record") == 1
    here.take("stafettlogg", *CHILD.log_records())
    assert here.count("waiting_record") == 0
    assert here.statuses("stafettlogg", goal) == ["unchanged"]


def test_what_waits_for_something_we_delivered_is_taken_in_by_the_sweeper(here: World) -> None:
    """The system can name what we gave it before the answer to our delivery has reached the hub."""
    here.take("stafettlogg", *CHILD.log_records(), CHILD.goal("m1", 1))
    plan = CHILD.plan_records()
    here.take("individuell-plan", *plan)
    goal_ref = here.take("stafettlogg", CHILD.goal("m1", 1))[0].ref or ""
    measure = {"type": "tiltak", "id": "t1", "plan": plan[0]["id"], "endret": "2026-11-02T08:00:00+01:00"}
    measure |= {"endretAv": f"{plan[0]['id']}-koord", "maal": ["ours"], "tittel": "Tur", "status": "planlagt"}
    assert here.statuses("individuell-plan", measure) == ["waiting"]
    with here.service.store.write(TENANT) as connection:
        person = links.names(connection, TENANT, "stafettlogg", [CHILD.log])[CHILD.log].person
        delivered = Link("individuell-plan", goal_ref, person, "ours")
        links.save(connection, TENANT, [delivered])
    assert here.service.intake.retry_waiting(here.system("individuell-plan")) == 1
    assert here.count("waiting_record") == 0


def test_an_older_edition_is_history_and_changes_nothing_current(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    here.take("stafettlogg", CHILD.goal("m1", 5))
    before = here.count("resource_version")
    (answer,) = here.take("stafettlogg", CHILD.goal("m1", 3))
    assert (answer.status.value, answer.late) == ("stored", True)
    assert (here.count("resource_version"), here.count("late_edition")) == (before, 1)
    assert here.statuses("stafettlogg", CHILD.goal("m1", 3)) == ["unchanged"]
    assert here.statuses("stafettlogg", CHILD.goal("m1", 5)) == ["unchanged"]


def test_the_edition_that_was_current_before_is_known_again(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records(), CHILD.goal("m1", 1), CHILD.goal("m1", 2))
    assert here.statuses("stafettlogg", CHILD.goal("m1", 1)) == ["unchanged"]
    assert here.count("late_edition") == 0


def test_a_bad_record_harms_no_other(here: World) -> None:
    bad = CHILD.goal("m2", 1) | {"status": "snart"}
    answers = here.take("stafettlogg", *CHILD.log_records(), bad, CHILD.goal("m1", 1))
    assert [a.status.value for a in answers[-2:]] == ["rejected", "stored"]
    assert [p.field for p in answers[-2].problems] == ["status"]


def test_a_log_and_a_plan_with_the_same_national_id_are_about_one_person(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    assert here.count("person") == 1


def test_persons_known_by_name_alone_are_never_taken_for_one(here: World) -> None:
    nameless = next(r for r in CHILD.log_records() if r["type"] == "stafettlogg")
    person = {k: v for k, v in nameless["barn"].items() if k != "fnr"}
    here.take("stafettlogg", nameless | {"barn": person}, nameless | {"id": "other", "barn": person})
    assert here.count("person") == 2


def test_a_record_cannot_move_to_another_person(here: World) -> None:
    other = Child(2)
    here.take("stafettlogg", *CHILD.log_records(), *other.log_records(), CHILD.goal("m1", 1))
    moved = CHILD.goal("m1", 2) | {"logg": other.log}
    (answer,) = here.take("stafettlogg", moved)
    assert [p.code for p in answer.problems] == ["other-person"]


def test_many_threads_that_tell_of_one_new_child_make_one_person(here: World) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: here.statuses("stafettlogg", *CHILD.log_records()), range(8)))
    assert {s for statuses in results for s in statuses} == {"stored", "unchanged"}
    assert here.count("person") == 1


def test_requests_that_share_a_transaction_get_their_own_answers(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    system = here.system("stafettlogg")
    bad = CHILD.goal("m0", 1) | {"endret": "i går"}
    offered = [[Offered(CHILD.goal(f"m{n}", n))] if n % 5 else [Offered(bad)] for n in range(30)]
    futures = [here.service.combiner.submit(system, one) for one in offered]
    statuses = [future.result(30)[0].status.value for future in futures]
    assert statuses == ["stored" if n % 5 else "rejected" for n in range(30)]


def test_intake_wakes_the_lanes_of_the_person_and_no_others(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records(), *Child(2).log_records())
    with here.service.store.write(TENANT) as connection:
        connection.execute(text("UPDATE lane SET state = 'idle', cursor = 10000"))
    with here.service.store.write(TENANT) as connection:
        breaker.ensure_recipients(connection, here.service.settings.systems)
    here.take("stafettlogg", CHILD.goal("m1", 1))
    with here.service.store.read(TENANT) as connection:
        waiting = connection.execute(text("SELECT person, recipient FROM lane WHERE state = 'waiting'")).all()
        found = lanes.recipients_waiting(connection, NOW + timedelta(seconds=1))
    assert len({row.person for row in waiting}) == 1
    assert sorted(found) == [(TENANT, "bup"), (TENANT, "individuell-plan"), (TENANT, "stafettlogg")]


def test_the_directory_keeps_who_was_named_by_a_public_number(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    with here.service.store.read(TENANT) as connection:
        found = directory.listed(connection, TENANT, directory.ORGANIZATION)
    assert {one.key for one in found} == {"362819482", "343231946", "339825971", "359797117"}


def test_no_national_id_stands_in_a_clear_column(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    with here.service.store.read(TENANT) as connection:
        rows = connection.execute(text("SELECT keyed_hash FROM person_identifier")).all()
        named = connection.execute(text("SELECT native_id, ref, frame, version FROM link")).all()
    assert rows
    assert CHILD.fnr not in str(rows) + str(named)
