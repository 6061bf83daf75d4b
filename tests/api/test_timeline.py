"""One list over all systems, each thing once, and nothing that the reader may not see."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import records, unshared
from tests.api.test_fhir_read import evaluated, person
from tests.api.world import World, fields


def entries(world: World, own: str, client: str, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = fields(world.get(f"/timeline/{own}{query}", client))["entries"]
    return found


def test_both_systems_in_one_list_newest_first(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", emma)
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    own = person(any_world, emma[0])
    found = entries(any_world, own, "bup", "?limit=200")
    assert {"logg", "plan"} <= {e["system"] for e in found}
    assert {"maal", "tiltak", "lysglimt", "moete", "nivaa", "henvisning", "evaluering"} <= {
        e["kind"] for e in found
    }
    days = [e["time"][:10] for e in found]
    assert days == sorted(days, reverse=True)
    assert len({e["id"] for e in found}) == len(found)
    bright = next(e for e in found if e["text"] == "Emma ble bedt i bursdag!")
    assert (bright["kind"], bright["level"], bright["system"]) == ("lysglimt", 2, "logg")
    assert (bright["author"]["name"], bright["author"]["role"]) == ("Ingrid Testesen", "foresatt")
    wish = next(e for e in found if e["kind"] == "maal")
    assert (wish["author"]["role"], wish["service"]) == ("aktoer", "helsestasjon")


def test_the_level_is_that_of_the_time(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    steps = entries(world, own, "bup", "?kind=nivaa")
    assert [(e["time"], e["level"]) for e in steps] == [
        ("2026-05-04", 2),
        ("2026-02-09", 1),
        ("2026-01-19", 0),
    ]
    assert [e["text"] for e in steps] == [None, None, None]  # the reasons fall under bekymring
    assert all(e["text"] for e in entries(world, own, "logg", "?kind=nivaa"))


def test_pages_follow_each_other_and_filters_narrow(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    whole = entries(world, own, "bup", "?limit=200")
    seen: list[dict[str, Any]] = []
    page = fields(world.get(f"/timeline/{own}?limit=3", "bup"))
    while True:
        seen += page["entries"]
        assert len(seen) <= len(whole)
        if page["next"] is None:
            break
        page = fields(world.get(f"/timeline/{own}?limit=3&after={page['next']}", "bup"))
    assert seen == whole
    assert {e["kind"] for e in entries(world, own, "bup", "?kind=maal")} == {"maal"}
    assert entries(world, own, "bup", "?system=plan") == []


def test_what_two_systems_tell_with_the_same_words_is_one_entry(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    plan = records("individuell-plan", "emma")
    meeting = next(r for r in emma if r["type"] == "melding")
    frame = plan[0]["id"]
    double = {k: v for k, v in meeting.items() if k not in ("logg", "mottakere", "svarPaa")}
    world.hand_in("plan", [*plan, {**double, "id": "dobbel", "plan": frame, "endretAv": plan[1]["id"]}])
    own = person(world, emma[0])
    twice = [
        e for e in entries(world, own, "bup", "?kind=melding&limit=200") if e["text"] == meeting["tekst"]
    ]
    assert [(e["system"], e["alsoIn"]) for e in twice] == [("logg", ["plan"])]


def test_what_is_hidden_is_not_in_the_list_nor_in_the_log_of_it(world: World) -> None:
    jonas = evaluated(records("stafettlogg", "jonas"))
    world.hand_in("logg", jonas)
    own = person(world, jonas[0])
    found = entries(world, own, "bup", "?limit=200")
    assert {e["kind"] for e in found} <= {"maal", "tiltak", "nivaa", "overfoering", "samtykke"}
    assert "hasj" not in str(found)
    assert "hasj" in str(entries(world, own, "logg", "?limit=200"))
    (told,) = [
        one
        for one in fields(world.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
        if one["recipient"] == "bup"
    ]
    refs = {item["ref"] for item in told["items"]}
    assert {e["resource"] for e in found} <= refs
    assert not any(ref.startswith(("Observation/", "Appointment/")) for ref in refs)


def test_a_person_without_anything_to_show_is_not_there(world: World) -> None:
    amina = unshared("amina")
    world.hand_in("logg", amina)
    hidden = world.get(f"/timeline/{person(world, amina[0])}", "bup")
    unknown = world.get("/timeline/finnes-ikke", "bup")
    assert (hidden.status_code, hidden.content) == (404, unknown.content)
    assert world.get("/timeline/finnes-ikke", "drift").status_code == 403
    assert world.get(f"/timeline/{person(world, amina[0])}?after=eHl6", "logg").status_code == 400


def test_a_document_that_two_systems_hold_is_one_entry_whenever_each_got_it(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    plan = records("individuell-plan", "emma")
    document = next(r for r in emma if r["type"] == "dokument")
    copy = {k: v for k, v in document.items() if k != "logg"}
    copy |= {"id": "kopi", "plan": plan[0]["id"], "endretAv": plan[1]["id"]}
    copy |= {"tidspunkt": "2026-11-20T10:00:00+01:00"}
    other = copy | {"id": "annet", "innhold": "QW5uZXQ="}
    answers = fields(world.hand_in("plan", [*plan, copy, other]))["results"]
    assert {a["status"] for a in answers} == {"stored"}
    own = person(world, emma[0])
    found = entries(world, own, "logg", "?kind=dokument&limit=200")
    told = [(e["system"], e["alsoIn"]) for e in found if e["title"] == document["tittel"]]
    assert sorted(told) == [("logg", ["plan"]), ("plan", [])]
