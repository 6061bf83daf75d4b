"""What a child's other services do not get of what one reader sees, and why: each item decided by the same
judge as a delivery, for a service that takes part. Tells reasons in the words of the rules; changes
nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from consent import active
from consent.model import Decision, Recipient
from gateway.exchange.facts import FAMILY
from gateway.exchange.judge import Judge, View
from gateway.web.consents_shown import Teller
from gateway.web.insight import Insight
from gateway.web.standing import CHILD

SYSTEM: Final = "~outlook"
MOST: Final = 100  # items that are named of one recipient


@dataclass(frozen=True, slots=True)
class Kept:
    """One item that a recipient does not get, or not whole. left_out: the categories; () for all of it."""

    title: str
    left_out: list[str]
    reasons: tuple[str, ...]


def recipients(insight: Insight, told: Teller) -> dict[str, str]:
    """The other organizations that take part now, by number, in words."""
    here = insight.here
    found = {
        one.organization: one.service
        for one in here.facts.facts.participants
        if one.organization
        and one.organization != here.me.organization
        and one.role not in FAMILY | {CHILD}
        and one.id in insight.seen
        and active(one, insight.now)
    }
    named = {n: told.recipient(n) for n in found}
    return dict(sorted(named.items(), key=lambda pair: pair[1].casefold()))


def kept_from(insight: Insight, told: Teller, number: str) -> tuple[list[tuple[str, list[Kept]]], int, int]:
    """What one of them does not get, by the reasons; how much that is, of how much. Noted as told."""
    recipient = Recipient(SYSTEM, frozenset({number}))
    judge = Judge(insight.here.facts, recipient, channel="push", purpose="samordning", now=insight.now)
    grouped: dict[str, list[Kept]] = {}
    count = looked = 0
    for item in insight.everything():
        looked += 1
        kept = _kept(insight, told, item, judge.view(item, insight.parts[item]))
        if kept is not None:
            count += 1
            own = grouped.setdefault(" ".join(kept.reasons), [])
            if len(own) < MOST:
                own.append(kept)
                insight.tell([item])
    return list(grouped.items()), count, looked


def _kept(insight: Insight, told: Teller, item: str, view: View) -> Kept | None:
    mine = insight.categories(item)
    decided = {asked: made for asked, made in view.decisions.items() if asked in mine}
    denied = {c for asked, made in decided.items() if not made.goes for c in asked}
    if view.permitted and not denied - view.categories:
        return None
    words = told.words
    left = [words.of("category", c).lower() for c in sorted(denied - view.categories)]
    return Kept(
        title=told.title(item),
        left_out=left if view.permitted else [],
        reasons=tuple(dict.fromkeys(_reasons(decided.values(), words.code))),
    )


def _reasons(decided: Iterable[Decision], code: str) -> Iterator[str]:
    for made in decided:
        if not made.goes:
            yield from (reason.nn if code == "nn" else reason.nb for reason in made.reasons)
