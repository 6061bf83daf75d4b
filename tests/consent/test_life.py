"""A consent's life: who must sign, what is missing, who may withdraw, and when somebody is told or asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from consent import Circumstance, Consent, Facts, Kind, Settings, prepare
from consent.life import Event, Signing, moments, signing, withdraw
from tests.consent.worlds import (
    BOTH,
    LATER,
    NOW,
    NUMBERS,
    PLAN,
    WORLD,
    ask,
    child,
    facts,
    guardian,
    permit,
    reference,
    staff,
)

MOR, FAR, BARN = ((reference(name),) for name in ("mor", "far", "barn"))
DRAFT = permit("ny", "", "bup", "maal")


def signed(known: Facts, consent: Consent = DRAFT, time: datetime = NOW) -> Signing:
    return signing(consent, prepare(known), time)


@pytest.mark.parametrize(
    ("born", "must"),
    [
        (date(2017, 3, 14), {MOR, FAR}),
        (date(2011, 11, 22), {MOR, FAR}),  # fifteen tomorrow
        (date(2011, 11, 21), {MOR, FAR, BARN}),
        (date(2010, 11, 22), {MOR, FAR, BARN}),
        (date(2010, 11, 21), {BARN}),
    ],
)
def test_who_must_sign_by_age_and_responsibility(born: date, must: set[tuple[str, ...]]) -> None:
    found = signed(facts(*WORLD, child(), born=born))
    assert set(found.must) == must
    assert found.missing == found.must
    assert not found.complete


def test_partial_until_all_have_signed() -> None:
    known = facts(*WORLD)
    one = replace(DRAFT, givers=frozenset(MOR))
    assert signed(known, one).missing == (FAR,)
    assert not ask(facts(*WORLD, one)).permitted
    both = replace(DRAFT, givers=frozenset(MOR + FAR))
    assert signed(known, both).complete
    assert ask(facts(*WORLD, both)).permitted


def test_signatures_on_other_records_combine_where_they_reach_as_far() -> None:
    one = replace(DRAFT, givers=frozenset(MOR))
    assert signed(facts(*WORLD, permit("f", "far", "bup", "maal tiltak")), one).complete
    assert signed(facts(*WORLD, permit("f", "far", "bup", "tiltak")), one).missing == (FAR,)
    assert signed(facts(*WORLD, permit("f", "far", "skole", "maal")), one).missing == (FAR,)


def test_one_person_known_in_log_and_plan_signs_once() -> None:
    again = guardian("mor", id="RelatedPerson/mor-in-plan", frame=PLAN)
    found = signed(facts(*WORLD, again), replace(DRAFT, givers=frozenset({"RelatedPerson/mor-in-plan"})))
    assert found.missing == (FAR,)


def test_of_ordinary_sharing_one_of_the_guardians() -> None:
    known = facts(*WORLD, settings=Settings(ordinary=frozenset({"maal"})))
    found = signed(known)
    assert (found.must, set(found.one_of)) == ((), {MOR, FAR})
    assert not found.complete
    one = signed(known, replace(DRAFT, givers=frozenset(FAR)))
    assert (one.complete, one.signed, one.missing) == (True, (FAR,), ())


def test_nobody_can_sign_where_it_is_unknown_who_must() -> None:
    found = signed(facts(guardian("mor", "ukjent"), staff("bup")), replace(DRAFT, givers=frozenset(MOR)))
    assert (found.unknown, found.complete) == (True, False)


def test_child_welfare_signs_under_a_care_order() -> None:
    order = (Circumstance(Kind.CARE_ORDER, True),)
    known = facts(*WORLD, staff("barnevern"), circumstances=order)
    assert signed(known).must == ((NUMBERS["barnevern"],),)


@pytest.mark.parametrize(
    ("born", "hear", "weigh"),
    [
        ((2019, 11, 22), False, False),
        ((2019, 11, 21), True, False),
        ((2014, 11, 21), True, True),
        ((2010, 1, 1), False, False),
    ],
)
def test_the_child_is_heard(born: tuple[int, int, int], hear: bool, weigh: bool) -> None:
    found = signed(facts(*WORLD, child(), born=date(*born)))
    assert (found.hear, found.weigh) == (hear, weigh)


def test_any_who_must_decide_or_who_gave_it_may_withdraw() -> None:
    prepared = prepare(facts(*WORLD, child(), BOTH))
    for name in ("mor", "far", "barn"):
        gone = withdraw(BOTH, reference(name), NOW, prepared)
        assert (gone.withdrawn, gone.withdrawn_by) == (NOW, reference(name))
        assert not ask(facts(*WORLD, child(), gone)).permitted
    for name in ("bup", "ukjent"):
        with pytest.raises(ValueError, match="only those"):
            withdraw(BOTH, reference(name), NOW, prepared)
    with pytest.raises(ValueError, match="zone"):
        withdraw(BOTH, reference("mor"), NOW.replace(tzinfo=None), prepared)


def test_guardians_who_no_longer_decide_may_not_withdraw_what_the_young_person_gave() -> None:
    own = permit("b", "barn", "bup", "maal")
    prepared = prepare(facts(*WORLD, child(), own, born=date(2009, 1, 1)))
    with pytest.raises(ValueError, match="only those"):
        withdraw(own, reference("mor"), NOW, prepared)
    assert withdraw(own, reference("barn"), NOW, prepared).withdrawn == NOW


def test_what_is_withdrawn_stays_as_it_was_withdrawn() -> None:
    gone = replace(BOTH, withdrawn=LATER)
    assert withdraw(gone, reference("mor"), NOW, prepare(facts(*WORLD, gone))) is gone


def test_an_exception_outlives_the_withdrawal_of_its_record() -> None:
    kept = replace(BOTH, id="Consent/x", except_recipients=frozenset({"bup"}))
    gone = withdraw(kept, reference("mor"), NOW - timedelta(hours=1), prepare(facts(*WORLD, kept)))
    assert not ask(facts(*WORLD, BOTH, gone)).permitted


def test_the_moments_of_consents_and_birthdays() -> None:
    known = facts(*WORLD, BOTH, replace(BOTH, id="Consent/gone", withdrawn=LATER), born=date(2012, 2, 29))
    found = [(m.at.isoformat(), m.event, m.subject) for m in moments(known) if m.at > NOW]
    assert found == [
        ("2026-12-31T00:00:00+01:00", Event.NOTICE, "15"),
        ("2027-03-01T00:00:00+01:00", Event.BIRTHDAY, "15"),
        ("2027-05-20T00:00:00+02:00", Event.REMIND, "Consent/s1"),
        ("2027-06-19T00:00:00+02:00", Event.ENDS, "Consent/s1"),
        ("2027-12-31T00:00:00+01:00", Event.NOTICE, "16"),
        ("2028-02-29T00:00:00+01:00", Event.BIRTHDAY, "16"),
        ("2029-12-31T00:00:00+01:00", Event.NOTICE, "18"),
        ("2030-03-01T00:00:00+01:00", Event.BIRTHDAY, "18"),
    ]
    assert moments(known)[0].event in (Event.NOTICE, Event.STARTS)


def test_no_moment_for_refusals_errors_and_what_never_ends() -> None:
    endless = replace(BOTH, start=None, end=None)
    refused = replace(BOTH, decision="nekter")
    wrong = replace(BOTH, in_error=True)
    assert moments(facts(endless, refused, wrong, born=None)) == ()
    timed = replace(BOTH, start=datetime(2026, 12, 1, 10, tzinfo=UTC), end=None)
    assert [m.at.isoformat() for m in moments(facts(timed, born=None))] == ["2026-12-01T11:00:00+01:00"]
