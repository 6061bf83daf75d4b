"""Measures inside the plan and beside it: nothing is lost either way, and only what was changed returns."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from fhir.resources.R4B.careplan import CarePlan
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings import jsontext
from mappings.canonical import BELONGS_TO
from mappings.dialects import InlineMapping, inlined, is_inlined, new_measure
from mappings.dialects.activities import MEASURE, OURS
from mappings.dialects.detail import PERTAINS_TO_GOAL, STATUS, activity_of, applied, reduced
from mappings.fhir_restore import same
from mappings.model import EMPTY, ITEM, Ids, State

MAPPING = InlineMapping()
PAIRS = {
    "CarePlan/7": "CarePlan/p",
    "Patient/9": "Patient/emma",
    "Goal/17": "Goal/g1",
    "PractitionerRole/4": "PractitionerRole/d1",
}
IDS = Ids("Patient/emma", "CarePlan/p", "bup", PAIRS, {hub: native for native, hub in PAIRS.items()})
PLAN = {
    "resourceType": "CarePlan",
    "id": "p",
    "status": "active",
    "intent": "plan",
    "subject": {"reference": "Patient/emma"},
}
MEASURE_1: dict[str, Any] = {
    "resourceType": "ServiceRequest",
    "id": "t1",
    "extension": [
        {"url": PERTAINS_TO_GOAL, "valueReference": {"reference": "Goal/g1"}},
        {"url": "http://example.org/omfang", "valueString": "ukentlig"},
    ],
    "status": "active",
    "intent": "plan",
    "category": [{"text": "tiltak"}],
    "code": {"text": "Fast voksen i friminutt"},
    "subject": {"reference": "Patient/emma"},
    "authoredOn": "2026-10-01",
    "requester": {"reference": "PractitionerRole/d1"},
    "performer": [{"reference": "PractitionerRole/d1"}],
    "occurrencePeriod": {"start": "2026-11-01", "end": "2027-02-01"},
    "note": [
        {"text": "Hver dag", "time": "2026-10-01"},
        {"text": "Går bedre"},
    ],
}

# --- what a measure or an activity may hold ---------------------------------------------------------------

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=8).filter(
    lambda text: not text.isspace()  # FHIR has no blank strings
)
DAYS = st.dates().map(str)
REFERENCE = st.sampled_from(["PractitionerRole/d1", "Goal/g1", "PractitionerRole/ukjent"])
CONCEPT = st.builds(lambda text: {"text": text}, TEXT)
PERIOD = st.builds(lambda start: {"start": start}, DAYS)
NOTE = st.builds(
    lambda text, at: {"text": text, **at}, TEXT, st.just({}) | st.builds(lambda d: {"time": d}, DAYS)
)
OCCURRENCE = st.one_of(
    st.builds(lambda p: {"occurrencePeriod": p}, PERIOD),
    st.builds(lambda d: {"occurrenceDateTime": d}, DAYS),
    st.builds(lambda d: {"occurrenceTiming": {"event": d}}, st.lists(DAYS, min_size=1, max_size=2)),
    st.just({}),
)
GOALS = st.lists(
    st.builds(lambda r: {"url": PERTAINS_TO_GOAL, "valueReference": {"reference": r}}, REFERENCE), max_size=2
)
PLACES = st.lists(st.builds(lambda t: {"display": t}, TEXT), min_size=1, max_size=2)


@st.composite
def measures(draw: st.DrawFn, own: str = "t1") -> dict[str, Any]:
    made: dict[str, Any] = {"resourceType": "ServiceRequest", "id": own, "intent": "plan"}
    made["status"] = draw(st.sampled_from(sorted(STATUS)))
    optional = {
        "code": CONCEPT,
        "note": st.lists(NOTE, min_size=1, max_size=3),
        "performer": st.lists(st.builds(lambda r: {"reference": r}, REFERENCE), min_size=1, max_size=2),
        "reasonCode": st.lists(CONCEPT, min_size=1, max_size=2),
        "doNotPerform": st.booleans(),
        "locationReference": PLACES,
        "quantityQuantity": st.builds(lambda n: {"value": n}, st.decimals(0, 9, places=2)),
        "authoredOn": DAYS,
        "supportingInfo": st.just([{"reference": "Goal/g1"}]),
    }
    made |= draw(st.fixed_dictionaries({}, optional=optional)) | draw(OCCURRENCE)
    extensions = draw(GOALS) + draw(
        st.sampled_from([[], [{"url": "http://example.org/e", "valueString": "x"}]])
    )
    return {**made, "extension": extensions} if extensions else made


DETAILS = st.fixed_dictionaries(
    {
        "status": st.sampled_from(
            ["not-started", "scheduled", "in-progress", "stopped", "cancelled", "completed"]
        )
    },
    optional={
        "kind": st.sampled_from(["ServiceRequest", "Task", "Appointment"]),
        "description": TEXT,
        "code": CONCEPT,
        "statusReason": CONCEPT,
        "scheduledString": TEXT,
        "scheduledPeriod": PERIOD,
        "scheduledTiming": st.builds(lambda d: {"event": [d]}, DAYS),
        "performer": st.lists(st.builds(lambda r: {"reference": r}, REFERENCE), min_size=1, max_size=2),
        "goal": st.lists(st.just({"reference": "Goal/17"}), min_size=1, max_size=1),
        "location": st.builds(lambda t: {"display": t}, TEXT),
        "quantity": st.builds(lambda n: {"value": n}, st.decimals(0, 9, places=2)),
        "dailyAmount": st.just({"value": 1}),
        "productCodeableConcept": CONCEPT,
        "doNotPerform": st.booleans(),
    },
)
MARKS = st.just({}) | st.sampled_from(["t1", "t2", "fremmed"]).map(
    lambda own: {"extension": [{"url": MEASURE, "valueIdentifier": {"system": OURS, "value": own}}]}
)
ACTIVITIES = st.one_of(
    st.builds(
        lambda mark, more, detail: {**mark, **more, "detail": detail},
        MARKS,
        st.fixed_dictionaries({}, optional={"progress": st.lists(NOTE, min_size=1, max_size=2), "id": TEXT}),
        DETAILS,
    ),
    st.builds(lambda t: {"reference": {"display": t}}, TEXT),
)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    native: dict[str, Any] = {**PLAN, "id": "7", "subject": {"reference": "Patient/9"}}
    activities = draw(st.lists(ACTIVITIES, max_size=4))
    return {**native, "activity": activities} if activities else native


@st.composite
def states(draw: st.DrawFn) -> State:
    plan = {**PLAN, **draw(st.sampled_from([{}, {"activity": [{"reference": {"display": "egen"}}]}]))}
    found = [draw(measures(own)) for own in draw(st.sets(st.sampled_from(["t1", "t2"])))]
    return State(inlined(plan, found))


# --- laws -------------------------------------------------------------------------------------------------

cases = settings(max_examples=60)


@cases
@given(state=states(), first=plans(), second=plans())
def test_put_get(state: State, first: dict[str, Any], second: dict[str, Any]) -> None:
    once = MAPPING.put(first, state, IDS)
    assert same(MAPPING.get(once, IDS), first)
    assert same(MAPPING.get(MAPPING.put(second, once, IDS), IDS), second)


@cases
@given(state=states(), native=plans())
def test_get_put(state: State, native: dict[str, Any]) -> None:
    for one in (state, MAPPING.put(native, state, IDS)):
        again = MAPPING.put(MAPPING.get(one, IDS), one, IDS)
        assert same(dict(again.focus), dict(one.focus))
        assert same(again.rest, one.rest)


@cases
@given(state=states(), native=plans(), added=measures("t3"))
def test_get_put_after_our_side_has_moved_on(
    state: State, native: dict[str, Any], added: dict[str, Any]
) -> None:
    held = MAPPING.put(native, state, IDS)
    moved = State({**held.focus, **inlined(held.focus[ITEM], [added])}, held.rest)
    again = MAPPING.put(MAPPING.get(moved, IDS), moved, IDS)
    assert same(dict(again.focus), dict(moved.focus))


@cases
@given(measure=measures())
def test_a_measure_survives_the_way_into_a_plan_and_back(measure: dict[str, Any]) -> None:
    """Inline and back without an edit changes nothing of what we have, whatever a detail cannot say."""
    before = copy.deepcopy(measure)
    state = State(inlined(PLAN, [measure]))
    back = MAPPING.put(MAPPING.get(state, IDS), state, IDS)
    assert same(back.focus["ServiceRequest/t1"], reduced(measure))
    assert same(applied(measure, activity_of(measure), activity_of(measure)), before)


@cases
@given(measure=measures(), status=st.sampled_from(sorted(set(STATUS.values()))), text=TEXT)
def test_an_edit_of_a_detail_changes_that_and_nothing_else(
    measure: dict[str, Any], status: str, text: str
) -> None:
    before = activity_of(measure)
    detail = {**before["detail"], "status": status, "description": text}
    after = applied(measure, before, {**before, "detail": detail})
    assert STATUS[after["status"]] == status
    if text != before["detail"]["description"]:
        assert after["note"][0]["text"] == text
    untouched = [key for key in measure if key not in ("status", "note")]
    assert same({k: after[k] for k in untouched}, {k: measure[k] for k in untouched})
    assert same(after.get("note", [{}])[1:], measure.get("note", [{}])[1:])


@cases
@given(state=states())
def test_what_we_write_is_valid(state: State) -> None:
    CarePlan.model_validate_json(jsontext.encode(MAPPING.get(state, IDS)))


# --- examples ---------------------------------------------------------------------------------------------


def test_how_a_measure_stands_in_a_plan() -> None:
    (activity,) = MAPPING.get(State(inlined(PLAN, [MEASURE_1])), IDS)["activity"]
    assert activity == {
        "extension": [{"url": MEASURE, "valueIdentifier": {"system": OURS, "value": "t1"}}],
        "progress": [{"text": "Går bedre"}],
        "detail": {
            "kind": "ServiceRequest",
            "code": {"text": "Fast voksen i friminutt"},
            "performer": [{"reference": "PractitionerRole/4"}],
            "goal": [{"reference": "Goal/17"}],
            "status": "in-progress",
            "scheduledPeriod": {"start": "2026-11-01", "end": "2027-02-01"},
            "description": "Hver dag",
        },
    }


@pytest.mark.parametrize(
    ("measure", "says"),
    [
        ({"code": {"text": "Tittel"}}, "Tittel"),
        ({"code": {"coding": [{"display": "Visning"}]}}, "Visning"),
        ({}, "Tiltak uten beskrivelse"),
    ],
)
def test_a_description_is_always_there_and_is_not_taken_for_a_note(
    measure: dict[str, Any], says: str
) -> None:
    state = State(
        inlined(PLAN, [{"resourceType": "ServiceRequest", "id": "t1", "status": "draft", **measure}])
    )
    native = MAPPING.get(state, IDS)
    assert native["activity"][0]["detail"]["description"] == says
    assert "note" not in MAPPING.put(native, state, IDS).focus["ServiceRequest/t1"]


def test_words_of_the_recipient_stay_until_our_side_changes() -> None:
    state = State(inlined(PLAN, [{**MEASURE_1, "status": "draft"}]))
    native = MAPPING.get(state, IDS)
    native["activity"][0]["detail"] |= {"status": "scheduled", "statusReason": {"text": "venter på time"}}
    held = MAPPING.put(native, state, IDS)
    assert held.focus["ServiceRequest/t1"]["status"] == "draft"
    moved = State({**held.focus, "ServiceRequest/t1": {**MEASURE_1, "status": "active"}}, held.rest)
    detail = MAPPING.get(moved, IDS)["activity"][0]["detail"]
    assert (detail["status"], detail["statusReason"]) == ("in-progress", {"text": "venter på time"})


def test_an_activity_without_our_mark_is_known_by_its_code() -> None:
    state = State(inlined(PLAN, [MEASURE_1]))
    native = MAPPING.get(state, IDS)
    del native["activity"][0]["extension"]
    native["activity"][0]["detail"]["status"] = "completed"
    assert MAPPING.put(native, state, IDS).focus["ServiceRequest/t1"]["status"] == "completed"


def test_a_measure_that_a_recipient_adds_is_new_and_the_same_each_time_it_is_read() -> None:
    native = {**PLAN, "id": "7", "activity": [{"detail": {"status": "in-progress", "description": "Ny"}}]}
    first, second = MAPPING.put(native, EMPTY, IDS), MAPPING.put(native, EMPTY, IDS)
    assert first == second
    (slot,) = [s for s in first.focus if is_inlined(s)]
    made = new_measure(first.focus[slot], "CarePlan/p", "Patient/emma")
    assert (made["intent"], made["status"], made["note"]) == ("plan", "active", [{"text": "Ny"}])
    assert made["extension"] == [{"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/p"}}]


def test_a_measure_that_a_recipient_takes_out_is_not_held_there_any_more() -> None:
    state = State(inlined(PLAN, [MEASURE_1]))
    native = MAPPING.get(state, IDS)
    del native["activity"]
    assert MAPPING.put(native, state, IDS).focus == {ITEM: PLAN}
