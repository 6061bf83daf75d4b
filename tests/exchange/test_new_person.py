"""A person whom the recipient does not have yet: looked for by national id, created where the route says so,
with what of them the recipient may have and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Settings
from gateway.exchange import breaker, lanes
from gateway.exchange.prepare import Plan, Preparer
from gateway.service import build
from mappings.canonical import FNR
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, World, settings

CHILD = Child(1)


@pytest.fixture
def creating(database_url: str, tmp_path: Path) -> Iterator[World]:
    """The same world, whose routes to BUP create the child there."""
    told = settings(database_url, tmp_path).model_dump()
    for route in told["routes"]:
        route["create_person"] = route["recipient"] == "bup"
    service = build(Settings.model_validate(told), clock=lambda: NOW)
    yield World(service)
    service.close()


def prepared(here: World) -> Plan:
    """The first run to BUP."""
    bup, service = here.system("bup"), here.service
    with service.store.write("fjordbyen") as connection:
        breaker.ensure_recipients(connection, [bup])
        (claim,) = lanes.claim(connection, bup, owner="w1", now=NOW, limit=1)
        preparer = Preparer(bup, service.settings, service.mappings["bup"], service.facts)
        plan = preparer.prepare(connection, replace(claim), NOW)
    assert plan is not None
    return plan


def log(**consent: Any) -> list[dict[str, Any]]:
    return [r | consent if r["type"] == "samtykke" else r for r in CHILD.log_records()]


def test_a_child_is_created_with_name_number_and_day_of_birth(creating: World) -> None:
    creating.take("stafettlogg", *CHILD.log_records())
    plan = prepared(creating)
    assert plan.lookup == ((FNR, CHILD.fnr),)
    assert plan.patient is not None
    assert plan.patient.keys() == {"resourceType", "identifier", "name", "birthDate"}
    assert not plan.sends  # nothing goes before the child is found or made there


def test_where_no_route_says_so_the_child_is_only_looked_for(here: World) -> None:
    here.take("stafettlogg", *CHILD.log_records())
    plan = prepared(here)
    assert (plan.lookup, plan.patient) == (((FNR, CHILD.fnr),), None)


def test_a_recipient_that_may_not_know_of_the_plan_creates_nobody(creating: World) -> None:
    creating.take("stafettlogg", *log(kategorier=["maal"]), CHILD.goal("m1", 1))
    plan = prepared(creating)
    assert plan.lookup
    assert plan.patient is None


def test_of_whom_nothing_may_go_nobody_asks(creating: World) -> None:
    creating.take("stafettlogg", *log(avgjoerelse="nekter"), CHILD.goal("m1", 1))
    plan = prepared(creating)
    assert (plan.lookup, plan.patient, plan.sends) == ((), None, [])
