"""A read costs what was asked for, holds up no writer, and tells nothing that a change in between forbids."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.access import scopes
from gateway.access.presented import bearer
from gateway.api.visit import TRIES, Visit, visiting
from gateway.exchange.sight import Looking
from tests.api.conftest import records
from tests.api.test_fhir_read import matches, person
from tests.api.world import World, fields


def told(world: World, own: str) -> list[dict[str, Any]]:
    found = fields(world.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
    return [one for one in found if one["recipient"] == "bup"]


@pytest.mark.parametrize("disturbed", [0, 1, TRIES - 1])
def test_what_changes_while_it_is_read_is_read_anew_and_told_of_once(
    any_world: World, disturbed: int
) -> None:
    world, log = any_world, records("stafettlogg", "emma")
    world.hand_in("logg", log)
    own = person(world, log[0])
    desk = world.app.state.desk
    caller = desk.gate.admit(bearer(world.token("bup")), scopes.FHIR_READ)
    (consent,) = [r for r in log if r["type"] == "samtykke"]
    rounds: list[set[str]] = []

    def work(here: Visit) -> set[str]:
        sight = here.looking.whole(here.connection, own, hold=False)
        assert sight is not None
        if len(rounds) < disturbed:
            minute = len(rounds)
            narrower = {**consent, "kategorier": ["plan"], "endret": f"2026-11-20T09:0{minute}:00+01:00"}
            assert fields(world.hand_in("logg", narrower | {"formaal": f"nr {minute}"}))["status"] == "stored"
        rounds.append(set(sight.seen))
        here.tell(sight, sight.seen)
        return rounds[-1]

    found = visiting(desk, caller, work)
    assert len(rounds) == disturbed + 1
    assert any(ref.startswith("Goal/") for ref in found) == (disturbed == 0)
    (disclosure,) = told(world, own)
    assert {item["ref"] for item in disclosure["items"]} == found


def test_only_what_was_asked_for_is_judged(world: World) -> None:
    log = records("stafettlogg", "emma")
    world.hand_in("logg", log)
    own, service = person(world, log[0]), world.service
    bup = service.settings.system("bup")
    assert bup is not None
    looking = Looking(service.settings, service.facts, bup, service.clock())
    with service.store.read("fjordbyen") as connection:
        sight = looking.at(connection, own, hold=False)
        assert sight is not None
        sight.types("Appointment")
        assert {ref.partition("/")[0] for ref in sight.seen} == {"Appointment"}
        sight.types("CareTeam")
        assert {"CarePlan", "CareTeam", "Goal", "PractitionerRole"} <= {
            r.partition("/")[0] for r in sight.seen
        }
        few = dict(sight.seen)
        sight.everything()
        assert {ref: one.resource for ref, one in few.items()} == {
            ref: sight.seen[ref].resource for ref in few
        }


def test_a_page_of_a_search_and_the_whole_search_count_the_same(world: World) -> None:
    log = records("stafettlogg", "emma")
    world.hand_in("logg", log)
    own = person(world, log[0])
    every = world.get(f"/fhir/Communication?patient={own}", "bup")
    filtered = world.get(f"/fhir/Communication?patient={own}&_lastUpdated=ge2020-01-01", "bup")
    assert fields(every)["total"] == fields(filtered)["total"] == len(matches(every)) > 2
    assert matches(every) == matches(filtered)
    seen: list[dict[str, Any]] = []
    page = world.get(f"/fhir/Communication?patient={own}&_count=2", "bup")
    while True:
        seen += matches(page)
        following = [one["url"] for one in fields(page)["link"] if one["relation"] == "next"]
        if not following:
            break
        page = world.get(following[0].removeprefix("http://testserver"), "bup")
    assert seen == matches(every)
