"""What holds in thousands of random worlds: yes never takes away, no never gives, a block wins, order says
nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent import Consent, Decision, Facts, Outcome, Prepared, Request, decide, prepare
from consent.blocks import SENSITIVE
from tests.consent.many_worlds import Dice, asked, exception, objection, permit, world

WORLDS, QUESTIONS = 2_000, 15
GROUNDS = {"G1", "G2", "G3", "G4", "access", "own"}
SEEDS = st.integers(0, 2**63)
seen: Counter[str] = Counter()


def rank(decision: Decision) -> bool:
    """Whether anything at all may go."""
    return decision.outcome is not Outcome.DENY


def answers(known: Facts | Prepared, questions: list[Request]) -> list[Decision]:
    """The decision on each question."""
    prepared = known if isinstance(known, Prepared) else prepare(known)
    made = [decide(question, prepared) for question in questions]
    seen["decisions"] += len(made)
    return made


def variants(dice: Dice, known: Facts) -> Iterator[tuple[str, Facts]]:
    """Each change that can only go one way: "more" may permit more and never less, "less" the other way
    round."""
    yield "more", replace(known, consents=(*known.consents, permit(dice, 20)))
    plain = [c for c in known.consents if not (c.except_recipients or c.except_items or c.withdrawn)]
    yes = [c for c in plain if c.decision == "samtykker"]
    gone = dice.choice(yes)
    yield "less", replace(known, consents=tuple(c for c in known.consents if c is not gone))
    taken = replace(gone, withdrawn=dice.moment())
    yield "less", replace(known, consents=tuple(taken if c is gone else c for c in known.consents))
    yield "less", replace(known, consents=(*known.consents, exception_of(dice)))
    yield "less", replace(known, objections=(*known.objections, objection(dice)))
    people, records = list(known.participants), list(known.consents)
    dice.shuffle(people)
    dice.shuffle(records)
    yield "same", replace(known, participants=tuple(people), consents=tuple(records))


def exception_of(dice: Dice) -> Consent:
    """A record that permits nothing itself, so that only its no counts."""
    return replace(exception(dice, 21), understood=False)


def blocked(request: Request) -> Iterator[Request]:
    """The same question with something in the way that nothing here lifts."""
    item, recipient = request.item, request.recipient
    yield replace(request, item=replace(item, labels=item.labels | {"NYTT"}))
    yield replace(
        request,
        item=replace(item, labels=item.labels | {"NORS"}),
        recipient=replace(recipient, honours=frozenset()),
    )
    yield replace(request, item=replace(item, sensitivity=item.sensitivity | {"NYTT"}))
    yield replace(request, channel="faks")


def check_the_form(request: Request, decision: Decision) -> None:
    """No permit without a ground, no ground without a permit; what is recorded fits the outcome."""
    assert (decision.ground in GROUNDS) is rank(decision)
    assert decision.reasons
    assert decision.rule_set or not rank(decision)
    assert (decision.plan is not None) is (decision.outcome is Outcome.REDACT)
    assert decision.outcome is not Outcome.REDACT or request.redacts
    assert bool(decision.consents) is (decision.ground == "G1")
    assert decision.permitted is (decision.outcome is Outcome.PERMIT)
    seen[decision.ground or decision.reasons[-1].rule] += 1


def test_what_holds_in_every_world() -> None:
    @settings(max_examples=WORLDS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(SEEDS)
    def every_world(seed: int) -> None:
        check_the_world(seed)

    seen.clear()
    every_world()
    assert seen["decisions"] >= 200_000, seen
    assert GROUNDS | {"B1", "B2", "B4", "B5", "B6", "W9"} <= set(seen), seen  # worth trying: all are met


def check_the_world(seed: int) -> None:
    """One world, its questions, and all that is changed in it."""
    dice = Dice(seed)
    known = world(dice)
    questions = sorted((asked(dice) for _ in range(QUESTIONS)), key=lambda q: q.time)
    before = answers(known, questions)
    for request, decision in zip(questions, before, strict=True):
        check_the_form(request, decision)
        if known.address_protection in ("fortrolig", "strengtFortrolig"):
            assert decision.outcome is not Outcome.PERMIT
    for direction, changed in variants(dice, known):
        after = answers(changed, questions)
        for question, old, new in zip(questions, before, after, strict=True):
            assert direction != "more" or rank(old) <= rank(new), question
            assert direction != "less" or rank(new) <= rank(old), question
            assert direction != "same" or old == new, question


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_a_block_always_wins(seed: int) -> None:
    dice = Dice(seed)
    prepared = prepare(world(dice))
    for request in (asked(dice) for _ in range(8)):
        assert not any(rank(one) for one in answers(prepared, list(blocked(request))))
        known = request.item.sensitivity
        if known and not request.emergency:
            ordinary = decide(request, prepared)
            assert ordinary.ground not in ("G2", "G3")
        assert known <= SENSITIVE


@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_what_is_remembered_answers_as_if_asked_alone(seed: int) -> None:
    """Items that differ in nothing that counts share an answer: each must be the one it gets by itself."""
    dice = Dice(seed)
    known = world(dice)
    questions = [asked(dice) for _ in range(6)]
    for number in ("343231946", "381909379", "362819482", "900000000"):
        one = questions[0]
        questions.append(replace(one, item=replace(one.item, author_organization=number)))
    questions += [
        replace(q, item=replace(q.item, id=name)) for q in questions[:3] for name in ("Goal/1", "Goal/2")
    ]
    shared = [replace(q, time=questions[0].time) for q in questions]
    assert answers(known, shared) == [decide(q, known) for q in shared]
