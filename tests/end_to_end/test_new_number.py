"""A child with a D-number gets a birth number, by which the plan and BUP know it already: two persons become
one by a named person's call, over real HTTP, and two again when that was wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from gateway.exchange.merging import Asked, Merging
from gateway.hub.schema.identities import person_claim
from gateway.hub.schema.tables import link
from mappings.canonical import DNR
from tests.end_to_end.configuration import TENANT
from tests.end_to_end.systems import hub_id
from tests.end_to_end.world import InProcess
from tests.numbers import d_number

BY = Asked("Kari Nordmann", "Folkeregisteret: fikk fødselsnummer", "drift", None)


def merging(world: InProcess) -> Merging:
    return world.service.merging(TENANT)


def owner(world: InProcess, system: str, native_id: str) -> str:
    rows = world.hub.rows(select(link.c.person).where(link.c.system == system, link.c.native_id == native_id))
    return str(rows[0].person)


@pytest.fixture
def two(world: InProcess) -> InProcess:
    """The log knows Emma by a D-number. The plan, and BUP, know her by her birth number."""
    return begun(world, twice=False)


def begun(world: InProcess, *, twice: bool) -> InProcess:
    """twice: BUP knows her by the D-number too, as another patient."""
    log, *rest = world.sample("stafettlogg", "emma")
    number = d_number(date.fromisoformat(log["barn"]["foedt"]))
    world.systems.bup.admit(log["barn"])
    if twice:
        other = {"resourceType": "Patient", "identifier": [{"system": DNR, "value": number}]}
        world.systems.bup.create(
            other | {"birthDate": log["barn"]["foedt"], "name": [{"family": "Testesen"}]}
        )
    barn = {k: v for k, v in log["barn"].items() if k != "fnr"} | {"dnr": number}
    own = [log | {"barn": barn}, *(_as_before(r, number) for r in rest)]
    world.systems.stafettlogg.seed(own)
    plan = world.sample("individuell-plan", "emma")
    world.systems.plan.seed(plan)
    for system, told in (("stafettlogg", own), ("individuell-plan", plan)):
        assert {a["status"] for a in world.hand_in(system, told)} == {"stored"}
    world.quiet()
    return world


def _as_before(record: dict[str, Any], number: str) -> dict[str, Any]:
    """The child as a participant, before the birth number."""
    return record | {"fnr": number} if record.get("rolle") == "barn" and "fnr" in record else record


def goals(world: InProcess) -> set[str]:
    return {goal["description"]["text"] for goal in world.systems.bup.all("Goal")}


def in_plan(world: InProcess, ids: list[str]) -> list[str]:
    """Those of these records of the log that stand in the plan."""
    names = world.hub.names()
    known = {one: names.at("individuell-plan", world.hub.ref("stafettlogg", one)) for one in ids}
    there = world.systems.plan.records()
    return [one for one, native in known.items() if native in there]


def test_the_child_is_one_from_then_on_and_two_again_if_that_was_wrong(two: InProcess) -> None:
    here, log = two, two.systems.stafettlogg.record("emma-logg")
    written = [r for r in here.systems.stafettlogg.records().values() if r["type"] == "maal"]
    own, ids = {r["tekst"] for r in written}, [r["id"] for r in written]
    plan_id = next(r["id"] for r in here.systems.plan.records().values() if r["type"] == "plan")
    kept, joined = owner(here, "individuell-plan", plan_id), owner(here, "stafettlogg", "emma-logg")
    assert kept != joined
    assert not own & goals(here)
    assert in_plan(here, ids) == []  # nobody there knows her by that number

    number = here.sample("stafettlogg", "emma")[0]["barn"]["fnr"]
    barn = {k: v for k, v in log["barn"].items() if k != "dnr"} | {"fnr": number}
    answer = here.edit("stafettlogg", "emma-logg", barn=barn)
    assert (answer["status"], answer["problems"][0]["code"]) == ("waiting", "other-person")
    assert [row.state for row in here.hub.rows(select(person_claim.c.state))] == ["open"]

    done = merging(here).merge(kept, joined, BY, here.clock())
    here.service.woken()
    here.quiet()
    assert in_plan(here, ids) == ids  # by the consents of the log itself
    assert own <= goals(here)
    assert len(here.systems.bup.all("Patient")) == 1  # found by the birth number, and made no second time
    told = [hub_id(goal) for goal in here.systems.bup.all("Goal")]
    assert len(told) == len(set(told))
    here.assert_agreed()
    before = here.hub.changes()
    here.quiet()
    assert here.hub.changes() == before  # it has come to rest

    bup = next(goal for goal in here.systems.bup.all("Goal") if goal["description"]["text"] in own)
    here.systems.bup.save({**bup, "achievementStatus": _in_part(bup)})
    here.quiet()
    here.assert_agreed()

    undone = merging(here).undo(kept, done.id, BY, here.clock())
    here.service.woken()
    here.quiet()
    assert {one.system for one in undone.crossed} >= {"individuell-plan"}
    assert undone.opened
    assert owner(here, "stafettlogg", "emma-logg") == joined
    assert owner(here, "individuell-plan", plan_id) == kept


def test_a_server_with_two_patients_keeps_what_each_has(world: InProcess) -> None:
    here = begun(world, twice=True)
    bup = here.systems.bup
    before = {goal["id"]: goal["subject"]["reference"] for goal in bup.all("Goal")}
    assert before
    plan_id = next(r["id"] for r in here.systems.plan.records().values() if r["type"] == "plan")
    kept, joined = owner(here, "individuell-plan", plan_id), owner(here, "stafettlogg", "emma-logg")
    merging(here).merge(kept, joined, BY, here.clock())
    here.service.woken()
    here.quiet()
    assert {goal["id"]: goal["subject"]["reference"] for goal in bup.all("Goal")} == before
    assert len(bup.all("Patient")) == 2
    (one, *_) = bup.all("Goal")
    bup.save({**one, "description": {"text": "Sove godt"}})
    here.quiet()
    here.assert_agreed()
    goal = next(r for r in here.systems.stafettlogg.records().values() if r.get("tekst") == "Sove godt")
    (head,) = [v for ref, v in here.hub.resources().items() if ref == here.hub.ref("stafettlogg", goal["id"])]
    assert head["subject"] == {"reference": f"Patient/{joined}"}  # as its own log has it
    assert bup.read(f"Goal/{one['id']}")["subject"] == one["subject"]


def _in_part(goal: dict[str, Any]) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/goal-achievement"
    return goal.get("achievementStatus") or {"coding": [{"system": system, "code": "in-progress"}]}
