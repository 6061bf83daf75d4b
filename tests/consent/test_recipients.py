"""Whom a consent names, among organizations and single readers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from tests.consent.worlds import (
    BOTH,
    NOW,
    NUMBERS,
    PARENTS,
    PLAN,
    WORLD,
    ask,
    child,
    facts,
    guardian,
    item,
    permit,
    reference,
    rules,
    staff,
)


def test_a_service_reaches_only_who_takes_part_for_it_there_and_then() -> None:
    elsewhere = replace(staff("bup"), organization="974749815")
    known = facts(*PARENTS, staff("bup", end=date(2026, 11, 21)), BOTH)
    assert ask(known).permitted
    assert not ask(facts(*PARENTS, elsewhere, BOTH)).permitted
    assert not ask(known, time=NOW + timedelta(days=1)).permitted
    assert not ask(facts(*PARENTS, staff("bup", frame=PLAN), BOTH)).permitted
    assert not ask(facts(*PARENTS, staff("bup", service="sykehus"), BOTH)).permitted


def test_an_organization_number_reaches_that_organization_whoever_takes_part() -> None:
    assert ask(facts(*PARENTS, permit("s", "mor far", NUMBERS["bup"], "maal"))).permitted
    assert not ask(facts(*PARENTS, permit("s", "mor far", NUMBERS["ppt"], "maal"))).permitted


def test_a_participant_reaches_the_organization_it_takes_part_for() -> None:
    known = (*PARENTS, staff("bup"), permit("s", "mor far", reference("bup"), "maal"))
    assert ask(facts(*known)).permitted
    assert not ask(facts(*known, staff("skole")), to="skole").permitted
    gone = (*PARENTS, staff("bup", end=date(2026, 11, 20)), permit("s", "mor far", reference("bup"), "maal"))
    assert not ask(facts(*gone)).permitted


def test_a_consent_in_the_log_reaches_items_of_the_plan_and_of_no_frame() -> None:
    known = facts(*WORLD, BOTH)
    assert ask(known, item(frame=PLAN)).permitted
    assert ask(known, item(frame=None)).permitted


def test_a_consent_without_recipient_category_or_period_permits_nothing() -> None:
    assert not ask(facts(*WORLD, permit("s", "mor far", "", "maal"))).permitted
    assert not ask(facts(*WORLD, permit("s", "mor far", "bup", ""))).permitted
    assert not ask(facts(*WORLD, replace(BOTH, start=None, end=None))).permitted
    assert ask(facts(*WORLD, replace(BOTH, end=None))).permitted


def test_child_and_guardians_may_read_without_a_consent_that_names_them() -> None:
    decision = ask(facts(*WORLD, child()), "notat", to="mor far barn")
    assert (decision.permitted, decision.ground) == (True, "access")
    assert not ask(facts(*WORLD, child()), "notat", to="mor far barn bup").permitted
    assert ask(facts(*WORLD, child(), BOTH), "maal", to="mor far barn bup").ground == "G1"


def test_guardians_who_no_longer_decide_read_what_the_young_person_permits() -> None:
    known = (*WORLD, child())
    adult = {"born": date(2010, 1, 1)}
    assert not ask(facts(*known, **adult), to="mor").permitted
    assert ask(facts(*known, permit("b", "barn", reference("mor"), "maal"), **adult), to="mor").permitted
    assert ask(facts(*known, **adult), to="barn").permitted


def test_other_readers_need_a_consent_that_reaches_them() -> None:
    foster = guardian("fostermor", None, role="fosterforelder")
    assert not ask(facts(*WORLD, foster), to="fostermor").permitted
    named = permit("s", "mor far", reference("fostermor"), "maal")
    assert ask(facts(*WORLD, foster, named), to="fostermor").permitted
    assert rules(ask(facts(*WORLD, named), to="fremmed")) == ["unknown"]


def test_guardians_read_nothing_while_responsibility_is_unknown() -> None:
    assert not ask(facts(guardian("mor", "ukjent"), child()), to="mor").permitted
    assert ask(facts(guardian("mor", "ukjent"), child()), to="barn").permitted


def test_a_single_reader_is_reached_through_the_organization_only_while_taking_part() -> None:
    named = permit("s", "mor far", NUMBERS["bup"], "maal")
    reader = replace(staff("bup"), id=reference("psykolog"))
    assert ask(facts(*PARENTS, reader, named), to="psykolog").permitted
    left = replace(reader, end=date(2026, 11, 20))
    assert not ask(facts(*PARENTS, left, named), to="psykolog").permitted
