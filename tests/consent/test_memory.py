"""What a prepared person remembers: bounded, and never the answer of one moment, recipient or item for
another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import Item, Prepared, Request, decide, prepare
from consent.days import OSLO
from consent.memory import FULL, Memory
from tests.consent.many_worlds import Dice, asked, world
from tests.consent.worlds import BOTH, NOW, WORLD, ask, facts, item, permit, question, staff


def memories(prepared: Prepared, time: datetime) -> Iterator[Memory[object, object]]:
    """All that is kept for a moment."""
    return (kept for kept in vars(prepared.at(time)).values() if isinstance(kept, Memory))


def test_it_forgets_everything_when_it_is_full() -> None:
    memory: Memory[int, str] = Memory()
    assert [memory.keep(n, str(n)) for n in range(FULL + 1)] == [str(n) for n in range(FULL + 1)]
    assert memory == {FULL: str(FULL)}


def test_more_questions_than_it_holds_are_answered_as_each_alone() -> None:
    known = facts(*WORLD, BOTH, permit("late", "mor far", "ppt", "maal", applies_from=date(2026, 10, 1)))
    prepared = prepare(known)
    questions = [question(what, to) for what in _items() for to in ("bup", "ppt")]
    questions += [question("maal", str(number)) for number in range(900_000_000, 900_000_000 + 2 * FULL)]
    Random(1).shuffle(questions)
    assert len({decide(q, prepared) for q in questions}) > 2
    assert [decide(q, prepared) for q in questions] == [decide(q, known) for q in questions]
    sizes = [len(kept) for kept in memories(prepared, NOW)]
    assert len(sizes) > 5
    assert max(sizes) <= FULL
    assert len(questions) > 4 * FULL


def _items() -> list[Item]:
    """By authors nobody knows, so that none shares its place with another."""
    return [
        item(
            ("maal", "tiltak", "notat")[n % 3],
            author_organization=str(910_000_000 + n),
            recorded=datetime(2026, 9, 30, tzinfo=UTC) + timedelta(hours=n % 48),
        )
        for n in range(FULL + 10)
    ]


def test_items_alike_share_one_decision() -> None:
    prepared = prepare(facts(*WORLD, BOTH))
    first = ask(prepared, item("maal", id="Goal/1"))
    assert ask(prepared, item("maal", id="Goal/2")) is first
    assert ask(prepared, item("tiltak", id="Goal/2")) is first  # rests on the same
    assert ask(prepared, item("notat", id="Goal/2")) != first


def test_the_hour_the_clocks_go_back_is_two() -> None:
    """The same wall clock twice: equal as Python compares them, and not the same moment."""
    again = datetime(2026, 10, 25, 2, 30, tzinfo=OSLO, fold=1)
    before = again.replace(fold=0)
    known = facts(*WORLD, replace(BOTH, end=datetime(2026, 10, 25, 1, tzinfo=UTC)))
    prepared = prepare(known)
    assert before == again
    for _ in range(2):
        assert ask(prepared, time=before).permitted
        assert not ask(prepared, time=again).permitted


def test_one_moment_told_in_two_zones_is_remembered_as_one() -> None:
    prepared = prepare(facts(*WORLD, BOTH))
    assert prepared.at(NOW.astimezone(UTC)) is prepared.at(NOW.astimezone(OSLO))
    assert prepared.at(NOW) is not prepared.at(NOW + timedelta(microseconds=1))


def test_an_item_that_a_consent_reaches_by_its_date_keeps_its_own_answer() -> None:
    whole = (*WORLD, permit("s", "mor far", "bup", "maal", applies_from=date(2026, 10, 1)))
    first = datetime(2026, 9, 30, 22, tzinfo=UTC)
    prepared = prepare(facts(*whole))
    for _ in range(2):
        assert ask(prepared, item(recorded=first)).permitted
        assert not ask(prepared, item(recorded=first - timedelta(microseconds=1))).permitted
        assert not ask(prepared, item(recorded=None)).permitted


def test_givers_who_said_the_same_are_told_apart_where_they_did_not() -> None:
    both, his = permit("s", "mor far", "bup", "maal"), permit("f", "far", "bup", "tiltak")
    known = prepare(facts(*WORLD, both, his))
    assert ask(known, "maal").permitted
    assert ask(known, "tiltak").missing == ("RelatedPerson/mor",)
    assert ask(prepare(facts(*WORLD, staff("ppt"), both)), to="ppt").missing == (
        "RelatedPerson/far",
        "RelatedPerson/mor",
    )


@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**63))
def test_questions_that_differ_in_one_thing_are_answered_as_each_alone(seed: int) -> None:
    dice = Dice(seed)
    known = world(dice)
    one = _of_a_consent(dice, asked(dice)) if dice.random() < 0.1 else asked(dice)
    questions = [one, *_neighbours(one, asked(dice)), one, *_neighbours(one, asked(dice))]
    prepared = prepare(known)
    assert [decide(q, prepared) for q in questions] == [decide(q, known) for q in questions]


def _neighbours(one: Request, other: Request) -> Iterator[Request]:
    """The question with each single part as it is in another."""
    for name in (
        "id",
        "categories",
        "labels",
        "sensitivity",
        "third_persons",
        "author_organization",
        "others",
    ):
        yield replace(one, item=replace(one.item, **{name: getattr(other.item, name)}))
    yield replace(one, item=replace(one.item, recorded=other.item.recorded))
    yield replace(one, item=replace(one.item, by_health_personnel=not one.item.by_health_personnel))
    yield replace(one, item=replace(one.item, outside=not one.item.outside))
    yield replace(one, item=replace(one.item, consent_id="Consent/1"))
    for name in ("organizations", "participants", "honours"):
        yield replace(one, recipient=replace(one.recipient, **{name: getattr(other.recipient, name)}))
    yield replace(one, recipient=replace(one.recipient, filters=True))
    yield replace(one, recipient=replace(one.recipient, system="another"))
    for name in ("basis", "emergency", "time"):
        yield replace(one, **{name: getattr(other, name)})
    yield replace(one, redacts=not one.redacts)
    yield replace(one, purpose="behandling")
    yield replace(one, channel="fax")


def _of_a_consent(dice: Dice, one: Request) -> Request:
    record = replace(
        one.item, categories=frozenset({"samtykke"}), consent_id=dice.choice(("Consent/0", None))
    )
    return replace(one, item=record)
