"""What waits for something that the recipient has refused stays here and says why, whenever it came."""

from __future__ import annotations

from gateway.exchange import breaker, lanes
from gateway.exchange.differences import REFERS_TO_HELD
from gateway.exchange.lanes import Ending
from gateway.exchange.prepare import Plan, Preparer
from gateway.hub import links
from gateway.hub.links import Link
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World

CHILD = Child(1)
PLAN = "individuell-plan"


def prepared(here: World) -> Plan:
    """A run to the plan system, as far as what is to go."""
    system = here.system(PLAN)
    with here.service.store.write(TENANT) as connection:
        breaker.ensure_recipients(connection, [system])
        (claim,) = lanes.claim(connection, system, owner="w1", now=NOW, limit=1)
        mapping = here.service.mappings[PLAN]
        plan = Preparer(system, here.service.settings, mapping, here.service.facts).prepare(
            connection, claim, NOW
        )
        assert plan is not None
        lanes.end(connection, claim, Ending(again=True), NOW)
    return plan


def link(here: World, ref: str) -> Link:
    with here.service.store.read(TENANT) as connection:
        return links.load(connection, TENANT, PLAN, [ref])[ref]


def refused(here: World, plan: Plan, ref: str) -> None:
    """The recipient says no to this one."""
    (one,) = [send.difference for send in plan.sends if send.difference.ref == ref]
    one.link.hold, one.link.hold_digest, one.link.candidates = "HTTP 422", one.digest, ()
    with here.service.store.write(TENANT) as connection:
        links.save(connection, TENANT, [one.link])


def taken(here: World, ref: str) -> None:
    """The recipient has it after all."""
    own = link(here, ref)
    own.native_id, own.hold, own.hold_digest = "i1", None, None
    with here.service.store.write(TENANT) as connection:
        links.save(connection, TENANT, [own])


def test_a_measure_whose_goal_was_refused_before_says_what_it_waits_for(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    here.take(PLAN, *CHILD.plan_records())
    (goal,) = here.take("stafettlogg", CHILD.goal("m1", 1))
    assert goal.ref is not None
    refused(here, prepared(here), goal.ref)
    (measure,) = here.take("stafettlogg", CHILD.measure("t1", "m1"))
    assert measure.ref is not None
    assert measure.ref not in [send.difference.ref for send in prepared(here).sends]
    held = link(here, measure.ref)
    assert (held.hold, held.native_id, held.candidates) == (REFERS_TO_HELD, None, ())
    assert link(here, goal.ref).hold == "HTTP 422"
    taken(here, goal.ref)
    assert measure.ref in [send.difference.ref for send in prepared(here).sends]
