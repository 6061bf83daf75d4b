"""What happens in a run, made from the seed before it begins: plain values, each with its own chances, so
that any of them can be left out and the rest still means something."""

from __future__ import annotations

import random
from typing import Any

from tests.simulation.children import AGES, CATEGORIES, SERVICES
from tests.simulation.installation import CLINICS, NATIVE, SYSTEMS, WORKERS

Op = dict[str, Any]
KINDS = ("maal", "maal", "maal", "tiltak", "lysglimt", "notat", "melding")
NAMES = (0, 0, 0, 1, 1, 2)  # of consents: the mother's, the young person's, another of the mother's
RESTORES = 0.3
GOOD = 0.72  # of requests, where the network is not at its worst
FATES = (
    "slow", "slow", "slow", "lost", "unanswered", "refused", "reset", "reset-stored", "broken",
    "broken-stored",     "gateway-stored", "busy", "many", "locked", "forbidden", "twice",
)  # fmt: skip
WEIGHTS = {
    "edit": 14, "create": 5, "clinic": 5, "push": 10, "claim": 12, "job": 24, "net": 22, "poll": 3,
    "house": 3, "tick": 2.5, "jump": 0.4, "kill": 0.9, "pause": 0.9, "resume": 2, "sweep": 0.4,
    "consent": 1.5, "withdraw": 2.2, "refuse": 0.5, "shield": 0.3, "error": 0.4, "backup": 1.2,
    "restore": 1.0, "outage": 0.4, "admit": 0.4, "bad": 0.2,
}  # fmt: skip


def begin(chance: random.Random) -> dict[str, Any]:
    """The systems of a run, and how good each of them is."""
    children = chance.choice([1, 1, 2, 2])
    return {
        "ids": chance.choice(["ours", "ours", "theirs"]),
        "children": children,
        "consents": [
            whole(child, name) for child in range(children) for name in (0, 1) if chance.random() < 0.8
        ],
        "patients": [[child, name] for child in range(children) for name in CLINICS if chance.random() < 0.7],
        "versions": {name: chance.random() < 0.7 for name in NATIVE},
        "echoes": {name: chance.random() < 0.25 for name in NATIVE},
        "skew": {name: chance.choice([0, 0, 0, 3 * 3600, -5 * 3600, 90, -90]) for name in SYSTEMS},
        "good": chance.choice([0.95, GOOD, GOOD, 0.5]),
        "restores": chance.random() < RESTORES,
        "ages": [chance.randrange(len(AGES)) for _ in range(children)],
    }


def operations(seed: int, steps: int) -> tuple[dict[str, Any], list[Op]]:
    """The beginning and the steps of a seed."""
    chance = random.Random(f"stafettbro {seed}")
    start = begin(chance)
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    ops = []
    for number in range(steps):
        do = chance.choices(names, weights)[0]
        op: Op = {"n": number, "do": do, "dt": max(round(chance.expovariate(1 / 0.06), 4), 0.0001)}
        ops.append(op | _details(do, chance, start))
    return start, [op for op in ops if op["do"] not in ("backup", "restore") or start["restores"]]


def _details(do: str, chance: random.Random, start: dict[str, Any]) -> Op:
    pick = round(chance.random(), 6)
    child = chance.randrange(start["children"])
    worker = chance.randrange(WORKERS)
    if do in ("edit", "error", "bad"):
        return {"system": chance.choice(NATIVE), "pick": pick, "field": chance.randrange(3)}
    if do == "create":
        return {"system": chance.choice(NATIVE), "child": child, "kind": chance.choice(KINDS), "pick": pick}
    if do == "clinic":
        return {"system": chance.choice(CLINICS), "child": child, "pick": pick, "new": chance.random() < 0.25}
    if do == "push":
        how = chance.choices(["all", "one", "twice", "shuffled"], [5, 3, 1, 1])[0]
        return {"system": chance.choice(NATIVE), "how": how, "pick": pick}
    if do in ("claim", "job", "poll", "house", "kill", "pause", "resume", "sweep"):
        return {"worker": worker, "pick": pick, "wait": chance.choice([1, 5, 30])}
    if do == "net":
        fate = "ok" if chance.random() < start["good"] else chance.choice(FATES)
        return {"pick": pick, "fate": fate}
    if do == "tick":
        return {"seconds": chance.choice([1, 3, 12, 35, 70])}
    if do == "jump":
        return {"days": chance.choice([1, 12, 40])}
    if do == "consent":
        return _consent(chance, child)
    if do == "refuse":
        return _refusal(chance, child)
    if do in ("withdraw", "shield", "admit"):
        return {
            "child": child,
            "name": f"s{chance.choice(NAMES)}",
            "system": chance.choice(CLINICS),
            "pick": pick,
        }
    return {"system": chance.choice(SYSTEMS), "seconds": chance.choice([5, 60, 900])}


def whole(child: int, number: int) -> Op:
    """A consent that reaches everything."""
    giver = "barn" if number % 2 else "mor"
    reach = {"services": list(SERVICES), "categories": list(CATEGORIES), "days": None}
    return {"child": child, "name": f"s{number}", "giver": giver, **reach}


def _refusal(chance: random.Random, child: int) -> Op:
    number = chance.randrange(2)
    return {
        "child": child,
        "name": f"n{number}",
        "giver": "barn" if number else "mor",
        "services": chance.sample(SERVICES, 1),
        "categories": chance.sample(CATEGORIES, 3),
    }


def _consent(chance: random.Random, child: int) -> Op:
    number = chance.choice(NAMES)
    whole = chance.random() < 0.6
    return {
        "child": child,
        "name": f"s{number}",
        "giver": "barn" if number % 2 else "mor",
        "services": list(SERVICES if whole else chance.sample(SERVICES, 2)),
        "categories": list(CATEGORIES if whole else chance.sample(CATEGORIES, 4)),
        "days": chance.choice([None, None, 1, 20]),
    }
