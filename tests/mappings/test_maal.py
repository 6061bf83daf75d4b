"""maal, hovedmaal and delmaal as Goal, with the evaluation as an Observation of its own."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical import BELONGS_TO, code_system, extension
from mappings.model import ITEM, NotExpressible, State
from tests.mappings.factories import CHANGED, LOG, PLAN, get, ids, item, put, record


def maal(**fields: Any) -> dict[str, Any]:
    return record("maal", tekst="Leke med noen", status="aktiv", **fields)


def test_a_goal_says_text_dates_and_whose_it_is() -> None:
    goal = item(maal(start="2026-05-04", evalueringsfrist="2026-11-02"))
    assert goal["description"] == {"text": "Leke med noen"}
    assert goal["lifecycleStatus"] == "active"
    assert goal["subject"] == {"reference": "Patient/p1"}
    assert (goal["startDate"], goal["target"]) == ("2026-05-04", [{"dueDate": "2026-11-02"}])
    assert {"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/c1"}} in goal["extension"]


def test_own_words_are_kept_verbatim() -> None:
    words = "Jeg vil at noen skal vente på meg 🙂  "
    assert {"url": extension("egne-ord"), "valueString": words} in item(maal(egneOrd=words))["extension"]


@pytest.mark.parametrize(
    ("status", "lifecycle", "achievement"),
    [
        ("foreslaatt", "proposed", None),
        ("aktiv", "active", None),
        ("naadd", "completed", "achieved"),
        ("delvisNaadd", "active", "delvisNaadd"),
        ("ikkeNaadd", "completed", "not-achieved"),
        ("avbrutt", "cancelled", None),
    ],
)
def test_status(status: str, lifecycle: str, achievement: str | None) -> None:
    goal = item(record("maal", tekst="x", status=status))
    codes = [c["code"] for c in goal.get("achievementStatus", {}).get("coding", [])]
    assert (goal["lifecycleStatus"], codes) == (lifecycle, [achievement] if achievement else [])
    assert get(State({ITEM: goal}))["status"] == status


@pytest.mark.parametrize(
    ("lifecycle", "status"),
    [("planned", "foreslaatt"), ("accepted", "foreslaatt"), ("on-hold", "aktiv"), ("rejected", "avbrutt")],
)
def test_status_of_a_stranger(lifecycle: str, status: str) -> None:
    assert get(State({ITEM: stranger(lifecycleStatus=lifecycle)}))["status"] == status


def test_changing_the_status_takes_the_old_achievement_away() -> None:
    reached = put(record("maal", tekst="x", status="naadd"))
    again = put(record("maal", tekst="x", status="aktiv"), state=reached)
    assert "achievementStatus" not in again.focus[ITEM]


def test_the_evaluation_is_an_observation_that_the_goal_names() -> None:
    said = {"dato": "2026-10-28", "tekst": "Går rette veien.", "resultat": "delvisNaadd"}
    focus = put(maal(evaluering=said)).focus
    observation = focus["evaluering"]
    assert observation["id"] == "h-evaluering"
    assert observation["status"] == "final"
    assert observation["effectiveDateTime"] == "2026-10-28"
    assert observation["note"] == [{"text": "Går rette veien."}]
    coding = {"system": code_system("maalresultat"), "code": "delvisNaadd"}
    assert observation["valueCodeableConcept"] == {"coding": [coding]}
    assert observation["focus"] == [{"reference": "Goal/h"}]
    assert focus[ITEM]["outcomeReference"] == [{"reference": "Observation/h-evaluering"}]


def test_an_evaluation_that_vanishes_is_withdrawn_and_can_come_back() -> None:
    said = maal(evaluering={"dato": "2026-10-28", "tekst": "A"})
    without = put(maal(), state=put(said))
    assert without.focus["evaluering"]["status"] == "entered-in-error"
    assert get(without) == maal()
    assert put(said, state=without).focus["evaluering"]["status"] == "final"


def test_the_evaluation_follows_the_labels_of_its_goal() -> None:
    focus = put(maal(evaluering={"tekst": "A"}, sperre=["NORN_FORANS"], tredjeperson=["d2"])).focus
    assert focus["evaluering"]["meta"] == focus[ITEM]["meta"]
    assert focus["evaluering"]["extension"] == [
        e for e in focus[ITEM]["extension"] if e["url"] in (BELONGS_TO, extension("third-person"))
    ]
    without = put(
        maal(evaluering={"tekst": "A"}), state=put(maal(evaluering={"tekst": "A"}, sperre=["NORS"]))
    )
    assert "meta" not in without.focus["evaluering"]


def test_a_stranger_s_goal_becomes_a_record() -> None:
    native = get(State({ITEM: stranger(), "provenance": provenance()}))
    assert native == {
        "type": "maal",
        "id": "own",
        "logg": "logg",
        "endret": CHANGED,
        "tekst": "Sove bedre",
        "status": "aktiv",
    }


def test_a_goal_without_text_cannot_be_said() -> None:
    with pytest.raises(NotExpressible, match="tekst"):
        get(State({ITEM: {**stranger(), "description": {"coding": [{"code": "1"}]}}}))


def test_what_others_added_stays_when_the_text_changes() -> None:
    state = put(maal(evalueringsfrist="2026-11-02"))
    target = [{**state.focus[ITEM]["target"][0], "measure": {"text": "netter"}}, {"dueDate": "2027-01-01"}]
    theirs = {**state.focus[ITEM], "note": [{"text": "Fra BUP"}], "target": target}
    after = put(
        {**maal(evalueringsfrist="2026-11-09"), "tekst": "Nytt"}, state=State({**state.focus, ITEM: theirs})
    )
    assert after.focus[ITEM]["note"] == [{"text": "Fra BUP"}]
    assert after.focus[ITEM]["target"] == [
        {"dueDate": "2026-11-09", "measure": {"text": "netter"}},
        target[1],
    ]


def test_a_goal_of_the_log_is_a_main_goal_in_the_plan_and_back() -> None:
    state = put(maal())
    there = get(State(state.focus), PLAN)
    assert (there["type"], there["plan"], there["tekst"]) == ("hovedmaal", "plan", "Leke med noen")
    main = put(record("hovedmaal", "plan", tekst="Trives"), PLAN)
    assert get(State(main.focus))["type"] == "maal"


def test_a_partial_goal_names_the_goal_above_it() -> None:
    native = record("delmaal", "plan", tekst="Til stede", overordnet="m1")
    goal = item(native, PLAN)
    above = next(e for e in goal["extension"] if e["url"].endswith("/goal-relationship"))
    assert {"url": "target", "valueReference": {"reference": "Goal/g1"}} in above["extension"]
    assert goal["category"][0]["coding"][0]["code"] == "delmaal"
    assert get(put(native, PLAN), PLAN) == native


def test_a_main_goal_can_become_a_partial_one() -> None:
    main = put(record("hovedmaal", "plan", tekst="x"), PLAN)
    native = record("delmaal", "plan", tekst="x", overordnet="m1")
    assert get(put(native, PLAN, main), PLAN) == native


def stranger(**fields: Any) -> dict[str, Any]:
    return {
        "resourceType": "Goal",
        "id": "h",
        "lifecycleStatus": "active",
        "description": {"text": "Sove bedre"},
        "subject": {"reference": "Patient/p1"},
        **fields,
    }


def provenance() -> dict[str, Any]:
    agent = {"who": {"reference": "PractitionerRole/of-bup"}}
    return {"resourceType": "Provenance", "id": "h-provenance", "recorded": CHANGED, "agent": [agent]}


def test_slots_name_what_may_belong_to_a_goal() -> None:
    assert LOG.slots(stranger()) == {
        ITEM: "Goal/h",
        "provenance": "Provenance/h-provenance",
        "evaluering": "Observation/h-evaluering",
    }
    assert ids("Goal/h").subject == "Patient/p1"
