"""From the answers for all who would read to the one decision: its ground, reasons, duties and what it
crosses.

Decides nothing anew. What rests on the same answers is the same decision, made once.
"""

from __future__ import annotations

from typing import Final

from consent.blocks import Marks
from consent.decision import Answer, Decision, Outcome
from consent.model import Item
from consent.standing import Standing

Crossings = tuple[tuple[str, str], ...]
GROUNDS: Final = ("G4", "G1", "G3", "G2", "access", "own")  # the weightiest first


def denied(answer: Answer, standing: Standing) -> Decision:
    """answer: of the first who may not have it."""
    found = standing.verdicts.get(answer)
    return found or standing.verdicts.keep(answer, _denied(answer, standing))


def permitted(
    answers: dict[str, Answer], item: Item, standing: Standing, marked: Marks, *, filtered: bool
) -> Decision:
    """answers: of all who may have it. filtered: the recipient must keep others away."""
    crossings = _crossings(item.author_organization, answers, standing)
    readers = tuple(answers) if filtered else ()
    place = (tuple(answers.values()), crossings, readers, marked.withheld)
    found = standing.verdicts.get(place)
    return found or standing.verdicts.keep(place, _permitted(*place, standing))


def _denied(answer: Answer, standing: Standing) -> Decision:
    return Decision(
        Outcome.DENY,
        None,
        standing.reasons_of(answer.rules),
        missing=tuple(sorted(map(standing.named, answer.missing))),
        against=tuple(sorted(map(standing.named, answer.against))),
        rule_set=standing.rule_set,
    )


def _permitted(
    answers: tuple[Answer, ...],
    crossings: Crossings,
    readers: tuple[str, ...],
    withheld: bool,
    standing: Standing,
) -> Decision:
    """The weightiest ground is the one recorded."""
    grounds = {answer.ground for answer in answers}
    ground = next(g for g in GROUNDS if g in grounds)
    plan = standing.world.plan
    rules = [rule for answer in answers for rule in answer.rules]
    return Decision(
        Outcome.PERMIT if plan is None else Outcome.REDACT,
        ground,
        standing.reasons_of(rules if plan is None else [*rules, "B1"]),
        consents=tuple(sorted({consent for answer in answers for consent in answer.consents})),
        plan=plan,
        readers=readers,
        crossings=crossings,
        remarks=standing.reasons_of(_remarks(ground, standing, withheld=withheld)),
        rule_set=standing.rule_set,
    )


def _crossings(author: str | None, readers: dict[str, Answer], standing: Standing) -> Crossings:
    """From the author's secrecy regime into others, where both are known."""
    giver = standing.regime(author)
    if giver is None:
        return ()
    takers = set(map(standing.regime, readers)) - {None, giver}
    return tuple([(giver, taker) for taker in sorted(t for t in takers if t is not None)])


def _remarks(ground: str, standing: Standing, *, withheld: bool) -> list[str]:
    """Keys of the duties that go with it."""
    keys = ["G4-tell"] if ground == "G4" else []
    keys += ["B3"] if withheld else []
    return [*keys, "W6"] if ground == "G1" and standing.unheard else keys
