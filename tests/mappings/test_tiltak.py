"""tiltak and henvisning as ServiceRequest; the effect as an Observation of its own."""

from __future__ import annotations

from typing import Any

import pytest

from mappings import reading
from mappings.canonical import ENH, code_system, identifier_system
from mappings.model import ITEM, RecordRefused, State
from tests.mappings.factories import LOG, PLAN, get, item, put, record


def tiltak(**fields: Any) -> dict[str, Any]:
    return record("tiltak", tittel="Vennegruppe", status="paagaar", **fields)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("planlagt", "draft"),
        ("paagaar", "active"),
        ("paaVent", "on-hold"),
        ("gjennomfoert", "completed"),
        ("avbrutt", "revoked"),
    ],
)
def test_status_with_constant_intent(status: str, code: str) -> None:
    request = item({**tiltak(), "status": status})
    assert (request["status"], request["intent"]) == (code, "plan")


def test_title_description_times_and_responsible() -> None:
    request = item(
        tiltak(beskrivelse="Fire elever.\nTirsdag.", ansvarlig="d1", start="2026-05-11", frist="2026-12-18")
    )
    assert request["code"] == {"text": "Vennegruppe"}
    assert request["note"] == [{"text": "Fire elever.\nTirsdag."}]
    assert request["performer"] == [{"reference": "PractitionerRole/r1"}]
    assert request["occurrencePeriod"] == {"start": "2026-05-11", "end": "2026-12-18"}


def test_goals_by_the_standard_extension_in_order() -> None:
    request = item(tiltak(maal=["m2", "m1"]))
    found = [e["valueReference"]["reference"] for e in request["extension"] if "pertainsToGoal" in e["url"]]
    assert found == ["Goal/g2", "Goal/g1"]


def test_the_plan_adds_extent_and_how() -> None:
    native = record("tiltak", "plan", tittel="x", omfang="Ukentlig", gjennomfoering="Poliklinisk")
    assert get(State(put(native, PLAN).focus), PLAN) == native


def test_the_effect_is_an_observation_based_on_the_measure() -> None:
    said = {"dato": "2026-06-22", "tekst": "Legger seg lettere.", "resultat": "delvis"}
    observation = put(tiltak(effekt=said)).focus["effekt"]
    assert observation["basedOn"] == [{"reference": "ServiceRequest/h"}]
    assert observation["valueCodeableConcept"]["coding"] == [
        {"system": code_system("effekt"), "code": "delvis"}
    ]
    assert observation["code"]["coding"][0]["code"] == "effekt"
    assert reading.category_of(observation) == {"evaluering"}


def test_needs_are_the_frame_goals_and_responsible() -> None:
    heading = LOG.describe(tiltak(maal=["m1", "m1"], ansvarlig="d9", tredjeperson=["d2"]))
    assert heading.needs == ("logg", "d2", "m1", "d9")
    assert heading.mentions == ("d1",)
    assert heading.warnings == ()


def test_without_a_responsible_it_is_taken_in_with_a_warning() -> None:
    assert [w.field for w in LOG.describe(tiltak()).warnings] == ["ansvarlig"]


def test_a_stranger_s_time_is_read_and_gives_way_to_ours() -> None:
    state = put(tiltak())
    theirs = State({**state.focus, ITEM: {**state.focus[ITEM], "occurrenceDateTime": "2026-06-01"}})
    assert get(theirs)["start"] == "2026-06-01"
    ours = put(tiltak(start="2026-07-01"), state=theirs).focus[ITEM]
    assert "occurrenceDateTime" not in ours
    assert ours["occurrencePeriod"] == {"start": "2026-07-01"}


def test_someone_unknown_to_the_recipient_is_left_out_and_stays() -> None:
    state = put(tiltak(maal=["m1", "m2"]))
    hidden = [
        e | {"valueReference": {"reference": "Goal/hidden"}}
        if e.get("valueReference") == {"reference": "Goal/g1"}
        else e
        for e in state.focus[ITEM]["extension"]
    ]
    theirs = State({**state.focus, ITEM: {**state.focus[ITEM], "extension": hidden}})
    assert get(theirs)["maal"] == ["m2"]
    after = put(tiltak(maal=["m2", "m1"]), state=theirs).focus[ITEM]["extension"]
    goals = [e["valueReference"]["reference"] for e in after if "pertainsToGoal" in e["url"]]
    assert sorted(goals) == ["Goal/g1", "Goal/g2", "Goal/hidden"]


def henvisning(**fields: Any) -> dict[str, Any]:
    full = {
        "oensketBidrag": "Råd",
        "tiltakMedEffekt": ["t1"],
        "nettverk": "Tante",
        "underskrifter": [{"deltaker": "d2", "tidspunkt": "2026-08-31T09:40:00+02:00"}],
    }
    return record("henvisning", **{"til": "bup", "henviser": "d1", **full, **fields})


def test_a_referral_is_a_request_of_its_own_kind() -> None:
    native = henvisning(medhenvisere=["d2"])
    request = item(native)
    assert reading.kind_of(request) == "henvisning"
    assert request["intent"] == "order"
    assert request["performer"] == [
        {"type": "Organization", "identifier": {"system": identifier_system("tjeneste"), "value": "bup"}}
    ]
    assert request["requester"] == {"reference": "PractitionerRole/r1"}
    assert request["code"] == {"text": "Råd"}
    assert request["supportingInfo"] == [{"reference": "ServiceRequest/s1"}]
    assert get(State(put(native).focus)) == native
    assert PLAN.slots(request) is None


def test_a_referral_to_an_organization_number() -> None:
    assert item(henvisning(til="343231946"))["performer"][0]["identifier"]["system"] == ENH


def test_a_referral_to_nobody_known_is_refused() -> None:
    with pytest.raises(RecordRefused) as refused:
        LOG.describe(henvisning(til="d1"))
    assert [(p.field, p.code) for p in refused.value.problems] == [("til", "unknown-code")]


def test_what_a_complete_referral_lacks_is_listed() -> None:
    empty = {"oensketBidrag": "", "tiltakMedEffekt": [], "nettverk": None, "underskrifter": []}
    assert [w.field for w in LOG.describe(henvisning(**empty)).warnings] == list(empty)
