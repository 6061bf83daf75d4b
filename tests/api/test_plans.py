"""A plan says what it lacks, to each only of what they may see; a closed log goes on as a plan, once."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.hub import links, versions
from mappings import continuing, reading
from tests.api.conftest import records
from tests.api.world import World, fields


def ref(world: World, system: str, native: str) -> str:
    """What a record of a system is in the hub."""
    with world.service.store.read("fjordbyen") as connection:
        return links.names(connection, "fjordbyen", system, [native])[native].ref


def points(world: World, plan: str, client: str) -> dict[str, Any]:
    answer = fields(world.get(f"/plans/{plan.partition('/')[2]}/completeness", client))
    return {one["point"]: one for one in answer["points"]} | {"complete": answer["complete"]}


def test_what_a_plan_lacks_is_named(any_world: World) -> None:
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    plan = ref(any_world, "plan", "emma-ip")
    for client in ("plan", "drift"):
        found = points(any_world, plan, client)
        assert found.pop("complete") is False
        assert {letter: [m["field"] for m in one["missing"]] for letter, one in found.items()} == {
            "a": [], "b": [], "c": ["telefon"], "d": [], "e": [], "f": [], "g": [], "h": [],
            "i": ["samarbeidsbehov"],
        }  # fmt: skip
        assert found["i"]["missing"][0]["nn"] == "Det står ikkje om det trengst samarbeid med andre."
        assert found["c"]["missing"][0]["resource"] == ref(any_world, "plan", "ei-d1")


def test_a_reader_is_told_only_of_what_they_may_see(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    world.hand_in("plan", records("individuell-plan", "emma"))
    plan = ref(world, "plan", "emma-ip")
    found = points(world, plan, "bup")
    assert found.pop("complete") is False
    assert {letter for letter, one in found.items() if not one["seen"]} == {"h"}
    assert "samtykke" not in str(found["h"]["missing"])
    own = plan.partition("/")[2]
    log = ref(world, "logg", "emma-logg").partition("/")[2]
    for path, client in ((own, "nabodrift"), ("finnes-ikke", "drift"), (log, "drift")):
        assert world.get(f"/plans/{path}/completeness", client).status_code == 404


# --- a log that goes on -----------------------------------------------------------------------------------


def pulled(world: World, after: str = "") -> tuple[list[dict[str, Any]], str]:
    """All that the plan system is handed, confirmed."""
    found: list[dict[str, Any]] = []
    while True:
        answer = fields(world.get(f"/systems/plan/records?limit=100{after and f'&after={after}'}", "plan"))
        found += [one["record"] for one in answer["records"]]
        after = answer["cursor"]
        if not answer["records"] and not answer["more"]:
            return found, after


def close(world: World, emma: list[dict[str, Any]]) -> str:
    """Emma's log is closed; its reference."""
    world.hand_in("logg", [{**emma[0], "status": "avsluttet", "endret": "2026-11-21T10:00:00Z"}])
    return ref(world, "logg", "emma-logg")


def go_on(world: World, log: str, client: str = "plan") -> Any:
    return world.post("/plans/continue", client, {"log": log, "system": "plan"})


@pytest.fixture
def both(any_world: World, emma: list[dict[str, Any]]) -> World:
    """Emma's log and her plan; the plan system has taken in what it gets of the log."""
    any_world.hand_in("logg", emma)
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    return any_world


def test_what_is_not_finished_goes_along_once(both: World, emma: list[dict[str, Any]]) -> None:
    first, cursor = pulled(both)
    taken = {one["id"] for one in first}
    assert {"maal", "hovedmaal"} & {one["type"] for one in first}
    log = close(both, emma)
    were = {own: ref(both, "plan", own) for own in taken}
    answer = fields(go_on(both, log))
    pairs = {one["from"]: one["to"] for one in answer["carried"]}
    moved = {own: old for own, old in were.items() if old in pairs}
    assert moved
    assert {own: ref(both, "plan", own) for own in moved} == {own: pairs[old] for own, old in moved.items()}
    open_ones = {
        r["id"]
        for r in emma
        if r["type"] in ("maal", "tiltak")
        and r["status"] in ("aktiv", "paagaar", "planlagt", "paaVent", "delvisNaadd", "foreslaatt")
    }
    assert {one["from"] for one in answer["carried"]} == {ref(both, "logg", own) for own in open_ones}
    again = fields(go_on(both, log, "drift"))
    assert (again["state"], again["carried"]) == ("stands", [])
    handed, _ = pulled(both, cursor)
    assert {one["id"] for one in handed if one["type"] in ("hovedmaal", "delmaal", "tiltak")} <= taken, (
        "nothing double"
    )
    plan = next(one for one in handed if one["type"] == "plan")
    assert plan["fortsetterFra"] == {"system": "logg", "id": "emma-logg"}


def test_where_it_comes_from_is_told(both: World, emma: list[dict[str, Any]]) -> None:
    answer = fields(go_on(both, close(both, emma)))
    plan = answer["plan"]
    with both.service.store.read("fjordbyen") as connection:
        for one in answer["carried"]:
            new = versions.current(connection, "fjordbyen", one["to"])
            own = one["to"].partition("/")[2]
            origin = versions.current(connection, "fjordbyen", f"Provenance/{own}-provenance")
            old = versions.current(connection, "fjordbyen", one["from"])
            assert new is not None
            assert origin is not None
            assert old is not None
            assert origin.resource["entity"] == [{"role": "derivation", "what": {"reference": one["from"]}}]
            assert continuing.predecessor(new.resource) == one["from"]
            assert (reading.belongs_to(new.resource), new.item) == (plan, one["to"])
            assert reading.belongs_to(old.resource) == ref(both, "logg", "emma-logg")


def test_the_logs_consents_do_not_hold_for_the_plan(both: World, emma: list[dict[str, Any]]) -> None:
    answer = fields(go_on(both, close(both, emma)))
    counts = {one["recipient"]: one for one in answer["recipients"]}
    assert (counts["bup"]["permitted"], counts["bup"]["denied"]) == (0, len(answer["carried"]))
    given = next(r for r in emma if r["type"] == "samtykke")
    family = [r for r in emma if r["type"] == "deltaker" and r["id"] in given["giver"]]
    new = [
        {k: v for k, v in r.items() if k != "logg"} | {"plan": "emma-ip", "id": f"ip-{r['id']}"}
        for r in family
    ]
    consent = {k: v for k, v in given.items() if k not in ("logg", "id")} | {
        "id": "ip-s1", "plan": "emma-ip", "endret": "2026-11-21T11:00:00Z", "endretAv": "ei-d1",
        "giver": [r["id"] for r in new],
    }  # fmt: skip
    for answered in fields(both.hand_in("plan", [*({**r, "endretAv": "ei-d1"} for r in new), consent]))[
        "results"
    ]:
        assert answered["status"] == "stored", answered
    patient = answer_patient(both, answer["plan"])
    goal = next(one["to"] for one in answer["carried"] if one["to"].startswith("Goal/"))
    found = fields(both.get(f"/decisions?patient={patient}&recipient=bup&item={goal}", "drift"))
    assert [one["outcome"] for one in found["items"]] == ["permit"]


def answer_patient(world: World, plan: str) -> str:
    with world.service.store.read("fjordbyen") as connection:
        head = versions.current(connection, "fjordbyen", plan)
    assert head is not None
    return head.person


def test_an_open_log_or_one_without_a_plan_does_not_go_on(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    log = ref(world, "logg", "emma-logg")
    assert fields(go_on(world, log))["code"] == "log-open"
    close(world, emma)
    assert fields(go_on(world, log))["code"] == "no-plan-there"
    assert go_on(world, log, "bup").status_code == 403
    assert go_on(world, log, "nabodrift").status_code == 404
    assert go_on(world, "CarePlan/finnes-ikke").status_code == 404
    assert world.post("/plans/continue", "plan", {"log": log}).status_code == 422


def test_a_plan_that_says_itself_that_it_goes_on_is_left_as_it_is(world: World) -> None:
    """Amina: both systems have their records, and the plan says where it comes from."""
    world.hand_in("logg", records("stafettlogg", "amina"))
    made = records("individuell-plan", "amina")
    made[0]["fortsetterFra"] = {"system": "logg", "id": "amina-logg"}
    world.hand_in("plan", made)
    answer = fields(go_on(world, ref(world, "logg", "amina-logg")))
    assert (answer["state"], answer["carried"]) == ("stands", [])
    assert answer["plan"] == ref(world, "plan", "amina-ip")
