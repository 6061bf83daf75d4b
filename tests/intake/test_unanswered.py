"""What a system tells after deliveries that nobody saw the end of: whichever arrived, it is no edit there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.exchange import breaker, lanes, recovery
from gateway.exchange.prepare import Preparer
from gateway.hub import versions
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


def test_an_edit_on_top_of_an_unanswered_delivery_is_an_edit(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    here.take("individuell-plan", *CHILD.plan_records())
    here.take("stafettlogg", CHILD.goal("m1", 1))
    sent = cut_off(here)
    edited = Offered(sent | {"egneOrd": "Jeg vil være med"}, version="2")
    (known,) = here.service.intake.take(here.system("individuell-plan"), [edited])
    assert known.status.value == "stored"
