"""Which faults, in which order, for how long: everything that chance decides, from one seed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.installation import CLINIC, DEADLINE, GATEWAYS, LOG, PLAN, WORKERS


class Kind(StrEnum):
    """The kinds of faults."""

    KILL = "kill -9"
    STOP = "SIGSTOP longer than the send deadline"
    DATABASE = "restart of the database"
    CUT = "cut of a worker's database connections"
    RECIPIENT = "fault of a recipient"


FULL = {Kind.KILL: 300, Kind.STOP: 200, Kind.DATABASE: 100, Kind.CUT: 100, Kind.RECIPIENT: 300}
RECIPIENTS = (LOG, PLAN, CLINIC)
REFUSING = ("refuse 503", "refuse 500", "refuse 429", "refuse 401")
MANNERS = {
    Kind.KILL: ("",),
    Kind.STOP: ("",),
    Kind.DATABASE: ("clean", "crash"),
    Kind.CUT: ("all", "all, again and again", "the lock's"),
    Kind.RECIPIENT: ("refuse", "hang", "reset", "500 after having stored", "reset after having stored"),
}
GATEWAYS_SHARE = 0.2  # of kills and stops


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. target: a process, a recipient or the database; seconds: how long it lasts."""

    kind: Kind
    target: str
    how: str
    seconds: float


def schedule(seed: int, share: float) -> list[Fault]:
    """The faults of a campaign in their order; share: the part of the full number of each kind."""
    chance = random.Random(seed)
    kinds = [kind for kind, full in FULL.items() for _ in range(max(1, round(full * share)))]
    chance.shuffle(kinds)
    seen = Counter[Kind]()
    faults = []
    for kind in kinds:
        manners = MANNERS[kind]
        how = manners[seen[kind] % len(manners)]
        seen[kind] += 1
        faults.append(_fault(kind, how, chance))
    return faults


def _fault(kind: Kind, how: str, chance: random.Random) -> Fault:
    if kind is Kind.DATABASE:
        return Fault(kind, "database", how, chance.uniform(0.0, 1.0))
    if kind is Kind.RECIPIENT:
        manner = chance.choice(REFUSING) if how == "refuse" else how
        return Fault(kind, chance.choice(RECIPIENTS), manner, chance.uniform(0.5, 2.5))
    if kind is Kind.CUT:
        return Fault(kind, chance.choice(WORKERS), how, chance.uniform(0.3, 2.0))
    process = chance.choice(GATEWAYS if chance.random() < GATEWAYS_SHARE else WORKERS)
    most = 0.5 if kind is Kind.KILL else 1.5
    return Fault(kind, process, how, chance.uniform(0.0, most) + (DEADLINE if kind is Kind.STOP else 0.0))
