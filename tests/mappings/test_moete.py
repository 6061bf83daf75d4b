"""moete as Appointment; text minutes as a Communication of its own."""

from __future__ import annotations

from typing import Any

import pytest

from mappings import reading
from mappings.canonical import extension
from mappings.model import ITEM, RecordRefused, State
from tests.mappings.factories import LOG, get, item, put, record

START, END = "2026-05-04T10:00:00+02:00", "2026-05-04T11:00:00.5+02:00"


def moete(**fields: Any) -> dict[str, Any]:
    return record("moete", slag="samarbeidsmoete", tid=START, **fields)


def test_a_meeting_with_both_times_is_booked_and_then_held() -> None:
    meeting = item(moete(slutt=END))
    assert (meeting["start"], meeting["end"], meeting["status"]) == (START, END, "booked")
    held = item(moete(slutt=END, oppmoete=[{"deltaker": "d1", "status": "deltok"}]))
    assert held["status"] == "fulfilled"


def test_without_an_end_none_is_invented() -> None:
    state = put(moete())
    meeting = state.focus[ITEM]
    assert not {"start", "end"} & set(meeting)
    assert meeting["status"] == "proposed"
    assert {"url": extension("moete-tid"), "valueDateTime": START} in meeting["extension"]
    assert get(State(state.focus)) == moete()


def test_an_end_that_comes_later_makes_it_whole_and_may_go_again() -> None:
    whole = put(moete(slutt=END), state=put(moete()))
    assert whole.focus[ITEM] == item(moete(slutt=END))
    assert put(moete(), state=whole).focus[ITEM]["status"] == "proposed"


def test_a_stranger_s_status_stays() -> None:
    state = put(moete(slutt=END))
    theirs = State({**state.focus, ITEM: {**state.focus[ITEM], "status": "arrived"}})
    assert put(moete(slutt=END, sted="Rådhuset"), state=theirs).focus[ITEM]["status"] == "arrived"


@pytest.mark.parametrize(
    ("status", "derived"),
    [("invitert", "needs-action"), ("deltok", "accepted"), ("forfall", "declined"), ("uteble", "tentative")],
)
def test_attendance(status: str, derived: str) -> None:
    _, person = item(moete(oppmoete=[{"deltaker": "d2", "status": status}]))["participant"]
    assert person["actor"] == {"reference": "RelatedPerson/f1"}
    assert person["status"] == derived
    assert person["extension"] == [{"url": extension("oppmoete"), "valueCode": status}]


def test_the_child_is_always_among_the_participants() -> None:
    assert item(moete())["participant"] == [{"actor": {"reference": "Patient/p1"}, "status": "needs-action"}]


def test_place_agenda_kind_and_minutes_as_a_document() -> None:
    native = moete(
        sted="Rådhuset",
        agenda="1. Hva\n2. Hvem",
        referatDokument="dok1",
        oppmoete=[{"deltaker": "d1", "status": "deltok"}],
    )
    meeting = item(native)
    assert meeting["appointmentType"]["coding"][0]["code"] == "samarbeidsmoete"
    assert meeting["description"] == "1. Hva\n2. Hvem"
    assert any(p["actor"].get("display") == "Rådhuset" for p in meeting["participant"])
    assert meeting["supportingInformation"] == [{"reference": "DocumentReference/x1"}]
    assert get(State(put(native).focus)) == native


def test_what_the_child_said() -> None:
    native = moete(barnetDeltar={"deltar": False, "begrunnelse": "Ville ikke", "barnetsMening": "Færre folk"})
    (said,) = [e for e in item(native)["extension"] if e["url"] == extension("barnet-deltar")]
    assert {"url": "deltar", "valueBoolean": False} in said["extension"]
    assert get(State(put(native).focus)) == native


def test_text_minutes_are_a_communication_about_the_meeting() -> None:
    native = moete(referat="Alle held på sitt.")
    minutes = put(native).focus["referat"]
    assert minutes["id"] == "h-referat"
    assert minutes["about"] == [{"reference": "Appointment/h"}]
    assert minutes["payload"] == [{"contentString": "Alle held på sitt."}]
    assert reading.category_of(minutes) == {"moete"}
    assert LOG.slots(minutes) is None
    gone = put(moete(), state=put(native))
    assert gone.focus["referat"]["status"] == "entered-in-error"
    assert get(gone) == moete()


def test_an_attendant_keeps_what_others_said_of_them() -> None:
    state = put(moete(oppmoete=[{"deltaker": "d1", "status": "invitert"}]))
    people = [{**p, "period": {"start": START}} for p in state.focus[ITEM]["participant"]]
    theirs = State({**state.focus, ITEM: {**state.focus[ITEM], "participant": people}})
    native = moete(oppmoete=[{"deltaker": "d2"}, {"deltaker": "d1", "status": "deltok"}])
    after = put(native, state=theirs).focus[ITEM]["participant"]
    assert [p.get("period") for p in after if p["actor"].get("reference") == "PractitionerRole/r1"] == [
        {"start": START}
    ]
    assert get(put(native, state=theirs)) == native


def test_an_attendant_without_a_name_is_refused() -> None:
    with pytest.raises(RecordRefused) as refused:
        LOG.describe(moete(oppmoete=[{"deltaker": "d1"}, {"status": "deltok"}]))
    assert [p.field for p in refused.value.problems] == ["oppmoete[1].deltaker"]
