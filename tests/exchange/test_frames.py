"""The form of a log or plan: what stands inside it, what beside it, and what in no such form at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from gateway.config import Settings, System
from gateway.exchange.facts import PersonFacts
from gateway.exchange.frames import Frames
from gateway.exchange.judge import View
from gateway.exchange.rendition import Unit
from gateway.exchange.shown import Shown
from gateway.hub.versions import Version
from mappings.canonical import BELONGS_TO, ENTRY_KIND, JOURNAL_ACCESS
from mappings.model import ITEM, Resource, State

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SYSTEMS = [
    {"id": "logg", "adapter": "stafettlogg", "url": "http://127.0.0.1:9"},
    {"id": "bup", "adapter": "fhir", "url": "http://127.0.0.1:9", "activities": "inline"},
    {"id": "annen", "adapter": "fhir", "url": "http://127.0.0.1:9"},
]
SETTINGS = Settings.model_validate(
    {
        "tenants": [{"id": "t", "name": "T"}],
        "systems": [{"tenant": "t", "organization": "343231946", **one} for one in SYSTEMS],
    }
)
BELONGS = [{"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/p"}}]
PLAN = {"resourceType": "CarePlan", "id": "p", "status": "active", "subject": {"reference": "Patient/1"}}
GOAL = {"resourceType": "Goal", "id": "g", "extension": BELONGS}
MEASURE = {
    "resourceType": "ServiceRequest",
    "id": "m",
    "extension": BELONGS,
    "status": "active",
    "category": [{"coding": [{"system": ENTRY_KIND, "code": "tiltak"}]}],
}
REFERRAL = {**MEASURE, "id": "h", "category": [{"coding": [{"system": ENTRY_KIND, "code": "henvisning"}]}]}


def shown(resource: Resource) -> Shown:
    ref = f"{resource['resourceType']}/{resource['id']}"
    version = Version(ref, 1, "1", ref, 1, "logg", "logg", NOW, NOW, NOW, resource)
    return Shown(Unit(ref, ref, State({ITEM: resource})), View(ref, {ref: resource}, {}), version)


def formed(recipient: str, *resources: Resource, maker: str = "logg") -> dict[str, Shown]:
    facts = PersonFacts("t", "1", cast(Any, None), cast(Any, None), frames={"CarePlan/p": maker})
    system = cast(System, SETTINGS.system(recipient))
    given = [shown(one) for one in resources]
    made = Frames(system, SETTINGS, facts).formed(given, {one.unit.item for one in given})
    return {one.unit.ref: one for one in made}


def test_measures_go_inside_and_the_rest_beside() -> None:
    made = formed("bup", PLAN, GOAL, MEASURE, REFERRAL)
    assert made.keys() == {"CarePlan/p", "Goal/g", "ServiceRequest/h"}
    plan = made["CarePlan/p"]
    assert plan.unit.state.focus.keys() == {ITEM, "ServiceRequest/m"}
    assert [one.unit.ref for one in plan.within] == ["ServiceRequest/m"]
    assert "activity" not in plan.unit.state.focus[ITEM]


def test_or_all_beside() -> None:
    made = formed("annen", PLAN, GOAL, MEASURE)
    assert made.keys() == {"CarePlan/p", "Goal/g", "ServiceRequest/m"}
    activity = made["CarePlan/p"].unit.state.focus[ITEM]["activity"]
    assert activity == [{"reference": {"reference": "ServiceRequest/m"}}]


@pytest.mark.parametrize("label", [{"system": JOURNAL_ACCESS, "code": "NORN_FORANS"}, {"code": "PSY"}])
def test_a_label_cannot_go_inside_so_the_measure_does_not_go(label: dict[str, str]) -> None:
    made = formed("bup", PLAN, {**MEASURE, "meta": {"security": [label]}})
    assert made.keys() == {"CarePlan/p"}
    assert made["CarePlan/p"].within == ()
    assert "ServiceRequest/m" in formed("annen", PLAN, {**MEASURE, "meta": {"security": [label]}})


def test_a_measure_of_a_plan_that_may_not_be_seen_has_nowhere_to_stand() -> None:
    assert formed("bup", MEASURE, GOAL).keys() == {"Goal/g"}


def test_a_plan_that_a_fhir_server_made_says_itself_what_it_lists() -> None:
    own = {**PLAN, "activity": [{"reference": {"display": "egen"}}]}
    made = formed("annen", own, GOAL, maker="bup")
    assert made["CarePlan/p"].unit.state.focus[ITEM] == own
