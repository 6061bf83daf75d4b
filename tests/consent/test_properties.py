"""What holds in every world: permits need grounds, yes never takes away, no never gives, junk never opens."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from consent import Consent, Decision, Facts, Item, Participant, Recipient, Request, decide, prepare
from tests.consent.random_worlds import QUESTIONS, consents, good_permits, permits, worlds

MANY = settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def decisions(known: Facts) -> list[Decision]:
    """Of every question."""
    prepared = prepare(known)
    return [decide(q, prepared) for q in QUESTIONS]


def no_more(before: Facts, after: Facts) -> bool:
    """Whether `after` permits nothing that `before` does not."""
    pairs = zip(decisions(before), decisions(after), strict=True)
    return all(a.permitted <= b.permitted for b, a in pairs)


@MANY
@given(worlds())
def test_no_permit_without_a_ground_and_no_ground_without_a_permit(known: Facts) -> None:
    for decision in decisions(known):
        assert decision.permitted is (decision.ground in {"G1", "own", "access"})
        assert decision.reasons
        assert bool(decision.consents) is (decision.ground == "G1")


@MANY
@given(worlds())
def test_a_permit_by_consent_rests_on_records_that_permit_this_at_this_time(known: Facts) -> None:
    for request, decision in zip(QUESTIONS, decisions(known), strict=True):
        for name in decision.consents:
            assert any(
                c.decision == "samtykker"
                and c.understood
                and not c.in_error
                and (c.withdrawn is None or c.withdrawn > request.time)
                and c.purpose == request.purpose
                and (request.item.consent_id == name or c.categories & request.item.categories)
                for c in known.consents
                if c.id == name
            )


@MANY
@given(worlds(), permits | good_permits)
def test_a_further_permission_never_permits_less(known: Facts, more: Consent) -> None:
    assert no_more(replace(known, consents=(*known.consents, more)), known)


@MANY
@given(worlds(), consents)
def test_a_further_exception_never_permits_more(known: Facts, more: Consent) -> None:
    refusing = replace(more, decision="nekter")
    assert no_more(known, replace(known, consents=(*known.consents, refusing)))


@MANY
@given(worlds(), st.sampled_from(("except_recipients", "except_items")), consents, st.data())
def test_an_exception_written_into_a_record_never_permits_more(
    known: Facts, name: str, more: Consent, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(known.consents) - 1))
    old = known.consents[place]
    new = replace(old, **{name: getattr(old, name) | getattr(more, name)})
    narrower = (*known.consents[:place], new, *known.consents[place + 1 :])
    assert no_more(known, replace(known, consents=narrower))


@MANY
@given(worlds(), st.data())
def test_a_permission_withdrawn_never_permits_more(known: Facts, data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from([c for c in known.consents if c.decision == "samtykker"]))
    left = tuple(replace(c, withdrawn=QUESTIONS[0].time) if c is gone else c for c in known.consents)
    assert no_more(known, replace(known, consents=left))


@MANY
@given(worlds(), st.randoms())
def test_the_order_of_the_facts_says_nothing(known: Facts, dice: random.Random) -> None:
    people, records = list(known.participants), list(known.consents)
    dice.shuffle(people)
    dice.shuffle(records)
    assert decisions(known) == decisions(replace(known, participants=tuple(people), consents=tuple(records)))


@MANY
@given(worlds())
def test_more_readers_never_permit_more(known: Facts) -> None:
    prepared = prepare(known)
    for request in QUESTIONS:
        for other in QUESTIONS[::50]:
            audience = Recipient(
                "both",
                request.recipient.organizations | other.recipient.organizations,
                request.recipient.participants | other.recipient.participants,
            )
            together = decide(replace(request, recipient=audience), prepared)
            assert together.permitted <= decide(request, prepared).permitted


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.binary(max_size=3)
    | st.dates()
    | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
PARTS = [Item, Recipient, Request, Facts, Participant, Consent]
# Fields of which a value of another type could open something, were types not looked at.
GUARDED = {
    Item: {"categories", "labels", "sensitivity", "third_persons", "outside", "by_health_personnel"},
    Recipient: {"organizations", "participants", "honours", "filters"},
    Request: {"item", "recipient", "channel", "time", "purpose", "redacts"},
    Facts: {"born", "address_protection", "participants", "consents", "settings", "patient", "places"},
    Participant: {"id", "frame", "role", "responsibility", "start", "end"},
    Consent: {
        "givers",
        "recipients",
        "categories",
        "except_recipients",
        "except_items",
        "understood",
        "items",
    },
}


def spoiled(value: Any, name: str, waste: Any) -> Any:
    """The same value with one field of any type at all."""
    copy = replace(value)
    object.__setattr__(copy, name, waste)
    return copy


@settings(MANY, max_examples=300)
@given(worlds(), st.sampled_from(QUESTIONS), junk, st.data())
def test_junk_anywhere_never_raises_and_never_opens(
    known: Facts, request: Request, waste: Any, data: st.DataObject
) -> None:
    part = data.draw(st.sampled_from(PARTS))
    name = data.draw(st.sampled_from([f.name for f in fields(part)]))
    if part is Item:
        request = replace(request, item=spoiled(request.item, name, waste))
    elif part is Recipient:
        request = replace(request, recipient=spoiled(request.recipient, name, waste))
    elif part is Request:
        request = spoiled(request, name, waste)
    elif part is Facts:
        known = spoiled(known, name, waste)
    else:
        row = "participants" if part is Participant else "consents"
        values = list(getattr(known, row))
        assume(values)
        values[0] = spoiled(values[0], name, waste)
        known = replace(known, **{row: tuple(values)})
    after = decide(request, known)
    mistyped = isinstance(waste, bytes | int | list | dict) and waste not in ([], {}, b"", True)
    if mistyped and name in GUARDED[part]:
        assert not after.permitted, (part, name, waste)


@pytest.mark.parametrize("request_", [None, 3, "maal", object()])
@pytest.mark.parametrize("known", [None, 3, object()])
def test_anything_at_all_is_answered_with_a_deny(request_: Any, known: Any) -> None:
    assert not decide(request_, known).permitted


def test_the_worlds_are_worth_trying() -> None:
    """The properties above say little about worlds where the answer is always the same."""
    seen: Counter[str] = Counter()

    @settings(MANY, max_examples=100, database=None, derandomize=True)
    @given(worlds())
    def look(known: Facts) -> None:
        for decision in decisions(known):
            seen[decision.ground or decision.reasons[-1].nb] += 1

    look()
    assert seen["G1"] / seen.total() > 0.02, seen
    assert len(seen) > 8, seen
