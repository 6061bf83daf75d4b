"""Wrong patient in one call: what is answered, who may, and what the deviation says. Who is told, and how, is
tried end to end."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.exchange import deviations
from gateway.hub import versions
from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.test_withdraw import ref, withdraw
from tests.api.world import World, fields

BY = "Kari Nordmann"


@pytest.fixture
def entered(any_world: World, emma: list[dict[str, Any]]) -> World:
    any_world.hand_in("logg", emma)
    any_world.later()
    return any_world


def recall(world: World, emma: list[dict[str, Any]], *items: str, client: str = "drift", **more: Any) -> Any:
    own = person(world, emma[0]).removeprefix("Patient/")
    asked = {"items": list(items), "by": BY, "reason": "feil-person"} | more
    return world.post(f"/people/{own}/recall", client, asked)


def test_it_is_in_error_here_and_says_who_did_it(entered: World, emma: list[dict[str, Any]]) -> None:
    goal = ref(entered, "e-m1")
    before = fields(entered.get(f"/fhir/{goal}", "logg"))
    answer = recall(entered, emma, goal)
    assert answer.status_code == 201
    (one,) = fields(answer)["deviations"]
    assert (one["item"], one["reason"], one["by"], one["source"]) == (goal, "feil-person", BY, "logg")
    after = fields(entered.get(f"/fhir/{goal}", "logg"))
    assert after["lifecycleStatus"] == "entered-in-error"
    assert after["description"] == before["description"]  # nothing is deleted
    with entered.service.store.read("fjordbyen") as connection:
        trace = versions.current(connection, "fjordbyen", f"Provenance/{goal.partition('/')[2]}-provenance")
    assert trace is not None
    assert [agent["who"]["display"] for agent in trace.resource["agent"]] == [BY]


def test_a_repeat_gives_the_same_deviation(entered: World, emma: list[dict[str, Any]]) -> None:
    goal = ref(entered, "e-m1")
    first = recall(entered, emma, goal, goal)
    editions = fields(entered.get(f"/fhir/{goal}/_history", "logg"))["total"]
    again = recall(entered, emma, goal, by="En annen")
    assert (first.status_code, again.status_code) == (201, 200)
    assert fields(again) == fields(first)
    assert fields(entered.get(f"/fhir/{goal}/_history", "logg"))["total"] == editions


def test_who_read_it_must_be_told_by_a_person(entered: World, emma: list[dict[str, Any]]) -> None:
    goal, measure = ref(entered, "e-m1"), ref(entered, "e-t1")
    assert entered.get(f"/fhir/{goal}", "bup").status_code == 200
    one, other = fields(recall(entered, emma, goal, measure))["deviations"]
    assert {(h["system"], h["how"], h["state"]) for h in one["holders"]} == {
        ("logg", "source", "pending"),
        ("bup", "read", "by-hand"),
    }
    assert {h["system"] for h in other["holders"]} == {"logg"}
    assert one["state"] == "open"


def test_the_plan_that_fetches_acknowledges_when_it_has(entered: World, emma: list[dict[str, Any]]) -> None:
    entered.hand_in("plan", records("individuell-plan", "emma"))
    cursor = fetch(entered)
    goal = ref(entered, "e-m1")
    (one,) = fields(recall(entered, emma, goal))["deviations"]
    assert ("plan", "delivered", "pending") in states(one)
    entered.later()
    page = fields(entered.get(f"/systems/plan/records?after={cursor}", "plan"))
    (told,) = [r["record"] for r in page["records"] if r["item"] == goal]
    assert told["feilregistrert"]["grunn"] == "Gjelder en annen person"
    entered.get(f"/systems/plan/records?after={page['cursor']}", "plan")
    one = fields(entered.get(f"/deviations/{one['id']}", "drift"))
    assert ("plan", "delivered", "acknowledged") in states(one)


def fetch(world: World) -> str:
    """The plan system takes everything in."""
    cursor = ""
    while True:
        page = fields(world.get(f"/systems/plan/records{cursor and f'?after={cursor}'}", "plan"))
        cursor = page["cursor"]
        if not page["records"] and not page["more"]:
            return cursor


def states(one: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(h["system"], h["how"], h["state"]) for h in one["holders"]}


def test_it_closes_when_all_have_acknowledged_or_a_person_closes_it(
    entered: World, emma: list[dict[str, Any]]
) -> None:
    goal = ref(entered, "e-m1")
    (one,) = fields(recall(entered, emma, goal))["deviations"]
    own = f"/deviations/{one['id']}"
    record = next(r for r in emma if r["id"] == "e-m1")
    mark = {"tidspunkt": "2026-11-21T13:02:00+01:00", "grunn": "Gjelder en annen person"}
    entered.hand_in("logg", {**record, "feilregistrert": mark, "endret": "2026-11-21T13:02:00+01:00"})
    with entered.service.store.write("fjordbyen") as connection:
        assert deviations.settle(connection, "fjordbyen", entered.now) == 1
    assert fields(entered.get(own, "drift"))["state"] == "closed"
    late = entered.post(f"{own}/close", "drift", {"by": BY, "reason": "Ringt"})
    assert (late.status_code, fields(late)["code"]) == (409, "deviation-closed")

    (two,) = fields(recall(entered, emma, ref(entered, "e-m2")))["deviations"]
    done = entered.post(f"/deviations/{two['id']}/close", "logg", {"by": BY, "reason": "Ringt"})
    assert done.status_code == 200
    assert (fields(done)["state"], fields(done)["closedBy"], fields(done)["note"]) == ("closed", BY, "Ringt")


def test_what_a_recipient_has_no_form_for_is_told_by_a_person(
    entered: World, emma: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered.hand_in("plan", records("individuell-plan", "emma"))
    fetch(entered)
    goal = ref(entered, "e-m1")
    assert withdraw(entered, ref(entered, "e-d2")).status_code == 200
    (one,) = fields(recall(entered, emma, goal))["deviations"]
    mapping: Any = entered.service.mappings["plan"]
    monkeypatch.delitem(mapping._by_resource, "Goal")  # as if it had no form for what is left of a goal
    fetch(entered)
    with entered.service.store.write("fjordbyen") as connection:
        deviations.settle(connection, "fjordbyen", entered.now)
    one = fields(entered.get(f"/deviations/{one['id']}", "drift"))
    assert ("plan", "delivered", "refused") in states(one)


def test_the_list_has_pages_and_states(entered: World, emma: list[dict[str, Any]]) -> None:
    recall(entered, emma, ref(entered, "e-m1"), ref(entered, "e-t1"))
    entered.later()
    recall(entered, emma, ref(entered, "e-m2"))
    first = fields(entered.get("/deviations?limit=2&state=open", "drift"))
    second = fields(entered.get(f"/deviations?limit=2&after={first['next']}", "drift"))
    found = [*first["deviations"], *second["deviations"]]
    assert (len(first["deviations"]), len(second["deviations"]), second["next"]) == (2, 1, None)
    assert len({one["id"] for one in found}) == 3
    assert found[2]["item"] == ref(entered, "e-m2")
    assert fields(entered.get("/deviations?state=closed", "drift"))["deviations"] == []


def test_only_those_who_may(entered: World, emma: list[dict[str, Any]]) -> None:
    goal = ref(entered, "e-m1")
    assert recall(entered, emma, goal, client="bup").status_code == 404
    assert recall(entered, emma, goal, client="nabodrift").status_code == 404
    assert recall(entered, emma, "Goal/finnes-ikke").status_code == 404
    entered.hand_in("logg", records("stafettlogg", "jonas"))
    assert recall(entered, emma, goal, ref(entered, "j-m1")).status_code == 404  # another child's
    (one,) = fields(recall(entered, emma, goal, client="logg"))["deviations"]
    assert entered.get(f"/deviations/{one['id']}", "logg").status_code == 200
    for client in ("bup", "nabodrift"):
        assert entered.get(f"/deviations/{one['id']}", client).status_code == 404
        assert fields(entered.get("/deviations", client))["deviations"] == []


def test_what_is_wrong_with_the_call_is_said_and_nothing_happens(
    entered: World, emma: list[dict[str, Any]]
) -> None:
    goal = ref(entered, "e-m1")
    for wrong, field in (
        ({"by": " "}, "by"),
        ({"by": 7}, "by"),
        ({"reason": "fordi"}, "reason"),
        ({"items": []}, "items"),
        ({"items": "Goal/x"}, "items"),
        ({"mer": 1}, "mer"),
    ):
        answer = recall(entered, emma, goal, **wrong)
        assert (answer.status_code, fields(answer)["field"]) == (422, field), wrong
    consent = recall(entered, emma, goal, ref(entered, "e-s1"))
    assert (consent.status_code, fields(consent)["field"]) == (422, "items")
    assert fields(entered.get(f"/fhir/{goal}", "logg"))["lifecycleStatus"] != "entered-in-error"
    assert fields(entered.get("/deviations", "drift"))["deviations"] == []
