"""The working list: of each who coordinates, all that is due in their logs and plans, the most urgent first;
nothing of anybody else's, and it moves with a hand-over at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from gateway.config import Settings
from gateway.consents import caseload as seated
from gateway.hub import seats, versions
from gateway.hub.notices import Kind, raise_notice
from gateway.hub.receipts import unacknowledged
from mappings.canonical import HPR, JOURNAL_ACCESS
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.test_conflicts import dispute
from tests.api.test_consent_life import changed, ref
from tests.api.test_deadlines import Log, oslo
from tests.api.test_fhir_read import person
from tests.api.test_notices import at, keep
from tests.api.world import World, fields, settings
from tests.end_to_end.invented import Child

ANNA = {"utsteder": "https://login.fjordbyen.example", "subjekt": "anna"}
USER = {"user": {"issuer": ANNA["utsteder"], "subject": "anna"}}
UNIT = "359797117"
DUE = {"evalueringsfrist": "2026-11-10"}


def work(world: World, query: str, client: str = "drift") -> list[dict[str, Any]]:
    answer = world.get(f"/worklist?{query}", client)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = fields(answer)["work"]
    return found


def search(world: World, body: dict[str, Any], client: str = "drift") -> list[dict[str, Any]]:
    answer = world.post("/worklist/search", client, body)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = fields(answer)["work"]
    return found


def of(world: World, native_id: str, client: str = "drift") -> list[str]:
    """The kinds on one participant's list."""
    return [one["kind"] for one in work(world, f"participant={ref(world, native_id)}", client)]


@pytest.fixture
def log(any_world: World, emma: Log) -> World:
    """Emma's log in November; her first goal has been overdue for a week."""
    any_world.now = oslo("2026-10-01")
    any_world.hand_in("logg", emma)
    at(any_world, oslo("2026-11-09"))
    return any_world


def test_the_most_urgent_comes_first_and_all_who_coordinate_see_the_same(world: World, emma: Log) -> None:
    made = dispute(world, emma)
    deputy = changed(emma, "e-d4", "2026-11-21T14:00:00+01:00", rolle="stedfortreder")
    world.hand_in("logg", [deputy])
    with world.service.store.write("fjordbyen") as connection:
        raise_notice(
            connection, "fjordbyen", Kind.UNACKNOWLEDGED, made.person, made.goal, world.now,
            frame=ref(world, "emma-logg"),
        )  # fmt: skip
    at(world, oslo("2027-06-01"))
    mine = of(world, "e-d1")
    assert mine[0].endswith("-overdue")
    assert mine.index("conflict") < mine.index("unacknowledged") < mine.index("consent-ends")
    assert mine == of(world, "e-d4") == of(world, "e-d8") == of(world, "e-d1", "logg")
    assert of(world, "e-d2") == of(world, "e-d5") == []


def test_who_is_not_there_is_not_found(log: World) -> None:
    nobody = "participant=PractitionerRole/0b54cf4d-7d1c-4dd5-8a63-35ea5e2d3a10"
    assert log.get(f"/worklist?{nobody}", "drift").status_code == 404
    holder = f"participant={ref(log, 'e-d1')}"
    assert work(log, holder, "logg")
    for client in ("plan", "bup", "nabo", "nabodrift"):
        assert log.get(f"/worklist?{holder}", client).status_code == 404, client


def test_a_hand_over_moves_the_list_at_once(log: World, emma: Log) -> None:
    before = of(log, "e-d1")
    assert before
    assert of(log, "e-d4") == []
    log.hand_in(
        "logg",
        [
            changed(emma, "e-d1", "2026-11-08T23:30:00+01:00", til="2026-11-08"),
            changed(emma, "e-d4", "2026-11-08T23:30:00+01:00", rolle="stafettholder", fra="2026-11-09"),
        ],
    )
    assert of(log, "e-d1") == []
    assert of(log, "e-d4") == before


def test_a_hand_over_from_tomorrow_moves_it_tomorrow(log: World, emma: Log) -> None:
    mine = of(log, "e-d1")
    log.hand_in(
        "logg",
        [
            changed(emma, "e-d1", "2026-11-08T23:30:00+01:00", til="2026-11-09"),
            changed(emma, "e-d4", "2026-11-08T23:30:00+01:00", rolle="stafettholder", fra="2026-11-10"),
        ],
    )
    assert (of(log, "e-d1"), of(log, "e-d4")) == (mine, [])
    log.now = oslo("2026-11-10")
    assert (of(log, "e-d1"), of(log, "e-d4")) == ([], mine)


def caseload(world: World, numbers: range, **more: Any) -> None:
    """A log per child, all held by one, who is known at a login; nothing is assigned in them."""
    for number in numbers:
        child = Child(number)
        for one in child.log_records():
            held = {**one, **more} if one.get("rolle") == "stafettholder" else one
            world.hand_in("logg", [held])
        loose = {k: v for k, v in child.measure("t1", "m1").items() if k != "ansvarlig"}
        world.hand_in("logg", [child.goal("m1", 1), loose])


def test_all_children_of_one_by_who_they_are_at_a_login(any_world: World) -> None:
    caseload(any_world, range(1, 4), bruker=ANNA, hpr="9144900")
    keep(any_world)
    mine = search(any_world, USER)
    assert len({one["patient"] for one in mine}) == 3
    assert {one["kind"] for one in mine} >= {"measure-unassigned"}
    assert search(any_world, {"hpr": "9144900"}) == mine
    assert search(any_world, USER, "logg") == mine
    for client in ("plan", "bup", "nabo", "nabodrift"):
        assert search(any_world, USER, client) == [], client
    assert search(any_world, {"hpr": "9144901"}) == []
    assert search(any_world, {"user": {**USER["user"], "subject": "anne"}}) == []


def test_two_municipalities_know_nothing_of_each_other(any_world: World) -> None:
    caseload(any_world, range(1, 2), hpr="9144900")
    for record in Child(2).log_records():
        held = {**record, "hpr": "9144900"} if record.get("rolle") == "stafettholder" else record
        any_world.post("/systems/nabologg/records", "nabo", [held])
    any_world.post("/systems/nabologg/records", "nabo", [Child(2).goal("m1", 1) | DUE])
    any_world.hand_in("logg", [Child(1).goal("m1", 2) | DUE])
    keep(any_world)
    for client, other in (("drift", "nabodrift"), ("logg", "nabo")):
        ours = {one["patient"] for one in search(any_world, {"hpr": "9144900"}, client)}
        theirs = {one["patient"] for one in search(any_world, {"hpr": "9144900"}, other)}
        assert len(ours) == len(theirs) == 1
        assert ours.isdisjoint(theirs)


def test_pages_and_kinds(world: World) -> None:
    caseload(world, range(1, 5), bruker=ANNA)
    keep(world)
    whole = search(world, USER)
    seen: list[dict[str, Any]] = []
    after: dict[str, str] = {}
    while True:
        page = fields(world.post("/worklist/search", "drift", {**USER, "limit": 3, **after}))
        seen += page["work"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == whole
    assert len(whole) > 3
    assert search(world, {**USER, "kinds": ["conflict"]}) == []
    only = search(world, {**USER, "kinds": ["measure-unassigned"]})
    assert [one for one in whole if one["kind"] == "measure-unassigned"] == only


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"hpr": "1", "unit": UNIT},
        {"hpr": "x"},
        {**USER, "kinds": ["annet"]},
        {**USER, "mer": 1},
        [],
        "hpr",
    ],
    ids=["nobody", "two", "no-number", "kind", "more", "list", "text"],
)
def test_what_does_not_say_whose_list_it_is(world: World, body: Any) -> None:
    answer = world.post("/worklist/search", "drift", body)
    assert answer.status_code == 422
    assert world.get("/worklist", "drift").status_code == 422


def test_the_coordinating_unit_sees_what_is_its_own(log: World) -> None:
    mine = work(log, f"unit={UNIT}")
    assert {one["kind"] for one in mine} >= {"evaluation-overdue"}
    assert {role for one in mine for role in one["roles"]} == {"koordinerendeEnhet"}
    assert work(log, "unit=362819482") == []


def test_what_nobody_holds_is_seen_by_the_tenants_own_unit(
    database_url: str, tmp_path: Path, issuer: Issuer
) -> None:
    made = settings(database_url, tmp_path, issuer).model_dump()
    made["tenants"][0]["coordinating_unit"] = UNIT
    world = World(Settings.model_validate(made), issuer)
    child = Child(1)
    world.hand_in("logg", [r for r in child.log_records() if r.get("rolle") != "stafettholder"])
    keep(world)
    assert [one["kind"] for one in work(world, f"unit={UNIT}")] == ["ownerless"]
    assert [one["kind"] for one in work(world, f"unit={UNIT}", "logg")] == ["ownerless"]
    assert work(world, f"unit={UNIT}", "plan") == work(world, f"unit={UNIT}", "nabodrift") == []
    assert work(world, "unit=362819482") == []
    world.close()


def test_nothing_is_told_of_an_item_that_the_readers_system_may_not_see(log: World, emma: Log) -> None:
    own = person(log, emma[0])
    log.post(
        "/fhir/Communication",
        "bup",
        {
            "resourceType": "Communication",
            "status": "completed",
            "meta": {"security": [{"system": JOURNAL_ACCESS, "code": "NORS"}]},
            "subject": {"reference": f"Patient/{own}"},
            "payload": [{"contentString": "Bare hos BUP"}],
        },
    )
    with log.service.store.read("fjordbyen") as connection:
        theirs = connection.exec_driver_sql(
            "SELECT ref FROM resource WHERE created_by = 'bup' AND type = 'Communication'"
        ).scalar_one()
    with log.service.store.write("fjordbyen") as connection:
        for about in (theirs, ref(log, "e-m1")):
            raise_notice(connection, "fjordbyen", Kind.VANISHED, own, about, log.now)
    assert of(log, "e-d1").count("vanished") == 2
    (seen,) = [o for o in work(log, f"participant={ref(log, 'e-d1')}", "logg") if o["kind"] == "vanished"]
    assert seen["about"] == ref(log, "e-m1")


def test_what_one_recipient_has_not_acknowledged_is_on_the_list_of_who_coordinates(
    log: World, emma: Log
) -> None:
    about = unacknowledged(ref(log, "e-m1"), "plan")
    frame, own = ref(log, "emma-logg"), person(log, emma[0])
    with log.service.store.write("fjordbyen") as connection:
        raise_notice(connection, "fjordbyen", Kind.UNACKNOWLEDGED, own, about, log.now, frame=frame)
    assert "unacknowledged" in of(log, "e-d1", "drift")
    assert "unacknowledged" in of(log, "e-d1", "logg")


def test_nobody_takes_a_seat_by_naming_themselves(log: World) -> None:
    """A server whose word on who takes part does not count finds nobody's children by it."""
    holder = ref(log, "e-d1")
    with log.service.store.write("fjordbyen") as connection:
        made = versions.of_refs(connection, "fjordbyen", [holder])[holder]
        number = {"system": HPR, "value": "9144999"}
        own = {**made.resource, "id": "own", "contained": [], "identifier": [number]}
        for maker in ("bup", "logg"):
            one = replace(made, ref=f"PractitionerRole/{maker}", created_by=maker, resource=own)
            seats.keep(connection, "fjordbyen", log.service.key, [one])
            found = seated.taken(
                connection, log.service.settings, "fjordbyen", None,
                seated.practitioner(log.service.key, "9144999"), log.now,
            )  # fmt: skip
            assert [seat.participant for seat in found] == ([] if maker == "bup" else [one.ref])


def test_costs_by_the_own_children_not_by_all(world: World) -> None:
    caseload(world, range(1, 3), bruker=ANNA)
    keep(world)
    few = statements(world)
    caseload(world, range(3, 13), bruker={**ANNA, "subjekt": "bjarne"})
    for _ in range(3):
        keep(world)
    assert statements(world) == few


def statements(world: World) -> int:
    """How many statements one list takes, with nothing kept from before."""
    seen: list[str] = []
    fresh = World(world.service.settings, world.issuer)

    def note(*given: Any) -> None:
        seen.append(given[2])

    event.listen(fresh.service.store.engine, "before_cursor_execute", note)
    assert len({one["patient"] for one in search(fresh, USER)}) == 2
    fresh.close()
    return len(seen)


def test_nothing_of_it_is_content(log: World, emma: Log) -> None:
    at(log, datetime(2027, 5, 25, tzinfo=UTC))
    answer = log.get(f"/worklist?participant={ref(log, 'e-d1')}", "logg").text
    for secret in ("Emma", emma[0]["barn"]["fnr"], emma[0]["barn"]["navn"]["etternavn"], "Solvang"):
        assert secret not in answer
    with log.service.store.read("fjordbyen") as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM seat").all())
    for record in records("stafettlogg", "emma"):
        for secret in (record.get("hpr"), record.get("fnr"), (record.get("navn") or {}).get("fornavn")):
            assert not secret or secret not in rows
