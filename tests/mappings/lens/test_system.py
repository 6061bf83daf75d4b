"""A mapping as a whole: which record type a record or resource belongs to, and what it is called."""

from __future__ import annotations

import pytest

from mappings import load
from mappings.model import EMPTY, ITEM, Json, NotExpressible, Problem, RecordRefused, State
from tests.mappings.factories import LOG, get, ids, put, record, small

X = load("leverandoer-x")


@pytest.mark.parametrize(
    ("native", "label"),
    [
        ({"type": "maal", "id": "a"}, ("maal", "a")),
        ({"type": "kake", "id": "a"}, ("kake", "a")),
        ({"type": 7, "id": "a"}, (None, "a")),
        ({"type": ["maal"], "id": 7}, (None, None)),
        ({}, (None, None)),
        (["maal"], (None, None)),
        (None, (None, None)),
    ],
)
def test_a_record_names_itself_as_far_as_it_can(native: Json, label: tuple[str | None, str | None]) -> None:
    assert LOG.label(native) == label


def test_the_id_of_a_record_is_made_as_its_type_says() -> None:
    row = {"LoggNr": "7", "RadNr": "2"}
    assert X.label({**row, "Radtype": "MÅL"}) == ("MÅL", "7/2")
    assert X.label({**row, "Radtype": "LOGG"}) == ("LOGG", "7")
    assert X.label({**row, "Radtype": "KAKE"}) == ("KAKE", "7/2")
    assert X.named({**row, "Radtype": "MÅL"}, "8/3") == {"LoggNr": "8", "RadNr": "3", "Radtype": "MÅL"}
    assert X.named({**row, "Radtype": "LOGG"}, "8") == {"LoggNr": "8", "RadNr": "2", "Radtype": "LOGG"}
    strange = {**row, "Radtype": "KAKE"}
    assert X.named(strange, "8") is strange


@pytest.mark.parametrize(
    ("role", "resource"),
    [("aktoer", "PractitionerRole"), ("foresatt", "RelatedPerson"), ("ukjent", "PractitionerRole"),
     (None, "PractitionerRole")],
)  # fmt: skip
def test_of_two_forms_of_a_type_the_record_s_own_words_choose_and_else_the_first(
    role: Json, resource: str
) -> None:
    state = LOG.put({"type": "deltaker", "id": "own", "rolle": role}, EMPTY, ids(f"{resource}/h"))
    assert state.focus[ITEM]["resourceType"] == resource


def test_words_that_are_no_text_choose_nothing_and_are_refused() -> None:
    with pytest.raises(RecordRefused) as refused:
        LOG.describe(record("deltaker", rolle=["foresatt"]))
    assert [problem.field for problem in refused.value.problems] == ["rolle"]


def test_a_record_of_no_type_of_ours_is_refused_by_its_id() -> None:
    unknown = Problem("type", "Posttypen finnes ikke i dette formatet.", "unknown-type")
    with pytest.raises(RecordRefused) as refused:
        LOG.put({"type": "kake", "id": "a"}, EMPTY, ids("Goal/h"))
    assert (refused.value.record_id, refused.value.problems) == ("a", (unknown,))
    for native, known in (({"type": "kake", "id": "a"}, "a"), ([], None)):
        with pytest.raises(RecordRefused) as refused:
            LOG.describe(native)  # type: ignore[arg-type]
        assert refused.value.record_id == known


def test_a_resource_of_no_type_of_ours_has_no_form_here() -> None:
    theirs = {"resourceType": "Immunization", "id": "h"}
    assert LOG.slots(theirs) is None
    assert LOG.slots({"id": "h"}) is None
    with pytest.raises(NotExpressible) as refused:
        get(State({ITEM: theirs}))
    assert refused.value.reason == "Mottakeren har ingen posttype for dette."


def test_what_a_record_must_have_and_fhir_does_not_say_makes_it_untold() -> None:
    with pytest.raises(NotExpressible) as refused:
        get(State({ITEM: {"resourceType": "Goal", "id": "h", "lifecycleStatus": "active"}}))
    assert refused.value.reason == "«tekst» mangler, og mottakeren må ha det."


def test_who_wrote_and_the_log_are_no_reason_to_leave_a_record_untold() -> None:
    bare = {"resourceType": "Goal", "id": "h", "lifecycleStatus": "active", "description": {"text": "x"}}
    without = {"type": "maal", "id": "own", "tekst": "x", "status": "aktiv"}
    assert get(State({ITEM: bare})) == {**without, "logg": "logg"}
    elsewhere = ids("Goal/h").natives
    known = {ref: own for ref, own in elsewhere.items() if ref != "CarePlan/c1"}
    named = ids("Goal/h")
    told = LOG.get(State({ITEM: bare}), type(named)(named.subject, named.frame, named.system, {}, known))
    assert told == without


def test_the_slots_of_a_resource_are_its_own_and_its_person_s() -> None:
    goal = {"resourceType": "Goal", "id": "h", "subject": {"reference": "Patient/p1"}}
    assert LOG.slots(goal) == {
        "item": "Goal/h", "provenance": "Provenance/h-provenance", "evaluering": "Observation/h-evaluering",
    }  # fmt: skip
    plan = put(record("stafettlogg", barn={"foedt": "2010-01-01"})).focus[ITEM]
    assert LOG.slots(plan) == {
        "item": "CarePlan/h", "provenance": "Provenance/h-provenance", "barn": "Patient/p1",
    }  # fmt: skip
    nobody = {key: value for key, value in plan.items() if key != "subject"}
    assert "barn" not in (LOG.slots(nobody) or {})


def test_a_section_is_found_by_its_name_and_only_by_that() -> None:
    assert LOG.section("familie").type == "deltaker"
    with pytest.raises(KeyError):
        LOG.section("deltaker")


def test_a_mapping_has_the_name_of_its_system() -> None:
    assert small("").name == "liten"
