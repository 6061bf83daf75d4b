"""Who must decide, by age and parental responsibility."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from consent import Settings
from tests.consent.worlds import (
    BOTH,
    NUMBERS,
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


@pytest.mark.parametrize(
    ("codes", "signed", "goes"),
    [
        ({"mor": "mor"}, "mor", True),
        ({"mor": "medmor"}, "mor", True),
        ({"mor": "mor", "far": "ukjent"}, "mor far", False),
        ({"mor": "mor", "far": None}, "mor far", False),
        ({"mor": "mor", "far": "far"}, "mor far", False),
        ({"mor": "mor", "far": "felles"}, "mor far", False),
        ({"mor": "felles"}, "mor", False),
        ({"mor": "andre"}, "mor", False),
        ({"mor": "felles", "far": "felles", "medmor": "felles"}, "mor far", False),
        ({"mor": "felles", "far": "felles", "medmor": "felles"}, "mor far medmor", True),
        ({}, "mor", False),
    ],
)
def test_responsibility_must_be_known_and_free_of_contradiction(
    codes: dict[str, str | None], signed: str, goes: bool
) -> None:
    people = (guardian(name, code) for name, code in codes.items())
    assert ask(facts(*people, staff("bup"), permit("s", signed, "bup", "maal"))).permitted is goes


def test_an_appointed_guardian_decides_where_others_have_responsibility() -> None:
    appointed = guardian("verge", "andre", role="verge")
    assert ask(facts(appointed, staff("bup"), permit("s", "verge", "bup", "maal"))).permitted


def test_shared_responsibility_outlasts_the_participation_and_sole_does_not() -> None:
    left = guardian("far", "felles", end=date(2026, 5, 1))
    sole = permit("s", "mor", "bup", "maal")
    assert not ask(facts(guardian("mor"), left, staff("bup"), sole)).permitted
    assert ask(facts(guardian("mor"), left, staff("bup"), BOTH)).permitted
    assert ask(facts(guardian("mor", "mor"), left, staff("bup"), sole)).permitted


def test_a_guardian_known_in_log_and_plan_is_one_person() -> None:
    again = guardian("mor", id="RelatedPerson/mor-in-plan", frame=PLAN)
    assert ask(facts(*WORLD, again, BOTH)).permitted
    assert not ask(facts(*WORLD, replace(again, person=None), BOTH)).permitted
    signed = replace(BOTH, givers=frozenset({"RelatedPerson/mor-in-plan", reference("far")}))
    assert ask(facts(*WORLD, again, signed)).permitted


def test_somebody_of_unknown_role_who_acts_for_nobody_may_be_a_guardian() -> None:
    assert not ask(facts(*WORLD, BOTH, guardian("hvem", None, role=""))).permitted
    assert ask(facts(*WORLD, BOTH, staff("fastlege", role=""))).permitted


def test_two_children_in_one_log_contradict_each_other() -> None:
    other = child(id="Patient/2", person="annen")
    assert rules(ask(facts(*WORLD, child(), other, BOTH))) == ["W9"]
    assert rules(ask(facts(*WORLD, child(), replace(other, frame=PLAN), BOTH))) == ["W9"]
    known = child(id="Patient/2", frame=PLAN, person=None)
    assert ask(facts(*WORLD, child(), known, BOTH)).permitted


TEEN = {"born": date(2011, 6, 2)}  # 15 on the day of the question


def test_at_fifteen_the_young_person_and_the_guardians_decide() -> None:
    young = permit("b", "barn", "bup", "maal tiltak")
    assert ask(facts(*WORLD, child(), BOTH, young, **TEEN), "tiltak").permitted
    assert not ask(facts(*WORLD, child(), BOTH, **TEEN)).permitted
    assert not ask(facts(*WORLD, child(), young, **TEEN)).permitted
    assert not ask(facts(*WORLD, BOTH, young, **TEEN)).permitted  # nobody is known to be the child


def test_from_sixteen_the_young_person_alone() -> None:
    young = permit("b", "barn", "bup", "maal")
    known = {"born": date(2010, 11, 21)}
    assert rules(ask(facts(*WORLD, child(), young, **known))) == ["W8", "W1", "G1"]
    assert ask(facts(child(), staff("bup"), young, **known)).permitted
    assert not ask(facts(*WORLD, child(), BOTH, **known)).permitted
    assert not ask(facts(*WORLD, child(), young, born=date(2010, 11, 22))).permitted


def test_where_fifteen_suffices_health_care_still_asks_the_guardians() -> None:
    young = permit("b", "barn", "bup skole ppt", "maal")
    known = facts(*WORLD, child(), young, settings=Settings(consent_age=15), **TEEN)
    assert ask(known, to="skole").permitted
    assert not ask(known, to="bup").permitted
    assert not ask(known, item(author_organization=NUMBERS["bup"]), to="skole").permitted
    assert not ask(replace(known, regimes={}), to="skole").permitted  # it may be health care


def test_the_day_changes_in_oslo() -> None:
    young = permit("b", "barn", "bup", "maal")
    known = facts(*WORLD, child(), young, born=date(2010, 11, 22))
    assert not ask(known, time=datetime(2026, 11, 21, 22, 59, 59, tzinfo=UTC)).permitted
    assert ask(known, time=datetime(2026, 11, 21, 23, tzinfo=UTC)).permitted
