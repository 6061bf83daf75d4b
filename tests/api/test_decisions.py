"""Why someone gets something, or does not: rules and ids, never content."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.api.conftest import records
from tests.api.test_fhir_read import evaluated, person
from tests.api.world import World, fields


def decided(world: World, query: str, client: str = "drift") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fields(world.get(f"/decisions?{query}", client))["items"]
    return found


def test_each_item_has_an_outcome_and_reasons_in_both_written_forms(any_world: World) -> None:
    jonas = evaluated(records("stafettlogg", "jonas"))
    any_world.hand_in("logg", jonas)
    own = person(any_world, jonas[0])
    answer = any_world.get(f"/decisions?patient={own}&recipient=bup", "drift")
    items = fields(answer)["items"]
    outcome = {i["item"].partition("/")[0]: i["outcome"] for i in items}
    assert (outcome["Goal"], outcome["ServiceRequest"], outcome["Appointment"]) == (
        "permit",
        "permit",
        "deny",
    )
    goal = next(i for i in items if i["item"].startswith("Goal/"))
    assert goal["ground"] == "G1"
    inner = next(d for d in goal["decisions"] if d["categories"] == ["evaluering"])
    assert inner["outcome"] == "deny"
    assert all(r["nb"] and r["nn"] and r["rule"] and r["source"] for r in inner["reasons"])
    for secret in ("hasj", "Jonas", "Prøve", "skulen", jonas[0]["barn"]["fnr"]):
        assert secret not in answer.text


def test_one_item_for_one_recipient(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    ref = decided(world, f"patient={own}&recipient=bup")[0]["item"]
    assert [i["item"] for i in decided(world, f"patient={own}&recipient=bup&item={ref}")] == [ref]
    assert world.get(f"/decisions?patient={own}&recipient=bup&item=Goal/nei", "drift").status_code == 404
    assert world.get(f"/decisions?patient={own}&recipient=finnes-ikke", "drift").status_code == 404
    assert world.get("/decisions?patient=nei&recipient=bup", "drift").status_code == 404
    assert world.get(f"/decisions?patient={own}&recipient=bup", "nabodrift").status_code == 404


def test_of_a_protected_child_only_what_a_redaction_leaves_may_go(world: World) -> None:
    amina = records("stafettlogg", "amina")
    world.hand_in("logg", amina)
    items = decided(world, f"patient={person(world, amina[0])}&recipient=bup")
    assert {i["outcome"] for i in items} == {"redact"}
    assert all("B1" in {r["rule"] for r in i["decisions"][0]["reasons"]} for i in items)


def test_a_systems_client_is_told_only_of_what_it_sees(world: World) -> None:
    jonas = evaluated(records("stafettlogg", "jonas"))
    world.hand_in("logg", jonas)
    own = person(world, jonas[0])
    seen = {i["item"].partition("/")[0] for i in decided(world, f"patient={own}&recipient=bup", "bup")}
    assert not seen & {"Appointment", "Observation"}
    assert "Appointment" in str(decided(world, f"patient={own}&recipient=bup", "logg"))


def test_what_no_delivery_would_do_is_said(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    assert {i["note"] for i in decided(world, f"patient={own}&recipient=bup")} == {"not-delivered-to"}
    assert {i["note"] for i in decided(world, f"patient={own}&recipient=plan")} == {"no-log-or-plan-there"}


def test_disclosures_come_page_by_page_and_to_those_they_concern(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    any_world.hand_in("logg", emma)
    own = person(any_world, emma[0])
    for _ in range(3):
        any_world.get(f"/fhir/Patient/{own}", "bup")
    any_world.get(f"/fhir/Patient/{own}", "lege")
    seen: list[str] = []
    page = fields(any_world.get(f"/disclosures?patient={own}&limit=2", "drift"))
    while True:
        seen += [one["id"] for one in page["disclosures"]]
        assert len(seen) <= 4
        if page["next"] is None:
            break
        page = fields(any_world.get(f"/disclosures?patient={own}&limit=2&after={page['next']}", "drift"))
    assert len(seen) == len(set(seen)) == 4
    own_log = fields(any_world.get(f"/disclosures?patient={own}", "lege"))["disclosures"]
    assert [one["recipient"] for one in own_log] == ["lege"]
    assert any_world.get(f"/disclosures?patient={own}", "nabodrift").status_code == 404


def test_what_was_decided_earlier_stays_explainable(any_world: World, emma: list[dict[str, Any]]) -> None:
    """A consent, then its withdrawal, then an edit: each decision as it was when it was made."""
    without = [r for r in emma if r["type"] != "samtykke"]
    any_world.hand_in("logg", without)
    own, before = person(any_world, emma[0]), any_world.now
    any_world.later(60)
    any_world.hand_in("logg", [r for r in emma if r["type"] == "samtykke"])
    agreed = any_world.now
    any_world.later(60)
    given = next(r for r in emma if r["type"] == "samtykke")
    taken = {"tidspunkt": any_world.now.isoformat(), "av": given["giver"][0]}
    any_world.hand_in("logg", [{**given, "endret": any_world.now.isoformat(), "trukket": taken}])
    any_world.later(60)

    def goals(at: datetime | None) -> set[str]:
        query = {"patient": own, "recipient": "bup"} | ({"at": at.isoformat()} if at else {})
        found = fields(any_world.get(f"/decisions?{urlencode(query)}", "drift"))["items"]
        return {one["outcome"] for one in found if one["item"].startswith("Goal/")}

    assert [goals(at) for at in (before, agreed, None)] == [{"deny"}, {"permit"}, {"deny"}]
    assert (
        any_world.get(f"/decisions?patient={own}&recipient=bup&at=2026-10-01T00:00:00Z", "drift").status_code
        == 404
    )
    assert (
        any_world.get(f"/decisions?patient={own}&recipient=bup&at=2036-10-01T00:00:00Z", "drift").status_code
        == 400
    )


def test_what_was_released_or_objected_to_later_was_not_so_then(world: World) -> None:
    amina = records("stafettlogg", "amina")
    world.hand_in("logg", amina)
    own, before = person(world, amina[0]), world.now
    world.later(60)
    said = {"kind": "objection", "by": "Kari Nordmann", "reason": "Hun vil ikke"}
    assert world.post(f"/people/{own}/acts", "drift", said).status_code == 201
    world.later(60)

    def outcomes(more: dict[str, str]) -> set[str]:
        query = urlencode({"patient": own, "recipient": "lege"} | more)
        return {r["rule"] for i in decided(world, query) for d in i["decisions"] for r in d["reasons"]}

    assert "B2" not in outcomes({"at": before.isoformat()})
    assert outcomes({"at": world.now.isoformat()}) == outcomes({})
