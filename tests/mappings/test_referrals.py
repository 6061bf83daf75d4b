"""How far a referral has come: in the log's own field, in FHIR, and in what a recipient's Task says."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical import code_system
from mappings.model import State
from mappings.referrals import (
    PROFESSION,
    Step,
    focus_of,
    professions_of,
    referral_of,
    step_of,
    with_step,
)
from tests.mappings.factories import get, item, put, record

TEN, ELEVEN = "2026-11-22T10:00:00+01:00", "2026-11-22T11:00:00+01:00"


def referral(**fields: Any) -> dict[str, Any]:
    return record("henvisning", til="bup", henviser="d1", oensketBidrag="Råd", **fields)


def test_the_states_stand_in_the_record_as_they_were_said() -> None:
    told = [
        {"tilstand": "mottatt", "tidspunkt": TEN},
        {"tilstand": "avslag", "tidspunkt": ELEVEN, "grunn": "Hører til habilitering"},
    ]
    native = referral(tilstand=told)
    found = referral_of(item(native))
    assert found is not None
    assert (found.service, found.referrer) == ("bup", "PractitionerRole/r1")
    assert found.steps == (Step("mottatt", TEN), Step("avslag", ELEVEN, "Hører til habilitering"))
    assert get(State(put(native).focus)) == native


def test_a_step_is_added_once_and_is_a_field_of_the_record() -> None:
    state = put(referral())
    bare = state.focus["item"]
    once = with_step(bare, Step("mottatt", TEN))
    assert with_step(once, Step("mottatt", TEN)) is once
    later = with_step(once, Step("avslag", TEN, "Nei"))
    assert get(State({**state.focus, "item": later}))["tilstand"] == [
        {"tilstand": "avslag", "tidspunkt": TEN, "grunn": "Nei"}
    ]


@pytest.mark.parametrize(
    ("task", "step"),
    [
        ({"status": "requested"}, None),
        ({"status": "received"}, Step("mottatt", TEN)),
        ({"status": "accepted"}, Step("vurdert", TEN)),
        ({"status": "on-hold"}, Step("venteliste", TEN)),
        ({"status": "in-progress", "lastModified": ELEVEN}, Step("oppstart", ELEVEN)),
        ({"status": "completed"}, Step("avsluttet", TEN)),
        ({"status": "rejected", "statusReason": {"text": "For gammel"}}, Step("avslag", TEN, "For gammel")),
        (
            {"status": "rejected", "statusReason": {"coding": [{"display": "Feil enhet"}]}},
            Step("avslag", TEN, "Feil enhet"),
        ),
        ({"status": "accepted", "businessStatus": {"text": "venteliste"}}, Step("venteliste", TEN)),
        (
            {
                "status": "requested",
                "businessStatus": {
                    "coding": [{"system": code_system("henvisningstilstand"), "code": "vurdert"}]
                },
            },
            Step("vurdert", TEN),
        ),
        ({"status": "accepted", "businessStatus": {"coding": [{"code": "oppstart"}]}}, Step("vurdert", TEN)),
        ({"status": "entered-in-error", "businessStatus": {"text": "oppstart"}}, None),
        ({"status": 7, "businessStatus": "oppstart", "statusReason": []}, None),
    ],
)
def test_what_a_task_says(task: dict[str, Any], step: Step | None) -> None:
    assert step_of({"resourceType": "Task", **task}, TEN) == step


def test_what_a_task_is_about() -> None:
    focus = {"focus": {"reference": "ServiceRequest/1"}}
    assert focus_of({"resourceType": "Task", **focus}) == "ServiceRequest/1"
    assert focus_of({"resourceType": "Task", "focus": "ServiceRequest/1"}) is None
    assert focus_of({"resourceType": "ServiceRequest", **focus}) is None


def test_a_measure_is_no_referral() -> None:
    assert referral_of(item(record("tiltak", tittel="Vennegruppe", status="paagaar"))) is None


def test_a_profession_stands_in_the_role_or_with_the_person() -> None:
    doctor = {"coding": [{"system": PROFESSION, "code": "LE"}]}
    inside = {"contained": [{"resourceType": "Practitioner", "qualification": [{"code": doctor}]}]}
    assert professions_of({"resourceType": "PractitionerRole", "code": [doctor]}) == {"LE"}
    assert professions_of({"resourceType": "PractitionerRole", **inside}) == {"LE"}
    assert professions_of({"code": [{"coding": [{"system": "x", "code": "LE"}]}]}) == frozenset()
