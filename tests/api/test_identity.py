"""Who is who, at the front door: merges and questions, who may decide, and what a merge never opens."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.hub import joining
from mappings.canonical import FNR
from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.world import World, fields
from tests.numbers import d_number

WHY = {"by": "Kari Nordmann", "reason": "Folkeregisteret: D-nummeret er erstattet"}
BORN = "2015-03-14"


def log_of_d_number(emma: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Emma's log as it was before she got her birth number."""
    log, *rest = emma
    barn = {k: v for k, v in log["barn"].items() if k != "fnr"} | {"dnr": d_number(_born(log))}
    others = [r if r.get("rolle") != "barn" else {k: v for k, v in r.items() if k != "fnr"} for r in rest]
    return [log | {"barn": barn}, *others]


def _born(log: dict[str, Any]) -> Any:
    from datetime import date

    return date.fromisoformat(log["barn"]["foedt"])


@pytest.fixture
def two(any_world: World, emma: list[dict[str, Any]]) -> World:
    """The log knows Emma by her D-number, the plan by her birth number: two people here."""
    any_world.hand_in("logg", log_of_d_number(emma))
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    any_world.later()
    return any_world


def own(world: World, system: str, native_id: str) -> str:
    """The hub's id of the person of a log or plan."""
    from gateway.hub import links

    with world.service.store.read("fjordbyen") as connection:
        return links.names(connection, "fjordbyen", system, [native_id])[native_id].person


def both(world: World, emma: list[dict[str, Any]]) -> tuple[str, str]:
    plan = records("individuell-plan", "emma")[0]["id"]
    return own(world, "plan", plan), own(world, "logg", emma[0]["id"])


def merge(world: World, kept: str, joined: str, client: str = "drift") -> Any:
    return world.post(f"/people/{kept}/merge", client, {"other": joined, **WHY})


def pulled(world: World) -> set[str]:
    return {r["item"] for r in fields(world.get("/systems/plan/records", "plan"))["records"]}


def test_the_plan_gets_what_the_log_consented_to_once_they_are_one(
    two: World, emma: list[dict[str, Any]]
) -> None:
    kept, joined = both(two, emma)
    assert kept != joined
    assert not {ref for ref in pulled(two) if ref.startswith("Goal/")}
    answer = merge(two, kept, joined)
    assert answer.status_code == 201
    told = fields(answer)
    assert (told["patient"], told["other"], told["state"]) == (
        f"Patient/{kept}",
        f"Patient/{joined}",
        "standing",
    )
    two.later()
    goals = {ref for ref in pulled(two) if ref.startswith("Goal/")}
    assert goals
    undone = fields(two.post(f"/people/{kept}/merge/{told['id']}/undo", "drift", WHY))
    assert {one["item"] for one in undone["told"] if one["system"] == "plan"} >= goals
    assert len(undone["deviations"]) == len({one["item"] for one in undone["told"]})
    listed = fields(two.get("/deviations?state=open", "drift"))["deviations"]
    assert {one["id"] for one in listed} >= set(undone["deviations"])
    assert both(two, emma) == (kept, joined)


def test_the_old_id_leads_to_the_new(two: World, emma: list[dict[str, Any]]) -> None:
    kept, joined = both(two, emma)
    merge(two, kept, joined)
    answer = two.http.get(f"/people/{joined}/consents", headers=two.headers("drift"), follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, f"/people/{kept}/consents")
    query = two.http.get(
        f"/disclosures?patient=Patient/{joined}", headers=two.headers("drift"), follow_redirects=False
    )
    assert query.headers["location"] == f"/disclosures?patient=Patient/{kept}"
    assert two.get(f"/people/{joined}/consents", "drift").status_code == 200  # a client that follows
    entries = fields(two.get(f"/timeline/{joined}", "logg"))["entries"]
    assert entries == fields(two.get(f"/timeline/{kept}", "logg"))["entries"]


def test_a_withdrawal_of_either_side_stops_both(two: World, emma: list[dict[str, Any]]) -> None:
    kept, joined = both(two, emma)
    merge(two, kept, joined)
    consent = next(r for r in emma if r["type"] == "samtykke")
    taken_back = consent | {
        "trukket": {"tidspunkt": "2026-11-21T10:00:00+01:00", "av": consent["giver"][0]},
        "endret": "2026-11-21T10:00:00+01:00",
    }
    two.hand_in("logg", [taken_back])
    two.later()
    assert not {ref for ref in pulled(two) if ref.startswith("Goal/")}


def test_only_those_who_keep_the_log_or_run_the_gateway_decide(
    two: World, emma: list[dict[str, Any]]
) -> None:
    kept, joined = both(two, emma)
    assert merge(two, kept, joined, "bup").status_code == 404
    assert merge(two, kept, joined, "logg").status_code == 404  # it keeps no plan of the other
    assert merge(two, kept, joined, "nabodrift").status_code == 404
    narrow = two.http.post(
        f"/people/{kept}/merge", headers=two.headers("drift", "acts.write"), json={"other": joined, **WHY}
    )
    assert narrow.status_code == 403
    with two.service.store.read("fjordbyen") as connection:
        assert joining.of_person(connection, "fjordbyen", kept, joined) == []


def test_a_system_parts_only_those_whom_it_might_merge(two: World, emma: list[dict[str, Any]]) -> None:
    kept, joined = both(two, emma)
    made = fields(merge(two, kept, joined))["id"]
    for client in ("plan", "logg", "bup"):  # each keeps a log or plan of one of the two at most
        for who in (kept, joined):
            answer = two.post(f"/people/{who}/merge/{made}/undo", client, WHY)
            assert answer.status_code == 404, (client, who)
    with two.service.store.read("fjordbyen") as connection:
        (stands,) = joining.of_person(connection, "fjordbyen", kept)
    assert stands.state is joining.State.STANDING


def test_a_question_tells_no_system_which_other_has_the_child(two: World, emma: list[dict[str, Any]]) -> None:
    kept, joined = both(two, emma)
    log = log_of_d_number(emma)[0]
    barn = {k: v for k, v in log["barn"].items() if k != "dnr"} | {"fnr": emma[0]["barn"]["fnr"]}
    two.hand_in("logg", [log | {"barn": barn, "endret": "2026-11-21T11:00:00+01:00"}])
    (asked,) = fields(two.get(f"/people/{kept}/merges", "plan"))["questions"]
    assert (asked["system"], asked["record"], asked["reason"]) == (None, None, "other-person")
    for client in ("logg", "drift"):
        (own,) = fields(two.get(f"/people/{joined}/merges", client))["questions"]
        assert (own["system"], own["record"]) == ("logg", emma[0]["id"])
    said = two.post(f"/people/{kept}/questions/{asked['id']}/different", "plan", WHY)
    assert (said.status_code, fields(said)["system"], fields(said)["record"]) == (200, None, None)


@pytest.mark.parametrize(
    "wrong", [{}, {"other": "x"}, {"other": 1, **WHY}, {"other": "x", "by": " ", "reason": "y"}, []]
)
def test_a_call_that_says_too_little_changes_nothing(
    world: World, emma: list[dict[str, Any]], wrong: Any
) -> None:
    world.hand_in("logg", emma)
    who = person(world, emma[0]).removeprefix("Patient/")
    assert world.post(f"/people/{who}/merge", "drift", wrong).status_code == 422


def test_the_question_is_listed_and_answered(two: World, emma: list[dict[str, Any]]) -> None:
    kept, joined = both(two, emma)
    number = emma[0]["barn"]["fnr"]
    log = log_of_d_number(emma)[0]
    barn = {k: v for k, v in log["barn"].items() if k != "dnr"} | {"fnr": number}
    changed = log | {"barn": barn, "endret": "2026-11-21T11:00:00+01:00"}
    (held,) = fields(two.hand_in("logg", [changed]))["results"]
    assert (held["status"], held["problems"][0]["code"]) == ("waiting", "other-person")
    two.later()
    page = fields(two.get("/notices", "drift"))["notices"]
    assert {n["patient"] for n in page if n["kind"] == "person-question"} == {
        f"Patient/{kept}",
        f"Patient/{joined}",
    }
    (asked,) = fields(two.get(f"/people/{joined}/merges", "logg"))["questions"]
    assert (asked["state"], asked["record"], asked["reason"]) == ("open", emma[0]["id"], "other-person")
    same = two.post(f"/people/{joined}/questions/{asked['id']}/same", "drift", WHY)
    assert same.status_code == 409  # they are two here: merge them
    merge(two, kept, joined)
    two.later()
    (answered,) = fields(two.get(f"/people/{kept}/merges", "drift"))["questions"]
    assert (answered["state"], answered["by"]) == ("same", WHY["by"])
    assert fields(two.hand_in("logg", [changed]))["results"][0]["status"] == "unchanged"
    assert not [n for n in fields(two.get("/notices", "drift"))["notices"] if n["kind"] == "person-question"]
    found = two.http.post(
        "/fhir/Patient/_search",
        headers=two.headers("logg"),
        data={"identifier": f"{FNR}|{number}"},
    )
    assert fields(found)["entry"][0]["resource"]["id"] in (kept, joined)


def test_a_refused_number_says_so(two: World, emma: list[dict[str, Any]]) -> None:
    _, joined = both(two, emma)
    log = log_of_d_number(emma)[0]
    barn = {k: v for k, v in log["barn"].items() if k != "dnr"} | {"fnr": emma[0]["barn"]["fnr"]}
    changed = log | {"barn": barn, "endret": "2026-11-21T11:00:00+01:00"}
    two.hand_in("logg", [changed])
    (asked,) = fields(two.get(f"/people/{joined}/merges", "drift"))["questions"]
    no = two.post(f"/people/{joined}/questions/{asked['id']}/different", "logg", WHY)
    assert (no.status_code, fields(no)["state"]) == (200, "different")
    (refused,) = fields(two.hand_in("logg", [changed]))["results"]
    assert (refused["status"], refused["problems"][0]["code"]) == ("rejected", "number-refused")
