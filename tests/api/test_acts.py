"""What named persons decide beside consents: it counts at once, for what it names alone, and ends."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from gateway.access import scopes
from gateway.exchange import reminders
from gateway.hub import acts, links
from gateway.hub.schema.acts import act
from gateway.intake.replay import replay
from tests.api.conftest import records
from tests.api.test_fhir_read import matches, person
from tests.api.world import World, fields

WHO = {"by": "Kari Nordmann", "reason": "Vurdert i møte 20. november"}
PLACE = "vidaregåande"


def decide(world: World, own: str, kind: str, client: str = "drift", **said: Any) -> dict[str, Any]:
    """An act through the front door."""
    made = world.post(f"/people/{own}/acts", client, {"kind": kind, **WHO, **said})
    assert made.status_code in (200, 201), made.text
    return fields(made)


def decisions(world: World, own: str, recipient: str = "bup") -> dict[str, dict[str, Any]]:
    """What of the person may go to a recipient now, by item."""
    found = fields(world.get(f"/decisions?patient={own}&recipient={recipient}", "drift"))["items"]
    return {one["item"]: one for one in found}


def rules(one: dict[str, Any]) -> set[str]:
    """The rules of an item's own decision."""
    return {reason["rule"] for reason in one["decisions"][0]["reasons"]}


def named(world: World, native: str) -> str:
    """The hub's name of a record of the log."""
    with world.service.store.read("fjordbyen") as connection:
        return links.names(connection, "fjordbyen", "logg", [native])[native].ref


@pytest.fixture
def amina(any_world: World) -> tuple[World, str]:
    """17 years old, address fortrolig; BUP may have her plan, goals and measures."""
    log = records("stafettlogg", "amina")
    any_world.hand_in("logg", log)
    return any_world, person(any_world, log[0])


@pytest.fixture
def emma_there(world: World, emma: list[dict[str, Any]]) -> tuple[World, str]:
    world.hand_in("logg", emma)
    return world, person(world, emma[0])


def measure(world: World, own: str) -> dict[str, Any]:
    """Amina's measure as BUP reads it."""
    return matches(world.get(f"/fhir/ServiceRequest?patient={own}", "bup"))[0]


def waiting(world: World, own: str, client: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fields(world.get(f"/people/{own}/awaiting-release", client))["awaiting"]
    return found


def test_what_is_held_is_listed_and_goes_once_it_is_released(amina: tuple[World, str]) -> None:
    world, own = amina
    assert "note" not in measure(world, own)
    (held,) = [one for one in waiting(world, own, "logg") if one["path"] == "note[0].text"]
    assert PLACE in held["text"]
    decide(world, own, "release", "logg", keys=[held["key"]])
    assert PLACE in measure(world, own)["note"][0]["text"]
    assert not [one for one in waiting(world, own, "logg") if one["path"] == "note[0].text"]
    told = fields(world.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
    assert {item["redacted"] for one in told for item in one["items"]} == {True}


def test_an_operator_is_not_told_what_stands_in_what_is_held(amina: tuple[World, str]) -> None:
    world, own = amina
    found = waiting(world, own, "drift")
    assert {one["text"] for one in found} == {None}
    assert len(found) == len(waiting(world, own, "logg"))
    assert world.get(f"/people/{own}/awaiting-release", "nabodrift").status_code == 404
    assert (
        not waiting(world, own, "bup")
        if world.get(f"/people/{own}/awaiting-release", "bup").is_success
        else True
    )


def test_an_edited_text_is_held_anew_and_an_ended_release_no_longer_counts(amina: tuple[World, str]) -> None:
    world, own = amina
    (held,) = [one for one in waiting(world, own, "logg") if one["path"] == "note[0].text"]
    done = decide(world, own, "release", "logg", keys=[held["key"]])
    original = next(r for r in records("stafettlogg", "amina") if r["id"] == "a-t1")
    edited = {"endret": "2026-11-20T11:10:00+01:00", "beskrivelse": "Rom 2, Fjordbyen vidaregåande skule."}
    world.hand_in("logg", [{**original, **edited}])
    assert "note" not in measure(world, own)
    world.hand_in("logg", [{**original, "endret": "2026-11-20T12:10:00+01:00"}])
    assert PLACE in measure(world, own)["note"][0]["text"]
    ended = world.post(f"/people/{own}/acts/{done['id']}/end", "logg")
    assert (ended.status_code, fields(ended)["ended"] is not None) == (200, True)
    assert "note" not in measure(world, own)
    assert world.post(f"/people/{own}/acts/{done['id']}/end", "logg").status_code == 409


def test_nothing_of_a_child_without_protection_waits(emma_there: tuple[World, str]) -> None:
    world, own = emma_there
    assert waiting(world, own, "logg") == []


def test_danger_carries_one_item_to_one_system_for_a_day(emma_there: tuple[World, str]) -> None:
    world, own = emma_there
    note = named(world, "e-n1")
    assert decisions(world, own)[note]["outcome"] == "deny"
    made = decide(world, own, "emergency", items=[note], recipients=["bup"])
    found = decisions(world, own)
    assert (found[note]["outcome"], found[note]["ground"]) == ("permit", "G4")
    assert decisions(world, own, "lege")[note]["outcome"] == "deny"
    assert note in {
        f"Communication/{r['id']}" for r in matches(world.get(f"/fhir/Communication?patient={own}", "bup"))
    }
    last = fields(world.get(f"/disclosures?patient={own}", "drift"))["disclosures"][-1]
    assert "G4" in {item["ground"] for item in last["items"]}
    assert world.post(f"/people/{own}/acts/{made['id']}/told", "drift").status_code == 200
    assert world.post(f"/people/{own}/acts/{made['id']}/told", "drift").status_code == 409
    world.now += timedelta(hours=24)
    assert decisions(world, own)[note]["outcome"] == "deny"


def test_whoever_shared_in_danger_is_reminded_to_tell_those_concerned(emma_there: tuple[World, str]) -> None:
    world, own = emma_there

    def reminded() -> list[tuple[str, str]]:
        with world.service.store.write("fjordbyen") as connection:
            reminders.review(connection, world.service.facts, {"fjordbyen": timedelta(days=14)}, world.now)
        found = fields(world.get(f"/notices?patient={own}", "drift"))["notices"]
        return [(one["kind"], one["about"]) for one in found if one["kind"] == "danger"]

    assert reminded() == []
    made = decide(world, own, "emergency", items=[named(world, "e-n1")], recipients=["bup"])
    world.post(f"/people/{own}/acts/{made['id']}/end", "drift")
    assert reminded() == [("danger", made["id"])]
    world.post(f"/people/{own}/acts/{made['id']}/told", "drift")
    assert reminded() == []


def test_danger_needs_a_scope_of_its_own_and_a_system_of_the_tenant(emma_there: tuple[World, str]) -> None:
    world, own = emma_there
    said = {"kind": "emergency", **WHO, "items": [named(world, "e-n1")], "recipients": ["bup"]}
    headers = {"Content-Type": "application/json"} | world.headers("drift", scope=scopes.ACTS_WRITE)
    assert world.http.post(f"/people/{own}/acts", json=said, headers=headers).status_code == 403
    foreign = world.post(f"/people/{own}/acts", "drift", {**said, "recipients": ["nabologg"]})
    assert (foreign.status_code, fields(foreign)["field"]) == (422, "recipients")


def test_an_objection_stops_health_care_among_itself_until_it_is_set_aside(
    emma_there: tuple[World, str],
) -> None:
    world, own = emma_there
    before = decisions(world, own)
    made = decide(world, own, "objection", recipients=["343231946"])
    assert made["closed"] is True
    stopped = {
        i for i, one in decisions(world, own).items() if "B2" in rules(one) and one["outcome"] == "deny"
    }
    assert stopped
    assert {before[i]["outcome"] for i in stopped} == {"permit"}
    one = min(stopped)
    decide(world, own, "override", items=[one], recipients=["343231946"])
    after = decisions(world, own)
    assert after[one]["outcome"] == "permit"
    assert {after[i]["outcome"] for i in stopped - {one}} <= {"deny"}
    world.post(f"/people/{own}/acts/{made['id']}/end", "drift")
    assert decisions(world, own) == before | {one: decisions(world, own)[one]}


def test_what_is_withheld_from_guardians_is_for_the_young_person_alone_to_share(world: World) -> None:
    log = records("stafettlogg", "jonas")
    world.hand_in("logg", log)
    own, goal = person(world, log[0]), named(world, "j-m1")
    assert decisions(world, own)[goal]["outcome"] == "permit"
    decide(world, own, "withholding", items=[goal])
    assert "B4" in rules(decisions(world, own)[goal])  # BUP's system honours no label


def test_a_finding_lets_one_guardian_suffice(world: World, emma: list[dict[str, Any]]) -> None:
    log = [{**r, "giver": r["giver"][:1]} if r["type"] == "samtykke" else r for r in emma]
    world.hand_in("logg", log)
    own, goal = person(world, emma[0]), named(world, "e-m1")
    assert decisions(world, own)[goal]["outcome"] == "deny"
    decide(world, own, "finding", recipients=["343231946"], categories=["maal"])
    assert decisions(world, own)[goal]["outcome"] == "permit"


def test_an_act_with_an_id_is_made_once(emma_there: tuple[World, str]) -> None:
    world, own = emma_there
    said = {"kind": "objection", **WHO, "id": str(uuid.uuid4())}
    first = world.post(f"/people/{own}/acts", "drift", said)
    again = world.post(f"/people/{own}/acts", "drift", {**said, "reason": "en annen"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert fields(again)["reason"] == WHO["reason"]
    assert len(fields(world.get(f"/people/{own}/acts", "drift"))["acts"]) == 1


def test_a_system_decides_about_what_was_made_there(emma_there: tuple[World, str]) -> None:
    world, own = emma_there
    said = {"kind": "withholding", **WHO, "items": [named(world, "e-m1")]}
    assert world.post(f"/people/{own}/acts", "bup", said).status_code in (404, 422)
    assert world.post(f"/people/{own}/acts", "nabodrift", said).status_code == 404
    assert world.post(f"/people/{own}/acts", "logg", said).status_code == 201
    stranger = world.post(f"/people/{own}/acts", "drift", {**said, "items": ["Goal/finnes-ikke"]})
    assert (stranger.status_code, fields(stranger)["field"]) == (422, "items")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"kind": "magic"}, "kind"),
        ({"kind": "release"}, "keys"),
        ({"kind": "release", "keys": ["ikke en nøkkel"]}, "keys"),
        ({"kind": "release", "keys": [], "by": "x", "reason": "y"}, "keys"),
        ({"kind": "objection", "items": ["Goal/1"]}, "items"),
        ({"kind": "objection", "by": ""}, "by"),
        ({"kind": "objection", "presumed": "ja"}, "presumed"),
        ({"kind": "objection", "ends": "i morgen"}, "ends"),
        ({"kind": "objection", "ends": "2020-01-01T00:00:00Z"}, "ends"),
        ({"kind": "objection", "categories": ["alt"]}, "categories"),
        ({"kind": "finding", "recipients": ["bup"]}, "categories"),
        ({"kind": "emergency", "items": ["Goal/1", "Goal/2"], "recipients": ["bup"]}, "items"),
        ({"kind": "objection", "id": "7"}, "id"),
    ],
)
def test_what_is_wrong_is_told_by_field(
    emma_there: tuple[World, str], said: dict[str, Any], field: str
) -> None:
    world, own = emma_there
    answer = world.post(f"/people/{own}/acts", "drift", {**WHO, **said})
    assert (answer.status_code, fields(answer)["field"]) == (422, field), answer.text


def test_what_stops_sharing_stands_after_an_older_backup_is_restored(emma_there: tuple[World, str]) -> None:
    world, own = emma_there
    kept = decide(world, own, "objection")
    emergency = decide(world, own, "emergency", items=[named(world, "e-n1")], recipients=["bup"])
    world.post(f"/people/{own}/acts/{emergency['id']}/end", "drift")
    after = decisions(world, own)
    service = world.service
    with service.store.write("fjordbyen") as connection:  # as if neither had been said at the backup
        connection.execute(act.delete())
    assert replay(service.store, service.journal, world.now) == 2
    with service.store.read("fjordbyen") as connection:
        found = acts.of_person(connection, "fjordbyen", own)
    assert {(one.id, one.ended is None) for one in found} == {(kept["id"], True), (emergency["id"], False)}
    assert decisions(world, own) == after
    assert replay(service.store, service.journal, world.now) == 0


def test_an_act_of_somebody_else_is_neither_told_nor_ended_nor_begun_again(
    emma_there: tuple[World, str],
) -> None:
    world, own = emma_there
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Sove"}}
    written = world.post("/fhir/Goal", "bup", goal | {"subject": {"reference": f"Patient/{own}"}})
    assert written.status_code == 201  # BUP knows her too
    said = {"kind": "finding", **WHO, "recipients": ["lege"], "categories": ["maal"]}
    made = decide(world, own, "finding", "logg", recipients=["lege"], categories=["maal"])
    for path in ("end", "told"):
        answer = world.post(f"/people/{own}/acts/{made['id']}/{path}", "bup")
        assert (answer.status_code, fields(answer)["detail"]) == (404, "No such act")
    taken = world.post(f"/people/{own}/acts", "bup", said | {"id": made["id"]})
    assert (taken.status_code, fields(taken)["code"], WHO["reason"] in taken.text) == (409, "id-taken", False)
    jonas = records("stafettlogg", "jonas")
    world.hand_in("logg", jonas)
    ended = fields(world.post(f"/people/{own}/acts/{made['id']}/end", "logg"))["ended"]
    for client in ("logg", "drift"):  # under the id of an act about another child
        answer = world.post(f"/people/{person(world, jonas[0])}/acts", client, said | {"id": made["id"]})
        assert (answer.status_code, fields(answer)["code"]) == (409, "id-taken")
    (stands,) = fields(world.get(f"/people/{own}/acts", "drift"))["acts"]
    assert stands["ended"] == ended
    assert decide(world, own, "finding", "drift", id=made["id"], recipients=["lege"], categories=["maal"])


def test_an_item_made_elsewhere_is_answered_as_one_that_is_not_there(emma_there: tuple[World, str]) -> None:
    world, own = emma_there
    goal = {"resourceType": "Goal", "lifecycleStatus": "active", "description": {"text": "Sove"}}
    world.post("/fhir/Goal", "bup", goal | {"subject": {"reference": f"Patient/{own}"}})
    said = {"kind": "withholding", **WHO}
    hidden, absent = (
        world.post(f"/people/{own}/acts", "bup", said | {"items": [ref]})
        for ref in (named(world, "e-n1"), "Communication/finnes-ikke")
    )
    assert (hidden.status_code, hidden.content) == (422, absent.content)
