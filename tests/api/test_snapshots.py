"""A system says at the door what all of it is; what it leaves out is listed for it and for operators."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.hub import links
from gateway.hub.links import Link
from gateway.intake.vanished import deleted, note_vanished
from tests.api.test_consent_life import ref
from tests.api.test_fhir_read import person
from tests.api.world import World, fields


def say(world: World, system: str = "logg", **given: Any) -> Any:
    return world.post(f"/systems/{system}/snapshots", system, given)


@pytest.fixture
def told(world: World, emma: list[dict[str, Any]]) -> World:
    world.hand_in("logg", emma)
    world.later()
    return world


def test_what_is_left_out_of_a_log_is_listed_and_shown_in_the_timeline(
    told: World, emma: list[dict[str, Any]]
) -> None:
    ids = [one["id"] for one in emma]
    goal = next(one for one in emma if one["type"] == "maal")
    rest = [own for own in ids if own != goal["id"]]
    answer = fields(say(told, log=ids[0], ids=rest, omitted=[{"id": goal["id"], "reason": "arkivert"}]))
    assert (answer["state"], answer["missing"], answer["returned"]) == ("taken", [goal["id"]], 0)
    listed = fields(told.get("/systems/logg/absences", "logg"))
    (missing,) = listed["absences"]
    assert missing["reason"] == "arkivert"
    assert listed["snapshots"][0]["missing"] == 1
    entries = fields(told.get(f"/timeline/{person(told, emma[0])}", "logg"))["entries"]
    flagged = {one["resource"]: one["missing"] for one in entries if one["missing"]}
    (shown,) = flagged[missing["item"]]
    assert (shown["system"], shown["reason"]) == ("logg", "arkivert")
    assert shown["nb"] == "Borte hos kilden: arkivert der."
    (notice,) = fields(told.get("/notices", "logg"))["notices"]
    assert (notice["kind"], notice["about"]) == ("vanished", missing["item"])
    assert fields(say(told, log=ids[0], ids=ids))["returned"] == 1
    assert fields(told.get("/systems/logg/absences", "logg"))["absences"] == []
    assert fields(told.get("/notices", "logg"))["notices"] == []


def test_too_little_is_doubtful_and_listed_as_such(told: World, emma: list[dict[str, Any]]) -> None:
    answer = fields(say(told, ids=[emma[0]["id"]]))
    assert (answer["state"], answer["why"], answer["missing"]) == ("doubtful", "truncated", [])
    listed = fields(told.get("/systems/logg/absences", "drift"))
    assert (listed["absences"], listed["snapshots"][0]["state"]) == ([], "doubtful")
    sure = fields(say(told, ids=[emma[0]["id"]], confirmed=True))
    assert len(sure["missing"]) == len(emma) - 1


def test_nobody_else_learns_of_it(told: World) -> None:
    assert told.get("/systems/logg/absences", "bup").status_code == 403
    assert told.get("/systems/logg/absences", "nabo").status_code == 404
    assert told.post("/systems/logg/snapshots", "bup", {"ids": []}).status_code == 403
    assert say(told, log="ukjent", ids=["x"]).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"ids": "x"}, {"ids": [""]}, {"ids": [], "log": 1}, {"ids": [], "confirmed": "ja"},
        {"ids": [], "omitted": [{"id": "x", "reason": "fordi"}]}, {"ids": [], "mer": 1},
    ],
)  # fmt: skip
def test_what_is_no_snapshot_is_refused(world: World, wrong: dict[str, Any]) -> None:
    assert world.post("/systems/logg/snapshots", "logg", wrong).status_code == 422


def test_that_a_recipient_deleted_its_copy_tells_no_third_system_that_it_had_one(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    own, goal = person(world, emma[0]), ref(world, "e-m1")
    bup = world.service.settings.system("bup")
    assert bup is not None
    with world.service.store.write("fjordbyen") as connection:
        known = [Link("bup", f"Patient/{own}", own, "Patient/9"), Link("bup", goal, own, "Goal/7")]
        links.save(connection, "fjordbyen", known)
        assert note_vanished(connection, bup, deleted(("Goal/7",)), world.now) == 1

    def told(client: str) -> list[list[dict[str, Any]]]:
        entries = fields(world.get(f"/timeline/{own}?limit=200", client))["entries"]
        return [one["missing"] for one in entries if one["resource"] == goal]

    for client in ("logg", "bup"):  # who made it, and who had it
        assert [one["system"] for one in told(client)[0]] == ["bup"], client
    assert told("lege") == [[]]
