"""What one consent record is worth: when, for what, and to whom it may itself be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from consent import Item
from tests.consent.worlds import (
    BOTH,
    LATER,
    NOW,
    WORLD,
    ask,
    facts,
    guardian,
    item,
    permit,
    reference,
    refusal,
    rules,
)


@pytest.mark.parametrize(
    ("time", "goes"),
    [
        ("2026-08-31T23:59:59+02:00", False),
        ("2026-09-01T00:00:00+02:00", True),
        ("2026-08-31T22:00:00+00:00", True),
        ("2027-06-18T23:59:59+02:00", True),
        ("2027-06-19T00:00:00+02:00", False),
        ("2027-06-18T22:00:00+00:00", False),
    ],
)
def test_a_period_counts_whole_days_in_oslo(time: str, goes: bool) -> None:
    consent = replace(BOTH, recorded=None)
    assert ask(facts(*WORLD, consent), time=datetime.fromisoformat(time)).permitted is goes


def test_a_consent_counts_from_when_it_was_given() -> None:
    known = facts(*WORLD, replace(BOTH, recorded=NOW))
    assert ask(known, time=NOW).permitted
    assert not ask(known, time=NOW - timedelta(seconds=1)).permitted


def test_a_withdrawn_consent_permits_nothing_from_that_moment() -> None:
    known = facts(*WORLD, replace(BOTH, withdrawn=NOW))
    assert not ask(known, time=NOW).permitted
    assert ask(known, time=NOW - timedelta(seconds=1)).permitted


def test_only_items_written_from_the_given_day_on() -> None:
    known = facts(*WORLD, replace(BOTH, applies_from=date(2026, 10, 1)))
    assert ask(known, item(recorded=datetime(2026, 9, 30, 22, tzinfo=UTC))).permitted
    assert not ask(known, item(recorded=datetime(2026, 9, 30, 21, 59, tzinfo=UTC))).permitted
    assert not ask(known, item(recorded=None)).permitted


def test_a_time_without_a_zone_is_no_time() -> None:
    assert rules(ask(facts(*WORLD, BOTH), time=NOW.replace(tzinfo=None))) == ["unknown"]
    assert not ask(facts(*WORLD, replace(BOTH, end=datetime(2027, 1, 1)))).permitted  # noqa: DTZ001


def test_purpose_must_be_the_one_consented_to() -> None:
    assert not ask(facts(*WORLD, BOTH), purpose="behandling").permitted
    assert ask(facts(*WORLD, replace(BOTH, purpose="behandling")), purpose="behandling").permitted
    assert rules(ask(facts(*WORLD, replace(BOTH, purpose="x")), purpose="x")) == ["unknown"]


def test_a_record_made_in_error_is_no_record() -> None:
    assert not ask(facts(*WORLD, replace(BOTH, in_error=True))).permitted
    assert ask(facts(*WORLD, BOTH, refusal("n", "far", "bup", in_error=True))).permitted


def test_what_is_not_understood_permits_nothing_but_its_exceptions_stand() -> None:
    assert not ask(facts(*WORLD, replace(BOTH, understood=False))).permitted
    part = permit("x", "far", "skole", "maal", except_recipients=frozenset({"bup"}), understood=False)
    assert rules(ask(facts(*WORLD, BOTH, part))) == ["W8", "W3", "G1"]
    assert not ask(facts(*WORLD, BOTH, part)).permitted


def test_an_unknown_kind_of_decision_counts_as_a_refusal() -> None:
    assert not ask(facts(*WORLD, BOTH, refusal("n", "far", "bup", decision="avventer"))).permitted


def test_a_consent_about_another_person_says_nothing_of_the_child() -> None:
    assert not ask(facts(*WORLD, replace(BOTH, about=reference("mor")))).permitted
    assert ask(facts(*WORLD, BOTH, refusal("n", "mor", "bup", about=reference("mor")))).permitted
    assert not ask(facts(*WORLD, replace(BOTH, about="RelatedPerson/ukjent"))).permitted


def test_a_consent_by_someone_who_has_no_say_permits_nothing() -> None:
    foster = guardian("fostermor", "felles", role="fosterforelder")
    assert not ask(facts(*WORLD, foster, permit("s", "fostermor", "bup", "maal"))).permitted
    assert ask(facts(*WORLD, foster, BOTH)).permitted


def record(name: str = "s1") -> Item:
    return item("samtykke", id=f"Consent/{name}", consent_id=f"Consent/{name}")


def test_a_consent_record_goes_to_those_it_names_only() -> None:
    known = facts(*WORLD, BOTH)
    decision = ask(known, record(), to="bup skole")
    assert (decision.permitted, decision.consents) == (True, ("Consent/s1",))
    assert not ask(known, record(), to="bup ppt").permitted


def test_a_consent_record_waits_for_all_who_must_decide_and_ends_with_the_consent() -> None:
    alone = permit("s1", "mor", "bup", "maal")
    other = permit("s2", "far", "bup", "tiltak")
    assert not ask(facts(*WORLD, alone), record()).permitted
    assert ask(facts(*WORLD, alone, other), record()).permitted
    assert not ask(facts(*WORLD, replace(BOTH, withdrawn=LATER)), record()).permitted
    assert not ask(facts(*WORLD, BOTH, refusal("n", "far", "bup")), record()).permitted


def test_a_refusal_is_not_told_to_whom_it_refuses() -> None:
    known = facts(*WORLD, BOTH, refusal("n", "far", "ppt"))
    assert not ask(known, record("n"), to="ppt").permitted


def test_a_consent_record_that_cannot_be_told_apart_is_unknown() -> None:
    known = facts(*WORLD, BOTH)
    assert rules(ask(known, item("samtykke"))) == ["unknown"]
    assert rules(ask(known, item("samtykke maal", consent_id="Consent/s1"))) == ["unknown"]
