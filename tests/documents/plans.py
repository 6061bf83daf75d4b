"""Emma's individuell plan as the hub has it, made of the sample records by their own mapping."""

from __future__ import annotations

from functools import cache

from gateway import jsontext
from mappings import load
from mappings.model import EMPTY, ITEM, Ids, Record, Resource
from tests.api.conftest import SAMPLES

PLAN = load("individuell-plan")


def plan() -> Resource:
    """The plan itself."""
    return next(one for one in _resources() if one["resourceType"] == "CarePlan")


def members() -> list[Resource]:
    """Its items, and Emma."""
    return [one for one in _resources() if one["resourceType"] != "CarePlan"]


@cache
def _records() -> tuple[Record, ...]:
    found: list[Record] = jsontext.decode((SAMPLES / "individuell-plan" / "emma.json").read_bytes())
    found[1]["telefon"] = "90 00 00 01"
    return tuple(found)


@cache
def _resources() -> tuple[Resource, ...]:
    refs = {one["id"]: f"{PLAN.describe(one).resource_type}/{one['id']}" for one in _records()}
    natives = {ref: native for native, ref in refs.items()}
    ids = Ids("Patient/emma", refs["emma-ip"], PLAN.name, refs, natives)
    states = [PLAN.put(one, EMPTY, ids) for one in _records()]
    return tuple(state.focus[slot] for state in states for slot in ("barn", ITEM) if slot in state.focus)
