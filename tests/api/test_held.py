"""Who holds what, as each reader may see it: and above all what a reader cannot even guess."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed
from tests.api.conftest import records
from tests.api.test_consent_life import changed, ref
from tests.api.test_fhir_read import person
from tests.api.test_fhir_write import goal, send
from tests.api.world import World, fields

CONSENTED = ("W8", "G1")


@pytest.fixture
def jonas() -> list[dict[str, Any]]:
    """15 years old. j-n1 is withheld from his parents."""
    return records("stafettlogg", "jonas")


def told(world: World, own: str, *refs: str, recipient: str = "bup", **more: Any) -> None:
    """These were told to a recipient now."""
    ground = more.pop("ground", "G1")
    rules = CONSENTED if ground == "G1" else (ground,)
    given = {"channel": "push", "state": disclosures.DELIVERED, **more}
    items = tuple(Disclosed(r, 1, ("maal",), ground, rules, ()) for r in refs)
    with world.service.store.write("fjordbyen") as connection:
        disclosures.begin(
            connection,
            "fjordbyen",
            [Attempt(disclosures.new_id(), own, items)],
            recipient=recipient,
            run=1,
            epoch=1,
            owner=None,
            now=world.now,
            deadline=None,
            **given,
        )


def look(world: World, own: str, reader: str, client: str = "drift") -> list[dict[str, Any]]:
    """The holders, as one participant sees them."""
    answer = world.get(f"/people/{own}/held?reader={reader}", client)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = fields(answer)["holders"]
    return found


def items(holders: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Everything held by anybody, by reference."""
    return {item["item"]: item for holder in holders for item in holder["items"]}


def test_what_was_read_is_held_with_when_and_why(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", emma)
    own = person(any_world, emma[0])
    aim = ref(any_world, "e-m1")
    any_world.get(f"/fhir/{aim}", "bup")
    first = any_world.now
    any_world.later(60)
    any_world.get(f"/fhir/{aim}", "bup")
    (holder,) = look(any_world, own, ref(any_world, "e-d2"))
    assert holder["name"] == {"nb": "BUP Fjordane, Indre Fjord", "nn": "BUP Fjordane, Indre Fjord"}
    assert (holder["organization"], holder["system"], holder["regime"]) == ("343231946", "bup", "health")
    (item,) = holder["items"]
    assert (item["item"], item["kind"], item["goesOn"]) == (aim, "maal", True)
    assert item["title"]
    assert (item["first"], item["last"]) == (first.isoformat(), any_world.now.isoformat())
    assert (item["ground"], item["certain"], item["remarks"]) == ("G1", True, [])
    assert item["why"]["nb"].startswith("Alle som må bestemme, har samtykket")
    assert item["why"]["nn"].startswith("Alle som må bestemme, har samtykt")
    assert holder["sharing"] == {"nb": "Deles fortsatt.", "nn": "Blir framleis delt."}


def test_each_organization_that_reads_there_is_a_holder(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own, aim = person(world, emma[0]), ref(world, "e-m1")
    told(world, own, aim, recipient="logg")
    holders = look(world, own, ref(world, "e-d2"))
    assert {h["system"] for h in holders} == {"logg"}
    assert {h["name"]["nb"] for h in holders} >= {"PPT for Indre Fjord", "Solvang barneskole"}
    assert all([i["item"] for i in h["items"]] == [aim] for h in holders)


@pytest.mark.parametrize(
    ("label", "guardian", "child"),
    [("NORN_FORANS", False, True), ("NORN_UNGDOM", True, False), ("NORU", False, False)],
)
def test_what_a_reader_may_not_see_leaves_no_trace(
    any_world: World, jonas: list[dict[str, Any]], label: str, guardian: bool, child: bool
) -> None:
    log = [{**r, "sperre": [label]} if r["id"] == "j-n1" else r for r in jonas]
    any_world.hand_in("logg", log)
    own, aim, note = (person(any_world, jonas[0]), ref(any_world, "j-m1"), ref(any_world, "j-n1"))
    mother, young = ref(any_world, "j-d3"), ref(any_world, "j-d5")
    told(any_world, own, aim)
    before = {reader: look(any_world, own, reader) for reader in (mother, young)}
    any_world.later(60)
    told(any_world, own, note)
    told(any_world, own, note, recipient="lege")  # who holds nothing else
    for reader, may in ((mother, guardian), (young, child)):
        after = look(any_world, own, reader)
        if may:
            assert note in items(after)
            assert len(after) == 2
        else:
            assert after == before[reader]  # the same to the last byte: no row, no holder, no later time


def test_a_note_about_the_mother_is_shown_to_her_and_not_to_the_father(
    world: World, jonas: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", jonas)
    own, note = person(world, jonas[0]), ref(world, "j-n2")
    told(world, own, note)
    assert note in items(look(world, own, ref(world, "j-d3")))
    assert look(world, own, ref(world, "j-d4")) == []


def test_a_parent_no_longer_sees_once_the_young_person_decides_alone(
    world: World, jonas: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", jonas)
    own, aim = person(world, jonas[0]), ref(world, "j-m1")
    told(world, own, aim)
    assert aim in items(look(world, own, ref(world, "j-d3")))
    world.now += timedelta(days=365)
    assert look(world, own, ref(world, "j-d3")) == []
    assert aim in items(look(world, own, ref(world, "j-d5")))


def test_ended_since_the_consent_was_taken_back(any_world: World, emma: list[dict[str, Any]]) -> None:
    any_world.hand_in("logg", emma)
    own, aim = person(any_world, emma[0]), ref(any_world, "e-m1")
    any_world.get(f"/fhir/{aim}", "bup")
    any_world.later(60)
    consent, mother = ref(any_world, "e-s1"), ref(any_world, "e-d2")
    any_world.post(f"/consents/{consent.partition('/')[2]}/withdraw", "drift", {"by": mother})
    taken_back = any_world.now
    any_world.later(60)
    (holder,) = look(any_world, own, mother)
    assert (holder["goesOn"], holder["ended"]) == (False, taken_back.isoformat())
    assert holder["sharing"]["nb"] == "Deles ikke lenger, siden 21.11.2026."
    assert holder["sharing"]["nn"] == "Blir ikkje delt lenger, sidan 21.11.2026."


def test_ended_on_the_day_the_consent_ends(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own, aim = person(world, emma[0]), ref(world, "e-m1")
    world.get(f"/fhir/{aim}", "bup")
    world.now = world.now.replace(year=2027, month=9)
    (holder,) = look(world, own, ref(world, "e-d2"))
    assert holder["ended"] == "2027-06-18T22:00:00+00:00"  # midnight in Oslo


def test_registered_in_error_there_and_whether_the_holder_knows(
    any_world: World, emma: list[dict[str, Any]]
) -> None:
    any_world.hand_in("logg", emma)
    own, aim, mother = person(any_world, emma[0]), ref(any_world, "e-m1"), ref(any_world, "e-d2")
    told(any_world, own, aim)
    any_world.later(60)
    wrong = {"tidspunkt": "2026-11-21T13:30:00+01:00", "av": "e-d1", "grunn": "Feil barn"}
    any_world.hand_in("logg", [changed(emma, "e-m1", "2026-11-21T13:30:00+01:00", feilregistrert=wrong)])
    at = any_world.now
    item = items(look(any_world, own, mother))[aim]
    assert (item["inError"], item["corrected"], item["goesOn"]) == (at.isoformat(), None, False)
    assert "ikke fått beskjed" in item["remarks"][0]["nb"]
    any_world.later(60)
    told(any_world, own, aim, ground="in-error")
    item = items(look(any_world, own, mother))[aim]
    assert item["corrected"] == any_world.now.isoformat()
    assert (item["last"], item["ground"]) == ((at - timedelta(minutes=60)).isoformat(), "G1")
    assert "fikk beskjed 21.11.2026" in item["remarks"][0]["nb"]


def test_what_may_not_have_arrived_says_so_and_what_never_left_is_not_held(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    own, mother = person(world, emma[0]), ref(world, "e-d2")
    told(world, own, ref(world, "e-m1"), state=disclosures.UNKNOWN)
    told(world, own, ref(world, "e-t1"), state=disclosures.REFUSED)
    told(world, own, ref(world, "e-l1"), state=disclosures.UNSENT)
    found = items(look(world, own, mother))
    assert list(found) == [ref(world, "e-m1")]
    assert found[ref(world, "e-m1")]["certain"] is False
    assert found[ref(world, "e-m1")]["remarks"][0]["nn"] == "Det er ikkje sikkert at det kom fram."


def test_a_copy_that_was_taken_out_is_told_of(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own, aim = person(world, emma[0]), ref(world, "e-m1")
    told(world, own, aim, recipient="export", channel="export", ground="operator")
    (holder,) = look(world, own, ref(world, "e-d2"))
    assert (holder["name"]["nb"], holder["system"]) == ("Kopi tatt ut i kommunen", None)
    assert holder["items"][0]["why"]["nn"].startswith("Kommunen tok ut ein kopi")


def test_looking_is_itself_a_disclosure_and_nobody_holds_anything_by_it(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    own, aim, mother = person(world, emma[0]), ref(world, "e-m1"), ref(world, "e-d2")
    told(world, own, aim)
    first, second = look(world, own, mother), look(world, own, mother)
    assert first == second
    rows = fields(world.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
    seen = [one for one in rows if one["channel"] == "page"]
    assert [one["client"] for one in seen] == [f"drift {mother}"] * 2
    assert {one["state"] for one in seen} == {"delivered"}
    assert [i["ref"] for i in seen[0]["items"]] == [aim]
    assert seen[0]["items"][0]["ground"] == "access"
    assert seen[0]["items"][0]["ruleSet"]


def test_only_participants_of_ones_own_and_only_what_ones_system_may_see(
    world: World, jonas: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", jonas)
    own, aim, mother = person(world, jonas[0]), ref(world, "j-m1"), ref(world, "j-d3")
    told(world, own, aim)
    assert aim in items(look(world, own, mother, "logg"))
    former = ref(world, "j-d2")
    for reader, client in ((mother, "bup"), (mother, "nabodrift"), (former, "drift"), (former, "logg")):
        assert world.get(f"/people/{own}/held?reader={reader}", client).status_code == 404
    assert world.get(f"/people/{own}/held?reader=RelatedPerson/ingen", "drift").status_code == 404
    assert world.get(f"/people/{own}/held", "drift").status_code == 400


def test_a_system_is_told_only_of_what_it_may_see_itself(world: World, jonas: list[dict[str, Any]]) -> None:
    world.hand_in("logg", jonas)
    own, mother = person(world, jonas[0]), ref(world, "j-d3")
    made = send(
        world, "POST", "/fhir/Goal", goal(own)
    )  # BUP's own; nobody has consented to the log's readers
    assert made.status_code == 201, made.text
    theirs = "Goal/" + fields(made)["id"]
    told(world, own, theirs, recipient="lege")
    assert theirs in items(look(world, own, mother))
    assert look(world, own, mother, "logg") == []


def test_an_unlabelled_copy_of_the_same_words_does_not_help_a_guardian(
    world: World, jonas: list[dict[str, Any]]
) -> None:
    """The label that counts is the one the item has now."""
    open_ = [{k: v for k, v in copy.deepcopy(r).items() if k != "sperre"} for r in jonas]
    world.hand_in("logg", open_)
    own, note, mother = person(world, jonas[0]), ref(world, "j-n1"), ref(world, "j-d3")
    told(world, own, note)
    assert note in items(look(world, own, mother))
    labelled = changed(jonas, "j-n1", "2026-11-21T10:00:00+01:00", sperre=["NORN_FORANS"])
    world.hand_in("logg", [labelled])
    assert look(world, own, mother) == []


def test_where_the_address_is_protected_nothing_tells_who_or_where(world: World) -> None:
    amina = records("stafettlogg", "amina")
    world.hand_in("logg", amina)
    own, young = person(world, amina[0]), ref(world, "a-d2")
    told(world, own, ref(world, "a-m1"), ref(world, "a-t1"))
    answer = world.get(f"/people/{own}/held?reader={young}", "drift")
    (holder,) = fields(answer)["holders"]
    assert (holder["organization"], holder["system"], holder["regime"]) == (None, None, "health")
    assert holder["name"] == {"nb": "Helsetjenesten", "nn": "Helsetenesta"}
    assert {one["item"] for one in holder["items"]} == {ref(world, "a-m1"), ref(world, "a-t1")}
    for secret in ("BUP", "Fjord", "343231946", "360189554", "Strandgata", "bup", "vidareg"):
        assert secret not in answer.text


def test_who_acts_for_a_service_reads_as_that_service(world: World, jonas: list[dict[str, Any]]) -> None:
    world.hand_in("logg", jonas)
    own, aim, note = (person(world, jonas[0]), ref(world, "j-m1"), ref(world, "j-n1"))
    told(world, own, aim, note)
    doctor, holder = ref(world, "j-d6"), ref(world, "j-d1")
    assert list(items(look(world, own, doctor))) == [
        aim
    ]  # the consents name BUP; the note only Jonas may let go
    assert list(items(look(world, own, holder))) == [aim]  # child welfare wrote it


def test_one_who_says_no_afterwards_ends_it_then(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own, aim = person(world, emma[0]), ref(world, "e-m1")
    world.get(f"/fhir/{aim}", "bup")
    world.later(60)
    other = changed(emma, "e-s1", "2026-11-21T13:20:00+01:00", id="e-annet", mottakere=["ppt"])
    no = {"id": "e-nei", "avgjoerelse": "nekter", "giver": ["e-d3"], "mottakere": ["bup"]}
    answer = world.hand_in("logg", [other, changed(emma, "e-s1", "2026-11-21T13:30:00+01:00", **no)])
    assert [r["status"] for r in fields(answer)["results"]] == ["stored", "stored"]
    (holder,) = look(world, own, ref(world, "e-d2"))
    assert (holder["goesOn"], holder["ended"]) == (False, "2026-11-21T12:30:00+00:00")


def test_of_a_record_that_was_changed_nobody_guesses_when_it_ended(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    own, aim = person(world, emma[0]), ref(world, "e-m1")
    world.get(f"/fhir/{aim}", "bup")
    world.later(60)
    world.hand_in("logg", [changed(emma, "e-s1", "2026-11-21T13:30:00+01:00", unntatt=["bup"])])
    (holder,) = look(world, own, ref(world, "e-d2"))
    assert (holder["goesOn"], holder["ended"]) == (False, None)
    assert holder["sharing"] == {"nb": "Deles ikke lenger.", "nn": "Blir ikkje delt lenger."}


def test_what_the_patient_has_blocked_is_not_told_to_a_service(
    world: World, jonas: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", [{**r, "sperre": ["NORS"]} if r["id"] == "j-m1" else r for r in jonas])
    own, aim = person(world, jonas[0]), ref(world, "j-m1")
    told(world, own, aim)
    assert look(world, own, ref(world, "j-d6")) == []
    assert list(items(look(world, own, ref(world, "j-d5")))) == [aim]
