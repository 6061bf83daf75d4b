"""What a system tells after deliveries that nobody saw the end of: whichever arrived, it is no edit there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from gateway.exchange import breaker, lanes, recovery
from gateway.exchange.prepare import Preparer
from gateway.hub import links, versions
from gateway.hub.schema.tables import lane
from gateway.intake import Offered
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World

CHILD = Child(1)


def cut_off(here: World) -> dict[str, Any]:
    """A run to the plan system whose worker dies in the middle. The goal as it may have been sent."""
    plan_system = here.system("individuell-plan")
    mapping = here.service.mappings[plan_system.id]
    with here.service.store.write(TENANT) as connection:
        breaker.ensure_recipients(connection, [plan_system])
        (claim,) = lanes.claim(connection, plan_system, owner="w1", now=NOW, limit=1)
        preparer = Preparer(plan_system, here.service.settings, mapping, here.service.facts)
        plan = preparer.prepare(connection, claim, NOW)
        assert plan is not None
        (lane,) = recovery.overdue(connection, TENANT, NOW + timedelta(hours=1))
        assert recovery.release_dead(connection, lane, NOW)
    (goal,) = [s.difference for s in plan.sends if s.difference.ref.startswith("Goal/")]
    return mapping.get(goal.state, plan.ids(plan_system, goal.ref))


def delivered(here: World) -> dict[str, Any]:
    """The same, and the plan system holds it: its own answer has come. The goal as it stands there."""
    record = cut_off(here)
    offered = Offered(record, "1")
    (known,) = here.service.intake.take(here.system("individuell-plan"), [offered])
    assert known.status.value != "conflict"
    return record


def goal(here: World, ref: str) -> dict[str, Any]:
    """As it stands in the hub."""
    with here.service.store.read(TENANT) as connection:
        current = versions.current(connection, TENANT, ref)
    assert current is not None
    return current.resource


@pytest.mark.parametrize("arrived", [0, 1, 2])
def test_whichever_unanswered_delivery_arrived_is_known_again(here: World, arrived: int) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    sent = []
    for edition in (1, 2, 3):
        (answer,) = here.take("stafettlogg", CHILD.goal("m1", edition))
        sent.append(cut_off(here))
    told = Offered(sent[arrived], version="1")
    before = here.count("resource_version")
    (known,) = here.service.intake.take(here.system("individuell-plan"), [told])
    assert known.status.value != "conflict"
    assert here.count("resource_version") == before
    with here.service.store.read(TENANT) as connection:
        current = versions.current(connection, TENANT, answer.ref or "")
    assert current is not None
    assert current.resource["description"]["text"] == "Utgave 3 av m1"


@pytest.mark.parametrize("version", ["2", None], ids=["moved on", "no versions"])
@pytest.mark.parametrize("arrived", [0, 1, 2, None])
def test_an_edit_on_top_of_whichever_arrived_is_that_edit_alone(
    here: World, arrived: int | None, version: str | None
) -> None:
    """None: no delivery arrived, and the edit is made on what the system held before them."""
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    (answer,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    (held, *sent) = [delivered(here)]
    for number in (2, 3, 4):
        here.take("stafettlogg", CHILD.goal("m1", number) | {"evalueringsfrist": f"2027-0{number}-01"})
        sent.append(cut_off(here))
    shown = held if arrived is None else sent[arrived]
    edited = Offered(shown | {"egneOrd": "Jeg vil være med"}, version)
    (known,) = here.service.intake.take(here.system("individuell-plan"), [edited])
    assert known.status.value == "stored"
    assert here.count("conflict") == 0
    current = goal(here, answer.ref or "")
    assert current["description"]["text"] == "Utgave 4 av m1"
    assert current["target"] == [{"dueDate": "2027-04-01"}]
    assert "Jeg vil være med" in str(current)


def test_a_field_that_both_changed_while_nobody_answered_is_a_conflict(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    (answer,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    held = delivered(here)
    here.take("stafettlogg", CHILD.goal("m1", 2))
    cut_off(here)
    (known,) = here.service.intake.take(
        here.system("individuell-plan"), [Offered(held | {"tekst": "Skrevet samtidig"}, "2")]
    )
    assert known.status.value == "conflict"
    assert goal(here, answer.ref or "")["description"]["text"] == "Utgave 2 av m1"


def test_what_is_as_near_to_two_is_doubtful_and_takes_nothing_back(here: World) -> None:
    """Half of what we sent is there, half as before: nobody can say who wrote which."""
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    (answer,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    held = delivered(here)
    here.take("stafettlogg", CHILD.goal("m1", 2) | {"evalueringsfrist": "2027-02-01"})
    sent = cut_off(here)
    half = Offered(sent | {"tekst": held["tekst"]}, "2")
    (known,) = here.service.intake.take(here.system("individuell-plan"), [half])
    assert known.status.value == "conflict"
    current = goal(here, answer.ref or "")
    assert current["description"]["text"] == "Utgave 2 av m1"
    assert current["target"] == [{"dueDate": "2027-02-01"}]


def test_an_edit_on_top_of_an_unanswered_delivery_is_an_edit(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    here.take("stafettlogg", CHILD.goal("m1", 1))
    sent = cut_off(here)
    edited = Offered(sent | {"egneOrd": "Jeg vil være med"}, version="2")
    (known,) = here.service.intake.take(here.system("individuell-plan"), [edited])
    assert known.status.value == "stored"


@pytest.mark.parametrize("ours", [True, False])
def test_a_record_that_may_be_what_we_just_created_waits_until_that_is_known(here: World, ours: bool) -> None:
    """At a system that makes the ids: someone changed it there before its answer had come to us."""
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    (answer,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    assert answer.ref is not None
    later = {"endret": (NOW + timedelta(hours=1)).isoformat(), "tekst": "Endret der"}
    edited = {**cut_off(here), "id": "i5", **later}
    system = here.system("individuell-plan").model_copy(update={"ids": "theirs"})
    (kept,) = here.service.intake.take(system, [Offered(edited, "2")])
    assert (kept.status.value, kept.waits_for) == ("waiting", "i5")
    with here.service.store.write(TENANT) as connection:
        if ours:
            link = links.load(connection, TENANT, system.id, [answer.ref])[answer.ref]
            link.native_id = "i5"
            links.save(connection, TENANT, [link])
        connection.execute(update(lane).where(lane.c.recipient == system.id).values(state="idle"))
    here.service.intake.retry_waiting(system)
    with here.service.store.read(TENANT) as connection:
        (name,) = links.names(connection, TENANT, system.id, ["i5"]).values()
    assert (name.ref == answer.ref) is ours
    assert goal(here, name.ref)["description"]["text"] == "Endret der"
    assert here.count("waiting_record") == 0


def taken_there(here: World, ref: str) -> None:
    """What was sent last is answered, by a system without versions."""
    with here.service.store.write(TENANT) as connection:
        link = links.load(connection, TENANT, "individuell-plan", [ref])[ref]
        link.previous, link.held, link.candidates = link.held, link.candidates[-1], ()
        links.save(connection, TENANT, [link])


def test_an_edit_told_after_our_write_is_looked_for_until_that_is_seen_however_often_it_is_told(
    here: World,
) -> None:
    """It may lie under our write. Taken, sent again, and our words that come back take nothing from it."""
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    (answer,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    ref = answer.ref or ""
    before = delivered(here)
    here.take("stafettlogg", CHILD.goal("m1", 2))
    ours = cut_off(here)
    taken_there(here, ref)

    def told(record: dict[str, Any], text: str, hour: int) -> str:
        later = {"tekst": text, "endret": (NOW + timedelta(hours=hour)).isoformat()}
        return here.statuses("individuell-plan", {**record, **later})[0]

    def looked_for() -> bool:
        with here.service.store.read(TENANT) as connection:
            link = links.load(connection, TENANT, "individuell-plan", [ref])[ref]
        return link.candidates == (link.held,)

    said = []
    for hour, text in enumerate(("Skrevet før oss", "Endret før oss", "Endret før oss"), 1):
        said.append(told(before, text, min(hour, 2)))
        assert looked_for()
    assert said == ["stored", "stored", "unchanged"]
    assert told(ours, "Utgave 2 av m1", 3) == "conflict"
    assert not looked_for()
    assert goal(here, ref)["description"]["text"] == "Endret før oss"
