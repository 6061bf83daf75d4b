"""When nobody can say whether a write arrived, or a system has neither versions nor our ids: nothing is lost,
nothing stands twice, and both sides end with the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from gateway.hub.schema.tables import recipient
from tests.end_to_end import systems as connected
from tests.end_to_end import world as worlds
from tests.end_to_end.standing import Names, disagreements
from tests.end_to_end.systems import Systems, hub_id
from tests.end_to_end.waiting import wait_until
from tests.end_to_end.world import InProcess


def lift_breaker(world: InProcess) -> None:
    """The next probe is due now."""
    with world.service.store.write() as connection:
        connection.execute(update(recipient).values(probe_at=world.clock()))


def assert_agreed(world: InProcess) -> None:
    """Every system that holds an item holds the same of it."""
    links = {(r.system, r.ref): native for (_, native), r in world.hub.links().items()}
    records = {
        "stafettlogg": world.systems.stafettlogg.records(),
        "individuell-plan": world.systems.plan.records(),
    }
    assert disagreements(records, world.systems.bup.everything(), Names(links)) == []


def goal_at_bup(world: InProcess, record_id: str) -> dict[str, Any]:
    """A goal of the log as it stands at BUP."""
    own = world.hub.ref("stafettlogg", record_id).partition("/")[2]
    (found,) = [g for g in world.systems.bup.all("Goal") if hub_id(g) == own]
    return found


def failing(world: InProcess, record_id: str, **fields: Any) -> None:
    """An edit in the log whose delivery to BUP ends without an answer, whatever happened there."""
    world.edit("stafettlogg", record_id, **fields)
    wait_until(lambda: [p for p in world.hub.pending() if p[0] == "bup" and p[2]], "the delivery has failed")


@pytest.mark.parametrize("arrives", [True, False], ids=["it arrived", "it did not"])
def test_a_clinician_edits_after_a_write_that_was_never_answered(world: InProcess, arrives: bool) -> None:
    world.begin("emma")
    bup = world.systems.bup
    bup.peer.faults(**({"loseAnswer": True} if arrives else {"reset": True}))
    failing(world, "e-m1", evalueringsfrist="2027-04-04", egneOrd="Nye ord")
    bup.peer.faults()
    there = goal_at_bup(world, "e-m1")
    assert (there["target"] == [{"dueDate": "2027-04-04"}]) is arrives
    bup.save({**there, "description": {"text": "Klinikerens ord"}})
    world.polled()
    lift_breaker(world)
    world.quiet()
    record = world.systems.stafettlogg.record("e-m1")
    assert (record["tekst"], record["evalueringsfrist"]) == ("Klinikerens ord", "2027-04-04")
    assert record["egneOrd"] == "Nye ord"
    there = goal_at_bup(world, "e-m1")
    assert there["target"] == [{"dueDate": "2027-04-04"}]
    assert there["description"] == {"text": "Klinikerens ord"}
    assert "Nye ord" in str(there)
    assert_agreed(world)


def test_a_create_that_was_never_answered_stands_once(world: InProcess) -> None:
    world.begin("emma")
    bup = world.systems.bup
    bup.peer.faults(loseAnswer=True)
    goal = {
        "type": "maal", "id": "m-ny", "logg": "emma-logg", "endretAv": "e-d1", "tekst": "Et nytt mål",
        "status": "aktiv",
    }  # fmt: skip
    world.write("stafettlogg", goal)
    wait_until(lambda: [p for p in world.hub.pending() if p[0] == "bup" and p[2]], "the delivery has failed")
    bup.peer.faults()
    (there,) = [g for g in bup.all("Goal") if "Et nytt mål" in str(g)]
    bup.save({**there, "description": {"text": "Et mål til"}})
    world.polled()
    lift_breaker(world)
    world.quiet()
    assert world.systems.stafettlogg.record("m-ny")["tekst"] == "Et mål til"
    assert len([g for g in bup.all("Goal") if "Et mål til" in str(g)]) == 1
    assert len([r for r in world.systems.plan.records().values() if r.get("tekst") == "Et mål til"]) == 1
    assert_agreed(world)


def test_a_goal_that_bup_refuses_is_missing_alone(world: InProcess) -> None:
    """The log at BUP goes on listing what comes after it, and the goal itself once it is right."""
    world.begin("emma")
    bup = world.systems.bup
    bup.peer.faults(reject=["Avvises hos BUP"])
    goal = {"type": "maal", "logg": "emma-logg", "endretAv": "e-d1", "status": "aktiv"}
    world.write("stafettlogg", {**goal, "id": "m-feil", "tekst": "Avvises hos BUP"})
    world.write("stafettlogg", {**goal, "id": "m-rett", "tekst": "Tas imot hos BUP"})
    measure = {"type": "tiltak", "id": "t-feil", "logg": "emma-logg", "endretAv": "e-d1", "maal": ["m-feil"]}
    world.write("stafettlogg", {**measure, "tittel": "Venter på målet", "status": "planlagt"})
    world.quiet()
    assert "Venter på målet" not in str(bup.all("ServiceRequest"))
    (plan,) = [p for p in bup.all("CarePlan") if f"Goal/{goal_at_bup(world, 'm-rett')['id']}" in str(p)]
    bup.peer.faults()
    world.edit("stafettlogg", "m-feil", tekst="Nå er det rett")
    world.quiet()
    right = goal_at_bup(world, "m-feil")
    assert right["description"] == {"text": "Nå er det rett"}
    plan = bup.read(f"CarePlan/{plan['id']}")
    assert f"Goal/{right['id']}" in [g["reference"] for g in plan["goal"]]
    (held,) = [r for r in bup.all("ServiceRequest") if "Venter på målet" in str(r)]
    assert f"Goal/{right['id']}" in str(held)
    assert f"ServiceRequest/{held['id']}" in str(plan["activity"])
    assert_agreed(world)


@pytest.fixture(
    scope="module",
    params=[{"ids": "theirs"}, {"versions": "no"}, {"ids": "theirs", "versions": "no"}],
    ids=["their ids", "no versions", "neither"],
)
def weaker(request: pytest.FixtureRequest) -> Iterator[Systems]:
    """The three systems, where the plan system is of the weaker kind."""
    with connected.running(**request.param) as running:
        yield running


@pytest.fixture
def weak(sqlite_url: str, tmp_path: Path, weaker: Systems) -> Iterator[InProcess]:
    """Emma between them."""
    with worlds.in_process(sqlite_url, tmp_path, weaker) as world:
        world.begin("emma")
        yield world


def plan_id(world: InProcess, record_id: str) -> str:
    """What the plan system calls a record of the log."""
    ref = world.hub.ref("stafettlogg", record_id)
    return next(n for (s, n), row in world.hub.links().items() if (s, row.ref) == ("individuell-plan", ref))


def test_a_system_without_versions_or_our_ids_gives_and_gets_the_same(weak: InProcess) -> None:
    there = plan_id(weak, "e-m1")
    weak.edit("individuell-plan", there, tekst="Planens ord")
    weak.quiet()
    assert weak.systems.stafettlogg.record("e-m1")["tekst"] == "Planens ord"
    weak.edit("stafettlogg", "e-m1", egneOrd="Loggens ord")
    weak.quiet()
    assert weak.systems.plan.record(there)["egneOrd"] == "Loggens ord"
    texts = [r.get("tekst") for r in weak.systems.plan.records().values()]
    assert texts.count("Planens ord") == 1
    assert_agreed(weak)
    before = weak.hub.changes()
    answers = weak.hand_in("individuell-plan", list(weak.systems.plan.records().values()))
    assert [a for a in answers if a["status"] != "unchanged"] == []
    weak.quiet()
    assert weak.hub.changes() == before


def test_an_edit_there_that_nobody_was_told_of_survives_our_write(weak: InProcess) -> None:
    """The plan system changed a record and has not told yet when ours comes: looked at first, then merged."""
    there = plan_id(weak, "e-m1")
    plan = weak.systems.plan
    plan.save({**plan.record(there), "tekst": "Ikke fortalt ennå", "endret": weak.now()})
    weak.edit("stafettlogg", "e-m1", evalueringsfrist="2027-02-02")
    weak.quiet()
    for record in (plan.record(there), weak.systems.stafettlogg.record("e-m1")):
        assert (record["tekst"], record["evalueringsfrist"]) == ("Ikke fortalt ennå", "2027-02-02")
    assert_agreed(weak)


def test_an_old_form_saved_after_our_write_takes_nothing_back(weak: InProcess) -> None:
    """Opened there before our delivery, saved after it: the old values in it are nobody's wish."""
    if weak.systems.plan.variant.get("versions") != "no":
        pytest.skip("a system with versions refuses to save an old form itself")
    there = plan_id(weak, "e-m1")
    plan = weak.systems.plan
    form = {**plan.record(there), "tekst": "Skrevet i et gammelt skjema"}
    weak.edit("stafettlogg", "e-m1", egneOrd="Nye ord", evalueringsfrist="2027-02-02")
    weak.quiet()
    saved = {**form, "endret": weak.now()}
    plan.save(saved)
    assert weak.hand_in("individuell-plan", [saved])[0]["status"] == "conflict"
    weak.quiet()
    for record in (plan.record(there), weak.systems.stafettlogg.record("e-m1")):
        assert record["tekst"] == "Skrevet i et gammelt skjema"
        assert (record["egneOrd"], record["evalueringsfrist"]) == ("Nye ord", "2027-02-02")
    assert [c["system"] for c in weak.hub.conflicts()] == ["individuell-plan", "individuell-plan"]
    assert_agreed(weak)
