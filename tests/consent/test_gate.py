"""What the gate lets through, and the form of its answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from consent import explain, prepare
from tests.consent.worlds import (
    BOTH,
    LOG,
    NOW,
    NUMBERS,
    PARENTS,
    PLAN,
    WORLD,
    ask,
    facts,
    item,
    permit,
    rules,
    staff,
)


def test_what_both_guardians_permit_goes_and_the_answer_names_the_consent() -> None:
    decision = ask(facts(*WORLD, BOTH))
    assert decision.permitted
    assert (decision.ground, decision.consents, rules(decision)) == (
        "G1",
        ("Consent/s1",),
        ["W8", "W3", "G1"],
    )


def test_one_guardian_is_not_enough_where_responsibility_is_shared() -> None:
    decision = ask(facts(*WORLD, permit("s1", "mor", "bup", "maal")))
    assert not decision.permitted
    assert rules(decision) == ["W8", "W3", "G1"]


def test_signatures_on_different_records_combine() -> None:
    known = facts(*WORLD, permit("m", "mor", "bup", "maal tiltak"), permit("f", "far", "bup", "maal"))
    assert ask(known, "maal").consents == ("Consent/f", "Consent/m")
    assert not ask(known, "tiltak").permitted


def test_one_givers_consents_add_up() -> None:
    known = facts(*WORLD, permit("a", "mor far", "bup", "maal"), permit("b", "mor far", "bup", "tiltak"))
    assert ask(known, "maal tiltak").consents == ("Consent/a", "Consent/b")


def test_an_item_of_two_categories_needs_both() -> None:
    known = facts(*WORLD, permit("a", "mor far", "bup", "moete"))
    assert ask(known, "moete").permitted
    assert not ask(known, "moete dokument").permitted


@pytest.mark.parametrize("categories", ["", "kosthold", "maal kosthold"])
def test_an_item_without_a_known_category_goes_nowhere(categories: str) -> None:
    assert rules(ask(facts(*WORLD, BOTH), categories)) == ["unknown"]


def test_everyone_in_the_audience_must_be_allowed() -> None:
    known = facts(*WORLD, BOTH)
    assert ask(known, to="bup skole").permitted
    assert not ask(known, to="bup skole ppt").permitted


def test_an_audience_of_nobody_is_unknown() -> None:
    assert rules(ask(facts(*WORLD, BOTH), to="")) == ["unknown"]


def test_the_authors_own_organization_needs_nothing() -> None:
    mine = item("notat", author_organization=NUMBERS["bup"])
    decision = ask(facts(*WORLD), mine)
    assert (decision.permitted, decision.ground) == (True, "own")
    assert not ask(facts(*WORLD), mine, to="bup ppt").permitted


@pytest.mark.parametrize("other", [NUMBERS["skole"], None])
def test_what_others_have_written_in_is_not_its_authors_own(other: str | None) -> None:
    shared = item("notat", author_organization=NUMBERS["bup"], others=frozenset({other}))
    assert not ask(facts(*WORLD), shared).permitted
    assert ask(facts(*WORLD, BOTH), replace(shared, categories=frozenset({"maal"}))).permitted


def test_two_organizations_of_which_neither_is_known_are_not_the_same_author() -> None:
    nobody = item("maal", author_organization="")
    assert rules(ask(facts(*WORLD, BOTH), nobody)) == ["unknown"]


def test_every_reason_speaks_both_written_forms_and_never_of_the_item() -> None:
    secret = item("maal", id="Goal/hemmelig")
    for known in (facts(*WORLD, BOTH), facts(*WORLD), facts(*WORLD, born=None)):
        decision = ask(known, secret)
        bokmaal, nynorsk = explain(decision), explain(decision, "nn")
        assert len(bokmaal) == len(nynorsk) == len(decision.reasons) + 1
        assert not any("hemmelig" in line or "maal" in line for line in (*bokmaal, *nynorsk))
        assert bokmaal != nynorsk


def test_prepared_facts_give_the_same_answers_at_every_time() -> None:
    known = facts(*WORLD, BOTH)
    prepared = prepare(known)
    for days in (0, 400, 0, -400, 1):
        time = NOW + timedelta(days=days)
        assert ask(prepared, time=time) == ask(known, time=time)


def test_facts_that_cannot_be_read_close_everything() -> None:
    broken = facts(*WORLD, replace(BOTH, recipients="bup"))
    assert rules(ask(broken)) == ["unknown"]
    assert rules(ask(facts(*WORLD, regimes=None))) == ["unknown"]


def test_a_participant_of_another_frame_does_not_lend_its_service() -> None:
    plan_only = permit("s", "mor far", "bup", "maal", frame=PLAN)
    assert not ask(facts(*PARENTS, staff("bup", frame=LOG), plan_only)).permitted
    assert ask(facts(*PARENTS, staff("bup", frame=LOG), staff("bup", frame=PLAN), plan_only)).permitted
