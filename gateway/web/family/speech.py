"""How somebody is spoken to: a child or young person reads their own sentences, shorter and said to them; and
how far they decide themselves, as the rules of consent have it for their age and municipality."""

from __future__ import annotations

from typing import Final, Literal

from consent.model import Consent
from gateway.web.consents_shown import CATEGORIES, Teller
from gateway.web.insight import Insight
from gateway.web.standing import CHILD

Say = Literal["alone", "together", "heard", "guardian", "other"]
NOBODY: Final[frozenset[str]] = frozenset()


def young(insight: Insight) -> bool:
    """Whether it is the child or young person who reads."""
    return insight.here.me.role == CHILD


def deciding(insight: Insight) -> tuple[tuple[str, ...], ...]:
    """Who must say yes to sharing everything: for each of them the references by which they are known."""
    here = insight.here
    blank = Consent("", here.frame, "samtykker", NOBODY, NOBODY, frozenset(CATEGORIES))
    return here.signing(blank, insight.now).must


def say(insight: Insight) -> Say:
    """What the reader has to say about sharing with everybody: the young person alone, together with the
    guardians, or being heard; for others whether they decide."""
    must = deciding(insight)
    mine = any(insight.here.named(group) for group in must)
    if not young(insight):
        return "guardian" if mine else "other"
    if not mine:
        return "heard"
    return "alone" if len(must) == 1 else "together"


def may_decide(insight: Insight, told: Teller) -> bool:
    """Whether there is anything to decide here, and anybody to decide about."""
    return insight.here.frame in insight.seen and bool(told.choices())
