"""How fast a lens is: a goal from the samples put into FHIR and got back, on one core, beside fhir.resources
doing the same half of the way with the very resource that the lens made: put writes FHIR, as a dump does; get
reads it, as a parse does. Turn by turn in the same run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib import resources
from statistics import median
from typing import Any

from fhir.resources.R4B.goal import Goal

from mappings import jsontext, load
from mappings.model import EMPTY, ITEM, Ids, Record, State

SAMPLE = "e-m1"
AIM = {"per_second": 20_000, "against_fhir_resources": 5.0}
Turn = Callable[[], Any]


def measure(rounds: int, seconds: float) -> dict[str, Any]:
    """Operations a second (medians over the rounds); each round's ratio is taken within that round."""
    rates: dict[str, list[float]] = {name: [] for name in ("put", "get", "parse", "dump")}
    for _ in range(rounds):
        for name, turn in _turns().items():
            rates[name].append(_rate(turn, seconds))
    return {
        "record": SAMPLE,
        "aims": AIM,
        "per_second": {name: round(median(values)) for name, values in rates.items()},
        "against_fhir_resources": {
            ours: round(median(a / b for a, b in zip(rates[ours], rates[theirs], strict=True)), 1)
            for ours, theirs in (("put", "dump"), ("get", "parse"))
        },
    }


def _turns() -> dict[str, Turn]:
    """put: a record never seen before becomes FHIR; get: it is read back. fhir.resources does the nearest it
    has: a model of the JSON, and the JSON of the model."""
    mapping, record = load("stafettlogg"), _sample()
    ids = _ids(record)
    state: State = mapping.put(record, EMPTY, ids)
    plain = json.loads(jsontext.encode(state.focus[ITEM]))
    model = Goal.model_validate(plain)
    return {
        "put": lambda: mapping.put(record, EMPTY, ids),
        "get": lambda: mapping.get(state, ids),
        "parse": lambda: Goal.model_validate(plain),
        "dump": lambda: model.model_dump(),
    }


def _sample() -> Record:
    text = (resources.files("gateway.demo") / "samples" / "stafettlogg" / "emma.json").read_bytes()
    records: list[Record] = jsontext.decode(text)
    return next(record for record in records if record["id"] == SAMPLE)


def _ids(record: Record) -> Ids:
    heading = load("stafettlogg").describe(record)
    kinds = {heading.frame: "CarePlan"}
    named = [heading.id, *heading.needs, *heading.mentions]
    refs = {n: f"{kinds.get(n, 'PractitionerRole')}/h{i}" for i, n in enumerate(named)}
    refs[heading.id] = f"{heading.resource_type}/{heading.id}"
    natives = {ref: native for native, ref in refs.items()}
    return Ids("Patient/p1", refs[heading.frame or heading.id], "stafettlogg", refs, natives)


def _rate(turn: Turn, seconds: float) -> float:
    turn()
    count, used, batch = 0, 0.0, 50
    while used < seconds:
        start = time.process_time()
        for _ in range(batch):
            turn()
        used += time.process_time() - start
        count += batch
    return count / used
