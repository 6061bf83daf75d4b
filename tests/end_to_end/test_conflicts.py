"""Two systems say different things of the same field: whoever coordinates sees both at the front door of a
running gateway, decides with one call, and both systems end with the decision. And a system that was restored
from an old backup is brought back to what stands here, without overwriting it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway import jsontext
from tests.access.issuer_server import Issuer
from tests.end_to_end import served
from tests.end_to_end.configuration import OPERATOR
from tests.end_to_end.served import Process
from tests.end_to_end.systems import Systems
from tests.end_to_end.world import InProcess

SCHOOL, CLINIC, BOTH = "Skolens ord", "BUPs ord", "Ord som begge kjenner igjen"


def post(door: Process, path: str, body: dict[str, Any] | None, client: str) -> Any:
    """One write at the front door."""
    headers = {**door.bearer(client), "Content-Type": "application/json"}
    content = None if body is None else jsontext.encode(body)
    answer = door.http.post(path, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def disagree(door: Process, *goals: str) -> list[dict[str, Any]]:
    """The log and BUP change these goals at once. The conflicts, as the log's system sees them."""
    (lane,) = door.get("/lanes?recipient=bup").json()["lanes"]
    post(door, f"/lanes/{lane['id']}/hold", {"reason": "investigating"}, OPERATOR)
    for goal in goals:
        door.edit("stafettlogg", goal, tekst=SCHOOL)
        door.systems.bup.save({**door.goal_at_bup(goal), "description": {"text": CLINIC}})
    post(door, f"/lanes/{lane['id']}/release", None, OPERATOR)
    door.quiet()
    person = lane["patient"].removeprefix("Patient/")
    found: list[dict[str, Any]] = door.get(f"/people/{person}/conflicts", "stafettlogg").json()["conflicts"]
    by_ref = {one["resource"]: one for one in found}
    return [by_ref.pop(door.hub.ref("stafettlogg", goal)) for goal in goals] if len(by_ref) == 2 else []


def test_decided_with_one_call_and_everywhere_the_same(
    sqlite_url: str, tmp_path: Path, systems: Systems, issuer: Issuer
) -> None:
    with served.process(sqlite_url, tmp_path, systems, issuer) as door:
        door.begin("emma")
        first, second = disagree(door, "e-m1", "e-m2")
        by = door.hub.ref("stafettlogg", "e-d1")
        said = {"by": by, "reason": "Avtalt i møtet"}
        for one in (first, second):
            assert one["current"]["value"] == {"text": SCHOOL}
            assert (one["theirs"]["system"], one["theirs"]["value"]) == ("bup", {"text": CLINIC})
            assert by in one["deciders"]
        decide = "/conflicts/{id}/decide"
        theirs = {**said, "choice": "theirs", "version": first["version"]}
        own = {**said, "choice": "value", "value": {"text": BOTH}, "version": second["version"]}
        assert post(door, decide.format(**first), theirs, "stafettlogg")["state"] == "decided"
        assert post(door, decide.format(**second), own, "stafettlogg")["state"] == "decided"
        door.quiet()
        for goal, ends in (("e-m1", CLINIC), ("e-m2", BOTH)):
            assert door.goal_at_bup(goal)["description"]["text"] == ends
            assert door.systems.stafettlogg.record(goal)["tekst"] == ends
            assert door.in_plan(goal)["tekst"] == ends
            assert door.systems.stafettlogg.record(goal)["endretAv"] == "e-d1"
        assert door.hub.conflicts() == []
        door.assert_agreed()


def test_a_system_restored_from_a_backup_gets_the_present_back(world: InProcess) -> None:
    """Its whole store is as it was; what we write next finds that out, and old values come in nowhere."""
    world.begin("emma")
    plan = world.systems.plan
    old = {own: dict(record) for own, record in plan.records().items()}
    there = world.in_plan("e-m1")["id"]
    world.edit("stafettlogg", "e-m1", tekst="Nyere ord", egneOrd="Nye egne ord")
    world.quiet()  # the plan's edit is of what it has got, else it takes that back
    world.edit("individuell-plan", there, evalueringsfrist="2027-06-06")
    world.quiet()
    plan.seed(list(old.values()))
    world.edit("stafettlogg", "e-m1", status="naadd")
    world.quiet()
    for record in (world.systems.stafettlogg.record("e-m1"), plan.record(there)):
        assert (record["tekst"], record["egneOrd"]) == ("Nyere ord", "Nye egne ord")
        assert (record["evalueringsfrist"], record["status"]) == ("2027-06-06", "naadd")
    assert world.hub.conflicts() == []
    world.assert_agreed()


def test_what_was_written_over_what_it_had_just_got_takes_nothing_back(world: InProcess) -> None:
    """Somebody had the goal open in the plan while ours arrived there, and saves all of it. The plan system
    tells of it without a version, so nobody knows whether they had seen ours."""
    world.begin("emma")
    opened = dict(world.in_plan("e-m1"))
    world.edit("stafettlogg", "e-m1", tekst="Nyere ord")
    world.quiet()
    world.edit("individuell-plan", **{**opened, "evalueringsfrist": "2027-06-06"}, record_id=opened["id"])
    world.quiet()
    for record in (world.systems.stafettlogg.record("e-m1"), world.in_plan("e-m1")):
        assert (record["tekst"], record["evalueringsfrist"]) == ("Nyere ord", "2027-06-06")
    (left,) = world.hub.conflicts()
    assert left["path"].startswith("Goal.description")
    world.assert_agreed()
