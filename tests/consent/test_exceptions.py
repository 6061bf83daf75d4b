"""Exceptions and refusals, and what lifts them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.consent.worlds import (
    BOTH,
    LATER,
    LATEST,
    NUMBERS,
    PARENTS,
    PLAN,
    WORLD,
    ask,
    facts,
    item,
    permit,
    reference,
    refusal,
    staff,
)


def test_an_exception_stands_though_the_same_giver_permits_elsewhere() -> None:
    kept = permit("x", "far", "skole", "maal", except_recipients=frozenset({"bup"}))
    decision = ask(facts(*WORLD, BOTH, kept))
    assert not decision.permitted
    assert "unntak" in decision.reasons[-1].nb


def test_an_item_kept_back_goes_nowhere_while_others_do() -> None:
    known = facts(*WORLD, replace(BOTH, except_items=frozenset({"Goal/1"})))
    assert not ask(known, item(id="Goal/1")).permitted
    assert ask(known, item(id="Goal/2")).permitted


def test_a_refusal_of_a_category_keeps_that_category_back() -> None:
    known = facts(*WORLD, BOTH, refusal("n", "far", "bup", "tiltak"))
    assert ask(known, "maal").permitted
    assert not ask(known, "tiltak").permitted
    assert ask(known, "tiltak", to="skole").permitted


def test_a_refusal_without_recipient_or_category_is_towards_all() -> None:
    known = facts(*WORLD, BOTH, refusal("n", "far", ""))
    assert not ask(known, "maal", to="bup").permitted
    assert not ask(known, "plan", to="skole").permitted


def test_only_a_later_act_that_names_the_same_recipient_lifts_an_exception() -> None:
    no = refusal("n", "far", "bup", recorded=LATER)
    again = permit("a", "far", "bup", "maal", recorded=LATEST)
    other = permit("o", "far", "skole", "maal", recorded=LATEST)
    assert not ask(facts(*WORLD, BOTH, no, other)).permitted
    assert ask(facts(*WORLD, BOTH, no, again)).permitted
    assert not ask(facts(*WORLD, BOTH, no, replace(again, recorded=LATER))).permitted
    assert not ask(facts(*WORLD, BOTH, no, replace(again, recorded=None))).permitted
    assert not ask(facts(*WORLD, BOTH, no, replace(again, givers=frozenset({reference("mor")})))).permitted


def test_a_lifting_act_lifts_no_further_than_it_reaches() -> None:
    no = refusal("n", "far", "bup", recorded=LATER)
    again = permit("a", "far", "bup", "maal", recorded=LATEST)
    assert not ask(facts(*WORLD, BOTH, no, again), "tiltak").permitted
    assert not ask(facts(*WORLD, BOTH, no, replace(again, withdrawn=LATEST))).permitted
    assert not ask(facts(*WORLD, BOTH, no, replace(again, applies_from=LATEST))).permitted


def test_naming_the_organization_lifts_what_was_said_of_the_service_not_the_other_way() -> None:
    service = refusal("n", "far", "bup", recorded=LATER)
    number = refusal("n", "far", NUMBERS["bup"], recorded=LATER)
    by_service = permit("a", "far", "bup", "maal", recorded=LATEST)
    by_number = permit("a", "far", NUMBERS["bup"], "maal", recorded=LATEST)
    assert ask(facts(*WORLD, BOTH, service, by_number)).permitted
    assert not ask(facts(*WORLD, BOTH, number, by_service)).permitted
    assert ask(facts(*WORLD, BOTH, number, by_number)).permitted


def test_neither_expiry_nor_withdrawal_of_its_record_lifts_an_exception() -> None:
    kept = permit("x", "far", "skole", "maal", except_recipients=frozenset({"bup"}))
    assert not ask(facts(*WORLD, BOTH, replace(kept, end=date(2026, 9, 2)))).permitted
    assert not ask(facts(*WORLD, BOTH, replace(kept, withdrawn=LATER))).permitted


def test_a_refusal_taken_back_falls_for_the_giver_who_took_it_back() -> None:
    no = refusal("n", "mor far", "bup", withdrawn=LATER)
    assert not ask(facts(*WORLD, BOTH, no)).permitted
    assert not ask(facts(*WORLD, BOTH, replace(no, withdrawn_by=reference("far")))).permitted
    alone = refusal("n", "far", "bup", withdrawn=LATER, withdrawn_by=reference("far"))
    assert ask(facts(*WORLD, BOTH, alone)).permitted
    assert not ask(facts(*WORLD, BOTH, replace(alone, withdrawn=None))).permitted
    assert not ask(facts(*WORLD, BOTH, replace(alone, withdrawn_by=reference("mor")))).permitted


def test_an_exception_holds_wherever_the_organization_has_taken_part_with_that_service() -> None:
    no = refusal("n", "far", "ppt")
    once = staff("bup", id="PractitionerRole/x", frame=PLAN, service="ppt", end=date(2026, 2, 1))
    assert ask(facts(*WORLD, BOTH, no)).permitted
    assert not ask(facts(*WORLD, once, BOTH, no)).permitted


def test_an_exception_for_a_service_holds_for_an_organization_of_unknown_service() -> None:
    direct = permit("s", "mor far", NUMBERS["bup"], "maal", except_recipients=frozenset({"ppt"}))
    assert not ask(facts(*PARENTS, direct)).permitted
    assert ask(facts(*PARENTS, staff("bup"), direct)).permitted


def test_an_exception_by_a_giver_nobody_knows_stands_for_everyone() -> None:
    assert not ask(facts(*WORLD, BOTH, refusal("n", "ukjent", "bup"))).permitted
    assert not ask(facts(*WORLD, BOTH, refusal("n", "", "bup"))).permitted


def test_taking_back_a_consent_takes_back_no_exception_in_it() -> None:
    kept = permit("x", "far", "skole", "maal", except_recipients=frozenset({"bup"}))
    gone = replace(kept, withdrawn=LATER, withdrawn_by=reference("far"))
    assert not ask(facts(*WORLD, BOTH, gone)).permitted


def test_a_refusal_about_somebody_nobody_knows_stands() -> None:
    no = refusal("n", "far", "bup", about="RelatedPerson/ukjent")
    assert not ask(facts(*WORLD, BOTH, no)).permitted


def test_an_exception_for_one_participant_is_lifted_by_naming_that_participant() -> None:
    no = refusal("n", "far", reference("bup"), recorded=LATER)
    for name, lifts in ((reference("bup"), True), (NUMBERS["bup"], False), ("bup", False)):
        again = permit("a", "far", name, "maal", recorded=LATEST)
        assert ask(facts(*WORLD, BOTH, no, again)).permitted is lifts
