"""BUP's system knows measures only inside the plan: they go out inline, an edit there comes back to the
measure itself, and nothing echoes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.hub.schema.tables import disclosure
from mappings.canonical import code_system
from mappings.dialects.activities import MEASURE
from tests.end_to_end import world as worlds
from tests.end_to_end.fresh import database
from tests.end_to_end.systems import Systems
from tests.end_to_end.world import InProcess


@pytest.fixture(scope="module")
def emma(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, systems: Systems
) -> Iterator[InProcess]:
    folder = tmp_path_factory.mktemp("inline")
    with (
        database(request, "sqlite", folder) as url,
        worlds.in_process(url, folder, systems, activities="inline") as world,
    ):
        world.begin("emma")
        yield world


def plan_at_bup(world: InProcess) -> dict[str, Any]:
    """Emma's log as BUP has it."""
    log = {"system": code_system("entry-kind"), "code": "stafettlogg"}
    (found,) = [plan for plan in world.systems.bup.all("CarePlan") if log in plan["category"][0]["coding"]]
    return found


def own_id(activity: dict[str, Any]) -> str | None:
    """Which measure of ours it is; None for one that BUP wrote."""
    marks = [e["valueIdentifier"]["value"] for e in activity.get("extension", []) if e["url"] == MEASURE]
    return next(iter(marks), None)


def test_measures_stand_in_the_plan_and_nowhere_else(emma: InProcess) -> None:
    plan, ref = plan_at_bup(emma), emma.hub.ref("stafettlogg", "e-t1").partition("/")[2]
    (activity,) = [a for a in plan["activity"] if own_id(a) == ref]
    record = emma.systems.stafettlogg.record("e-t1")
    assert activity["detail"]["description"] == record["beskrivelse"]
    assert activity["detail"]["status"] == "in-progress"
    kinds = {r["category"][0]["coding"][0]["code"] for r in emma.systems.bup.all("ServiceRequest")}
    assert "tiltak" not in kinds
    told = [
        {item["ref"] for item in items}
        for _, items in emma.hub.said(disclosure, disclosure.c.recipient == "bup")
    ]
    assert any({f"ServiceRequest/{ref}", emma.hub.ref("stafettlogg", "emma-logg")} <= refs for refs in told)


def test_an_edit_inside_the_plan_arrives_at_the_measure_and_nothing_echoes(emma: InProcess) -> None:
    bup, plan = emma.systems.bup, plan_at_bup(emma)
    ref = emma.hub.ref("stafettlogg", "e-t1").partition("/")[2]
    before = emma.systems.stafettlogg.record("e-t1")
    for activity in plan["activity"]:
        if own_id(activity) == ref:
            activity["detail"] |= {"status": "completed", "description": "Fullført hos BUP"}
    saved = bup.save(plan)
    emma.quiet()
    after = emma.systems.stafettlogg.record("e-t1")
    assert (after["status"], after["beskrivelse"]) == ("gjennomfoert", "Fullført hos BUP")
    kept = ("tittel", "maal", "ansvarlig", "start", "frist", "effekt")
    assert {k: after.get(k) for k in kept} == {k: before.get(k) for k in kept}
    assert plan_at_bup(emma)["meta"]["versionId"] == saved["meta"]["versionId"], "nothing echoes"
    assert emma.hub.conflicts() == []


def test_a_change_in_the_log_arrives_inside_the_plan(emma: InProcess) -> None:
    emma.edit("stafettlogg", "e-t1", tittel="Ny tittel på tiltaket")
    emma.quiet()
    ref = emma.hub.ref("stafettlogg", "e-t1").partition("/")[2]
    (activity,) = [a for a in plan_at_bup(emma)["activity"] if own_id(a) == ref]
    assert activity["detail"]["code"]["text"] == "Ny tittel på tiltaket"


def test_a_measure_that_bup_writes_into_the_plan_becomes_one_in_the_log_once(emma: InProcess) -> None:
    bup, plan = emma.systems.bup, plan_at_bup(emma)
    new = {
        "detail": {
            "status": "in-progress",
            "description": "Samtale med skolen",
            "code": {"text": "Veiledning"},
        }
    }
    bup.save({**plan, "activity": [*plan["activity"], new]})
    emma.quiet()
    made = [r for r in emma.systems.stafettlogg.records().values() if r.get("tittel") == "Veiledning"]
    assert [(r["type"], r["status"], r["beskrivelse"]) for r in made] == [
        ("tiltak", "paagaar", "Samtale med skolen")
    ]
    emma.edit("stafettlogg", made[0]["id"], status="gjennomfoert")
    emma.quiet()
    now = [
        a["detail"] for a in plan_at_bup(emma)["activity"] if a["detail"]["code"] == {"text": "Veiledning"}
    ]
    assert [d["status"] for d in now] == ["completed"]


def test_a_measure_registered_in_error_says_so_to_those_who_had_it(emma: InProcess) -> None:
    wrong = {"tidspunkt": emma.now(), "av": "e-d1", "grunn": "feil barn"}
    emma.edit("stafettlogg", "e-t1", feilregistrert=wrong)
    emma.quiet()
    ref = emma.hub.ref("stafettlogg", "e-t1").partition("/")[2]
    (activity,) = [a for a in plan_at_bup(emma)["activity"] if own_id(a) == ref]
    assert activity["detail"]["status"] == "entered-in-error"
