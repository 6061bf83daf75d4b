"""A system that was restored from an old backup, or whose messages arrive out of order: its old values
overwrite nothing newer, what is written there afterwards is taken, and it is sent what stands here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from consent.names import DATA_ABSENT
from gateway.exchange import steering
from gateway.hub import conflicts, links, versions
from gateway.hub.schema.tables import resource
from gateway.intake import Answer, Offered, Status
from gateway.intake.consents import consent_of, withdrawn
from mappings.canonical import ENH
from mappings.model import ITEM, State
from tests.end_to_end.invented import Child
from tests.intake.world import TENANT, World

CHILD = Child(1)
LOG = "stafettlogg"


def goal(number: int, **more: Any) -> dict[str, Any]:
    """An edition of the goal m1: with every number a later time, another text and another deadline."""
    return {**CHILD.goal("m1", number), "evalueringsfrist": f"2027-0{number}-01", **more}


def tell(here: World, record: dict[str, Any], version: str | None = None, *, now: bool = False) -> Answer:
    """One record, with the system's version of it. now: just read from there."""
    (answer,) = here.service.intake.take(here.system(LOG), [Offered(record, version, now)])
    return answer


def stands(here: World, ref: str) -> dict[str, Any]:
    with here.service.store.read(TENANT) as connection:
        current = versions.current(connection, TENANT, ref)
    assert current is not None
    return current.resource


def link(here: World, ref: str) -> links.Link:
    with here.service.store.read(TENANT) as connection:
        return links.load(connection, TENANT, LOG, [ref])[ref]


def relink(here: World, known: links.Link) -> None:
    with here.service.store.write(TENANT) as connection:
        links.save(connection, TENANT, [known])


def looked_at_again(here: World, ref: str) -> bool:
    """Whether lanes will compare the item once more, though no version was added."""
    with here.service.store.read(TENANT) as connection:
        number = connection.execute(select(resource.c.change_no).where(resource.c.ref == ref)).scalar_one()
        head = versions.current(connection, TENANT, ref)
    assert head is not None
    return bool(number > head.change_no)


@pytest.fixture
def edited(here: World) -> tuple[World, str]:
    """A goal of three editions, with the versions 1 to 3."""
    here.take(LOG, *CHILD.log_records())
    for number in (1, 2, 3):
        answer = tell(here, goal(number), str(number))
    return here, answer.ref or ""


@pytest.mark.parametrize(
    ("version", "now"),
    [("1", True), (None, True), ("1", False)],
    ids=["read there with a version", "read there", "sent with a version"],
)
def test_old_values_that_come_back_are_history_and_the_system_is_sent_what_stands_here(
    edited: tuple[World, str], version: str | None, *, now: bool
) -> None:
    here, ref = edited
    before = here.count("resource_version"), stands(here, ref)
    answer = tell(here, goal(1), version, now=now)
    assert (answer.status.value, answer.late) == ("unchanged", True)
    assert (here.count("resource_version"), stands(here, ref)) == before
    assert here.count("conflict") == 0
    known = link(here, ref)
    shown = known.held if now else known.candidates[-1]
    assert shown.focus[ITEM]["description"]["text"] == "Utgave 1 av m1"
    assert looked_at_again(here, ref)
    assert here.count("late_edition") == 0, "it is among the versions already"


def test_what_it_has_told_before_and_tells_again_is_no_news(edited: tuple[World, str]) -> None:
    here, ref = edited
    answer = tell(here, goal(1))
    assert (answer.status.value, answer.late) == ("unchanged", True)
    assert link(here, ref).candidates == ()
    assert not looked_at_again(here, ref)


def test_what_it_had_lost_is_the_same_item_when_it_tells_of_it_again(edited: tuple[World, str]) -> None:
    here, ref = edited
    lost = replace(link(here, ref), native_id=None, former=goal(1)["id"])
    with here.service.store.write(TENANT) as connection:
        links.save(connection, TENANT, [lost])
    answer = tell(here, goal(4), "4")
    assert (answer.status.value, answer.ref) == ("stored", ref)
    assert link(here, ref).native_id == goal(4)["id"]


def test_what_it_shows_now_is_the_base_of_what_comes_next(edited: tuple[World, str]) -> None:
    here, ref = edited
    tell(here, goal(1), "1", now=True)
    answer = tell(here, goal(1, endret=goal(2)["endret"], egneOrd="Skrevet etter gjenopprettingen"), "2")
    assert answer.status.value == "stored"
    now = stands(here, ref)
    assert now["description"]["text"] == "Utgave 3 av m1"
    assert now["target"] == [{"dueDate": "2027-03-01"}]
    assert "Skrevet etter gjenopprettingen" in str(now)


@pytest.mark.parametrize("now", [True, False], ids=["read there", "sent to us"])
def test_an_edit_on_an_old_copy_is_taken_without_the_old_values_round_it(
    edited: tuple[World, str], *, now: bool
) -> None:
    """Restored to its first edition, edited there, told of with a newer time and an old number."""
    here, ref = edited
    record = goal(1, endret=goal(4)["endret"], egneOrd="Skrevet på den gamle kopien")
    assert tell(here, record, "2", now=now).status.value == "stored"
    now_ = stands(here, ref)
    assert now_["description"]["text"] == "Utgave 3 av m1"
    assert now_["target"] == [{"dueDate": "2027-03-01"}]
    assert "Skrevet på den gamle kopien" in str(now_)
    assert here.count("conflict") == 0


def test_a_field_that_has_changed_since_that_copy_is_a_conflict_not_overwritten(
    edited: tuple[World, str],
) -> None:
    here, ref = edited
    record = goal(1, endret=goal(4)["endret"], tekst="Skrevet på den gamle kopien")
    assert tell(here, record, "2").status.value == "conflict"
    assert stands(here, ref)["description"]["text"] == "Utgave 3 av m1"
    assert stands(here, ref)["target"] == [{"dueDate": "2027-03-01"}]
    with here.service.store.read(TENANT) as connection:
        (one,) = conflicts.of_refs(connection, TENANT, [link(here, ref).person], [ref])
    assert one.path == "Goal.description"
    assert one.theirs == {"text": "Skrevet på den gamle kopien"}
    assert one.base == {"text": "Utgave 1 av m1"}


def test_a_clock_that_was_set_back_hides_no_edit_of_a_system_with_versions(
    edited: tuple[World, str],
) -> None:
    here, ref = edited
    answer = tell(here, goal(4, endret=goal(1)["endret"]), "4")
    assert (answer.status.value, answer.late) == ("stored", False)
    assert stands(here, ref)["description"]["text"] == "Utgave 4 av m1"


def test_an_old_message_out_of_order_is_history_though_we_have_written_there_since(
    edited: tuple[World, str],
) -> None:
    """The number tells that it is old, when its time is that of what we know."""
    here, ref = edited
    with here.service.store.write(TENANT) as connection:
        ours = links.load(connection, TENANT, LOG, [ref])[ref]
        ours.version = "4"  # our delivery was its fourth
        links.save(connection, TENANT, [ours])
    before = stands(here, ref)
    answer = tell(here, goal(2, endret=goal(3)["endret"]), "2")
    assert answer.late
    assert stands(here, ref) == before
    assert here.count("conflict") == 0


def test_an_edit_that_was_read_there_and_is_sent_once_we_have_written_over_it_is_no_second_edit(
    here: World,
) -> None:
    """Its number is older than that of our delivery, and its time is the newest that we know of them."""
    here.take(LOG, *CHILD.log_records())
    ref = tell(here, goal(1), "1").ref or ""
    first = link(here, ref)
    tell(here, goal(2, evalueringsfrist="2027-01-01"), "2")
    relink(here, first)  # as if that had been said elsewhere
    edit = goal(1, endret=goal(3)["endret"], evalueringsfrist="2027-05-01")
    assert tell(here, edit, "2", now=True).status is Status.STORED
    theirs = link(here, ref)
    before = stands(here, ref)
    delivered = replace(theirs.held, focus={**theirs.held.focus, ITEM: before})
    relink(here, replace(theirs, version="3", held=delivered, previous=theirs.held))
    assert before["description"]["text"] == "Utgave 2 av m1"
    assert tell(here, edit, "2").late
    assert stands(here, ref) == before
    assert looked_at_again(here, ref)
    assert link(here, ref).candidates


def test_what_a_system_refused_stays_refused_while_it_tells_of_what_it_had(edited: tuple[World, str]) -> None:
    """An echo of the record that it has says nothing of the change that it would not take."""
    here, ref = edited
    refused = replace(link(here, ref), hold="HTTP 422", hold_digest="0" * 64)
    relink(here, refused)
    tell(here, goal(3, endret=goal(4)["endret"]), "3")
    assert link(here, ref).hold == "HTTP 422"
    assert not looked_at_again(here, ref)


def test_what_a_system_refused_is_tried_again_once_it_has_something_else(edited: tuple[World, str]) -> None:
    here, ref = edited
    relink(here, replace(link(here, ref), hold="HTTP 422", hold_digest="0" * 64))
    tell(here, goal(4), "4")
    assert link(here, ref).hold is None


def test_a_delivery_that_arrives_after_an_edit_was_told_of_takes_nothing_back(here: World) -> None:
    """A system without versions: ours was never answered, and laid itself over what they had just written."""
    here.take(LOG, *CHILD.log_records())
    ref = tell(here, goal(1)).ref or ""
    known = link(here, ref)
    ours = {**known.held.focus[ITEM], "description": {"text": "Skrevet i planen"}}
    relink(here, replace(known, candidates=(replace(known.held, focus={**known.held.focus, ITEM: ours}),)))
    tell(here, goal(2, tekst="Skrevet i loggen", evalueringsfrist="2027-01-01"))
    assert link(here, ref).candidates
    tell(here, goal(3, tekst="Skrevet i planen", evalueringsfrist="2027-01-01"), now=True)
    tell(here, goal(4, tekst="Skrevet i planen", evalueringsfrist="2027-01-01", status="naadd"))
    stood = stands(here, ref)
    assert stood["description"]["text"] == "Skrevet i loggen"
    assert stood["lifecycleStatus"] == "completed"


def test_the_same_old_record_again_changes_nothing_more(edited: tuple[World, str]) -> None:
    here, ref = edited
    for _ in range(3):
        tell(here, goal(1), "1")
    assert len(link(here, ref).candidates) == 1
    assert stands(here, ref)["description"]["text"] == "Utgave 3 av m1"


def other(here: World) -> str:
    """Another goal of the same child, of which nothing is said any more."""
    answer = tell(here, CHILD.goal("m2", 1), "1")
    return answer.ref or ""


def lane(here: World) -> tuple[str, int]:
    """How the child's lane to the log stands."""
    with here.service.store.read(TENANT) as connection:
        row = connection.execute(
            text("SELECT state, facts_cursor FROM lane WHERE recipient = :log"), {"log": LOG}
        ).one()
    return row.state, row.facts_cursor


@pytest.mark.parametrize("now", [True, False], ids=["read there", "sent to us"])
def test_a_system_seen_to_have_gone_back_is_asked_for_all_it_held_of_the_child(
    edited: tuple[World, str], *, now: bool
) -> None:
    here, _ = edited
    silent = other(here)
    tell(here, goal(1, endret=goal(4)["endret"], egneOrd="Skrevet på den gamle kopien"), "2", now=now)
    doubted = link(here, silent)
    assert doubted.candidates == (doubted.held,)
    assert lane(here) == ("waiting", -1)


def test_a_message_that_is_merely_late_brings_nothing_into_doubt(edited: tuple[World, str]) -> None:
    here, _ = edited
    silent = other(here)
    assert tell(here, goal(2), "2").late
    assert link(here, silent).candidates == ()
    assert lane(here)[1] != -1


def test_what_waited_while_its_system_was_restored_is_looked_for_there(here: World) -> None:
    """Found by the simulator (seed 120): taken in after the recheck, it was believed to be there still."""
    early = CHILD.goal("m1", 1)
    assert tell(here, early, "1").status.value == "waiting"
    with here.service.store.write(TENANT) as connection:
        assert steering.recheck_waiting(connection, TENANT, LOG) == 1
    here.take(LOG, *CHILD.log_records())
    with here.service.store.read(TENANT) as connection:
        ref = links.names(connection, TENANT, LOG, [early["id"]])[early["id"]].ref
    assert link(here, ref).candidates == (link(here, ref).held,)
    assert looked_at_again(here, ref) or lane(here)[0] == "waiting"


def test_who_wrote_is_the_system_where_the_author_was_hidden_from_it(edited: tuple[World, str]) -> None:
    """Found by the simulator (seed 75): what is masked there says nothing of who writes there now."""
    here, ref = edited
    mask = {"extension": [{"url": DATA_ABSENT, "valueCode": "masked"}]}
    with here.service.store.write(TENANT) as connection:
        known = links.load(connection, TENANT, LOG, [ref])[ref]
        known.held.focus["provenance"]["agent"][0]["who"] = mask
        links.save(connection, TENANT, [known])
    record = {k: v for k, v in goal(4).items() if k != "endretAv"}
    assert tell(here, record, "4").status.value == "stored"
    (agent,) = stands(here, f"Provenance/{ref.partition('/')[2]}-provenance")["agent"]
    assert agent["who"] == {"identifier": {"system": ENH, "value": here.system(LOG).organization}}


def test_an_echo_told_late_brings_nothing_into_doubt(
    edited: tuple[World, str],
) -> None:
    here, ref = edited
    silent = other(here)
    with here.service.store.write(TENANT) as connection:
        known = links.load(connection, TENANT, LOG, [ref])[ref]
        known.version = "9"  # our deliveries
        links.save(connection, TENANT, [known])
    tell(here, goal(3, endret=goal(5)["endret"]), "8")
    assert link(here, silent).candidates == ()


# --- consents ----------------------------------------------------------------------------------------------

GIVER = f"{CHILD.log}-mor"


def consent(number: int, **more: Any) -> dict[str, Any]:
    """An edition of the consent s1: with every number a later time."""
    return {**CHILD.consent("s1", number), **more}


def taken_back(number: int) -> dict[str, Any]:
    return consent(number, trukket={"tidspunkt": consent(number)["endret"], "av": GIVER})


def recipients(here: World, ref: str) -> frozenset[str] | None:
    """Whom the consent reaches; None where it is withdrawn."""
    found = consent_of(stands(here, ref))
    assert found is not None
    return None if found.withdrawn is not None else found.recipients


@pytest.fixture
def narrowed(here: World) -> tuple[World, str]:
    """A consent to two, then withdrawn, then given to one, with the versions 1 to 3."""
    here.take("stafettlogg", *CHILD.log_records())
    tell(here, consent(1, mottakere=["bup", "skole"]), "1")
    tell(here, taken_back(2), "2")
    answer = tell(here, consent(3, mottakere=["bup"]), "3")
    return here, answer.ref or ""


def test_a_consent_that_has_gone_back_permits_nothing_again_and_is_what_the_log_holds(
    narrowed: tuple[World, str],
) -> None:
    here, ref = narrowed
    newest = link(here, ref).changed
    answer = tell(here, consent(1, mottakere=["bup", "skole"]), "1", now=True)
    assert answer.late
    assert recipients(here, ref) == {"bup"}
    assert (link(here, ref).version, link(here, ref).changed) == ("1", newest)
    assert looked_at_again(here, ref)
    between = consent(2, mottakere=["bup", "skole", "fastlege"])
    assert tell(here, between, "2").late, "what is older than what was known stays history"
    assert recipients(here, ref) == {"bup"}


@pytest.mark.parametrize("now", [True, False], ids=["read there", "sent to us"])
def test_a_withdrawal_on_an_old_copy_counts_though_it_was_withdrawn_once_before(
    narrowed: tuple[World, str], *, now: bool
) -> None:
    here, ref = narrowed
    tell(here, {**taken_back(2), "endret": consent(5)["endret"]}, "2", now=now)
    assert recipients(here, ref) is None


def test_a_new_yes_on_an_old_copy_is_asked_about_and_permits_nothing_yet(narrowed: tuple[World, str]) -> None:
    here, ref = narrowed
    answer = tell(here, consent(5, mottakere=["bup", "skole"]), "2")
    assert (answer.status.value, recipients(here, ref)) == ("conflict", {"bup"})
    assert here.count("conflict") == 1


@pytest.mark.parametrize("version", ["4", None])
def test_a_withdrawal_counts_while_it_is_unknown_what_the_log_holds(
    narrowed: tuple[World, str], version: str | None
) -> None:
    """Found by the simulator (seed 159): it looked like what the log may have held, and was passed over."""
    here, ref = narrowed
    known = link(here, ref)
    giver = stands(here, ref)["performer"][0]["reference"]
    once = withdrawn(known.held.focus[ITEM], datetime(2026, 11, 1, tzinfo=UTC), giver)
    known.candidates = (known.held, State({**known.held.focus, ITEM: once}, known.held.rest))
    with here.service.store.write(TENANT) as connection:
        links.save(connection, TENANT, [known])
    tell(here, taken_back(5), version)
    assert recipients(here, ref) is None


def test_one_that_was_lost_and_is_given_anew_to_fewer_reaches_those_alone(here: World) -> None:
    """Found by the simulator (seed 159): put together with what stood here, it reached all of both."""
    here.take("stafettlogg", *CHILD.log_records())
    answer = tell(here, consent(1, mottakere=["bup", "skole"]), "1")
    ref = answer.ref or ""
    lost = replace(link(here, ref), native_id=None, version=None, former=consent(1)["id"], held=State({}))
    with here.service.store.write(TENANT) as connection:
        links.save(connection, TENANT, [lost])
    tell(here, consent(2, mottakere=["bup"]), "1")
    assert recipients(here, ref) == {"bup"}


def test_an_address_protected_while_it_is_unknown_what_the_log_holds_is_protected(
    here: World,
) -> None:
    """Found by the simulator (seed 1935): it looked like what the log may have held, and was passed over."""
    first, *others = CHILD.log_records()

    def log(number: int, protection: str) -> dict[str, Any]:
        changed = f"2026-11-2{number}T12:00:00+01:00"
        return {**first, "endret": changed, "barn": {**first["barn"], "adressebeskyttelse": protection}}

    (answer, *_) = here.take("stafettlogg", log(0, "strengtFortrolig"), *others)
    strict = link(here, answer.ref or "").held
    here.take("stafettlogg", log(1, "ugradert"))
    known = link(here, answer.ref or "")
    patient = f"Patient/{known.held.focus['barn']['id']}"
    wanted = strict.focus["barn"]["meta"]["security"]
    assert not all(one in stands(here, patient)["meta"]["security"] for one in wanted)
    known.candidates = (strict,)
    with here.service.store.write(TENANT) as connection:
        links.save(connection, TENANT, [known])
    here.take("stafettlogg", log(2, "strengtFortrolig"))
    assert all(one in stands(here, patient)["meta"]["security"] for one in wanted)
