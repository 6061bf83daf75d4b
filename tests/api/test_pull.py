"""A system that comes for its records: nothing lost, nothing twice once confirmed, everything logged."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.world import World, fields


def pull(world: World, after: str | None = None, limit: int = 100) -> dict[str, Any]:
    query = f"?limit={limit}" + (f"&after={after}" if after else "")
    answer: httpx.Response = world.get(f"/systems/plan/records{query}", "plan")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = fields(answer)
    return found


def items(page: dict[str, Any]) -> list[str]:
    return [one["item"] for one in page["records"]]


@pytest.fixture
def both(any_world: World, emma: list[dict[str, Any]]) -> World:
    """Emma's log and her plan; the plan system pulls."""
    any_world.hand_in("logg", emma)
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    return any_world


def channels(world: World, emma: list[dict[str, Any]], *states: str) -> int:
    own = person(world, emma[0])
    told = fields(world.get(f"/disclosures?patient={own}&limit=500", "drift"))["disclosures"]
    return sum(one["channel"] == "pull" and one["state"] in states for one in told)


def test_everything_permitted_comes_once_in_the_systems_own_form(
    both: World, emma: list[dict[str, Any]]
) -> None:
    first = pull(both)
    wishes = [one["record"] for one in first["records"] if one["item"].startswith("Goal/")]
    assert {w["tekst"] for w in wishes} == {r["tekst"] for r in emma if r["type"] == "maal"}
    assert {w["type"] for w in wishes} <= {"hovedmaal", "delmaal"}
    assert all(w["plan"] == "emma-ip" for w in wishes), wishes
    assert not first["more"]
    assert channels(both, emma, "sending") == len(first["records"])
    after = pull(both, first["cursor"])
    assert (after["records"], after["cursor"]) == ([], first["cursor"])
    assert channels(both, emma, "delivered") == len(first["records"])
    assert pull(both, first["cursor"])["records"] == []


def test_what_was_never_confirmed_is_handed_out_again(both: World, emma: list[dict[str, Any]]) -> None:
    first = pull(both)
    again = pull(both)
    assert items(again) == items(first)
    assert [one["record"] for one in again["records"]] == [one["record"] for one in first["records"]]
    assert channels(both, emma, "unknown") == len(first["records"])
    late = pull(both, first["cursor"])
    assert items(late) == items(first)
    assert pull(both, late["cursor"])["records"] == []


def test_pages_confirm_each_other(both: World) -> None:
    whole = items(pull(both))
    page, seen = pull(both, limit=2), []
    while page["records"]:
        assert len(page["records"]) <= 2
        seen += items(page)
        assert len(seen) <= len(whole)
        page = pull(both, page["cursor"], limit=2)
    assert sorted(seen) == sorted(whole)
    assert len(seen) == len(set(seen))


def test_a_change_is_handed_out_and_its_own_answer_is_not(both: World, emma: list[dict[str, Any]]) -> None:
    first = pull(both)
    pull(both, first["cursor"])
    wish = next(r for r in emma if r["type"] == "maal")
    ref = fields(both.hand_in("logg", {**wish, "endret": "2026-11-20T09:00:00+01:00", "tekst": "Ny tekst."}))[
        "resource"
    ]
    changed = pull(both, first["cursor"])
    assert items(changed) == [ref]
    assert changed["records"][0]["record"]["tekst"] == "Ny tekst."
    pull(both, changed["cursor"])
    record = changed["records"][0]["record"]
    answer = {**record, "endret": "2026-11-20T10:00:00+01:00", "tekst": "Planens tekst."}
    taken = both.hand_in("plan", answer)
    assert (fields(taken)["status"], fields(taken)["resource"]) == ("stored", ref)
    assert pull(both, changed["cursor"])["records"] == []
    assert fields(both.get(f"/fhir/{ref}", "logg"))["description"]["text"] == "Planens tekst."


def test_an_edit_of_what_is_not_yet_confirmed_is_the_same_item(both: World) -> None:
    first = pull(both)
    one = next(r for r in first["records"] if r["item"].startswith("Goal/"))
    edit = {**one["record"], "endret": "2026-11-20T10:00:00+01:00", "tekst": "Straks endret."}
    taken = fields(both.hand_in("plan", edit))
    assert (taken["status"], taken["resource"]) == ("stored", one["item"])
    assert pull(both, first["cursor"])["records"] == []


def test_nothing_comes_where_there_is_no_plan(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", emma)
    assert pull(any_world)["records"] == []
    lane = fields(any_world.get("/lanes?recipient=plan", "drift"))["lanes"][0]
    assert lane["lastError"] == "no-log-or-plan-there"
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    assert pull(any_world)["records"]


def test_a_withdrawn_consent_ends_what_is_handed_out(both: World, emma: list[dict[str, Any]]) -> None:
    whole = items(pull(both))
    consent = next(r for r in emma if r["type"] == "samtykke")
    withdrawn = {"tidspunkt": "2026-11-21T08:00:00+01:00", "av": consent["giver"][0]}
    both.hand_in("logg", {**consent, "endret": "2026-11-21T08:00:00+01:00", "trukket": withdrawn})
    assert whole
    assert pull(both)["records"] == []


def test_a_reference_follows_once_there_is_what_it_leads_to(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    narrow = [{**r, "kategorier": ["plan", "tiltak"]} if r["type"] == "samtykke" else r for r in emma]
    any_world.hand_in("logg", narrow)
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    first = pull(any_world)
    assert not any(one["record"].get("maal") for one in first["records"])
    consent = next(r for r in emma if r["type"] == "samtykke")
    any_world.hand_in("logg", {**consent, "endret": "2026-11-20T08:00:00+01:00"})
    goals = pull(any_world, first["cursor"])
    assert any(ref.startswith("Goal/") for ref in items(goals))
    after = pull(any_world, goals["cursor"])
    linked = [one["record"] for one in (*goals["records"], *after["records"]) if one["record"].get("maal")]
    assert {r["type"] for r in linked} == {"tiltak"}
    assert len({r["id"] for r in linked}) == sum(r["type"] == "tiltak" and bool(r.get("maal")) for r in emma)
    assert pull(any_world, after["cursor"])["records"] == []


def test_only_the_system_that_pulls_does(both: World) -> None:
    assert both.get("/systems/plan/records", "logg").status_code == 403
    assert fields(both.get("/systems/logg/records", "logg"))["code"] == "not-pulling"
    assert both.get("/systems/plan/records?after=%00", "plan").status_code == 400


def test_no_worker_takes_a_lane_that_is_pulled(both: World) -> None:
    pull(both)
    with both.service.store.read("fjordbyen") as connection:
        states = connection.execute(text("SELECT state FROM lane WHERE recipient = 'plan'")).scalars().all()
    assert set(states) == {"idle"}
