"""Withdrawal as the fields see it, where another system has had its hands on the resource."""

from __future__ import annotations

import pytest

from mappings.canonical import MARK, RECORDED_IN_ERROR
from mappings.lens.views import withdrawal
from mappings.model import ITEM, NotExpressible, Resource, State
from tests.mappings.factories import get, put, record

ERROR = {"tidspunkt": "2026-11-01T10:00:00+01:00", "grunn": "Feil barn"}
START, END = "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z"


def changed(state: State, **members: object) -> State:
    """The state after another system has changed members of its resource; None takes one away."""
    item = {k: v for k, v in {**state.focus[ITEM], **members}.items() if v is not None}
    return State({**state.focus, ITEM: item}, state.rest)


def test_a_withdrawal_that_another_system_took_back_is_gone_when_the_record_no_longer_says_it() -> None:
    withdrawn = put(record("tiltak", status="paagaar", feilregistrert=ERROR))
    revived = State({**withdrawn.focus, ITEM: {**withdrawn.focus[ITEM], "status": "active"}}, withdrawn.rest)
    said = record("tiltak", status="paagaar")
    after = put(said, state=revived)
    assert after.focus[ITEM]["status"] == "active"
    assert after.focus[ITEM].get("extension") == put(said).focus[ITEM].get("extension")
    assert get(after) == said


def test_a_withdrawal_that_was_taken_back_elsewhere_is_said_again_with_the_next_write() -> None:
    withdrawn = put(record("tiltak", status="paagaar", feilregistrert=ERROR))
    revived = State({**withdrawn.focus, ITEM: {**withdrawn.focus[ITEM], "status": "active"}}, withdrawn.rest)
    said = record("tiltak", status="paagaar", feilregistrert=ERROR, tittel="Ny")
    after = put(said, state=revived)
    assert after.focus[ITEM]["status"] == "entered-in-error"
    assert get(after) == said


@pytest.mark.parametrize(
    ("times", "status"),
    [
        ({"tid": "2026-11-01T10:00:00Z", "slutt": "2026-11-01T11:00:00Z"}, "entered-in-error"),
        (
            {"tid": "2026-11-01T10:00:00Z"},
            "cancelled",
        ),  # app-3: without an end it must not be entered-in-error
        ({}, "cancelled"),
    ],
)
def test_a_withdrawn_meeting_has_the_status_that_fhir_allows_it(times: dict[str, str], status: str) -> None:
    said = record("moete", feilregistrert=ERROR, **times)
    item = put(said).focus[ITEM]
    assert item["status"] == status
    tags = [tag["code"] for tag in item.get("meta", {}).get("tag", ())]
    assert tags == ([] if status == "entered-in-error" else ["withdrawn"])
    assert get(put(said)) == said


def test_one_that_another_system_has_marked_as_withdrawn_is_withdrawn_since_its_last_version() -> None:
    focus = dict(put(record("deltaker", rolle="aktoer")).focus)
    mark = {"system": MARK, "code": "withdrawn"}
    focus[ITEM] = {**focus[ITEM], "meta": {"tag": [mark], "lastUpdated": "2026-11-02T00:00:00Z"}}
    focus.pop("provenance")
    assert get(State(focus))["feilregistrert"] == {"tidspunkt": "2026-11-02T00:00:00Z"}
    focus["provenance"] = put(record("deltaker", rolle="aktoer")).focus["provenance"]
    assert get(State(focus))["feilregistrert"] == {"tidspunkt": focus["provenance"]["recorded"]}


def test_one_that_nobody_says_when_was_withdrawn_is_not_told_of() -> None:
    focus = {ITEM: {**put(record("tiltak")).focus[ITEM], "status": "entered-in-error"}}
    with pytest.raises(NotExpressible) as refused:
        get(State(focus))
    assert refused.value.reason == "Posten er registrert som feil, men det er ikke kjent når."


def test_an_appointment_that_has_a_start_alone_is_cancelled_when_it_is_withdrawn() -> None:
    mark = {"url": RECORDED_IN_ERROR, "extension": [{"url": "tidspunkt", "valueDateTime": START}]}
    view: Resource = {"resourceType": "Appointment", "status": "booked", "extension": [mark]}
    close = withdrawal("status", native_code=False).close
    assert close({**view, "start": START})["status"] == "cancelled"
    assert close({**view, "end": END})["status"] == "cancelled"
    assert close({**view, "start": START, "end": END})["status"] == "entered-in-error"


def test_an_attendant_of_whom_nothing_is_said_has_yet_to_answer() -> None:
    state = put(record("moete", oppmoete=[{"deltaker": "d2"}]))
    assert [p["status"] for p in state.focus[ITEM]["participant"]] == ["needs-action", "needs-action"]


def test_a_meeting_is_held_when_somebody_came_or_stayed_away_and_booked_until_then() -> None:
    times = {"tid": START, "slutt": END}
    booked = put(record("moete", **times))
    for status in ("deltok", "uteble"):
        held = put(record("moete", oppmoete=[{"deltaker": "d2", "status": status}], **times), state=booked)
        assert held.focus[ITEM]["status"] == "fulfilled"
        assert put(record("moete", **times), state=held).focus[ITEM]["status"] == "booked"
    invited = put(record("moete", oppmoete=[{"deltaker": "d2", "status": "forfall"}], **times), state=booked)
    assert invited.focus[ITEM]["status"] == "booked"


@pytest.mark.parametrize(
    ("status", "kept"), [("waitlist", True), ("cancelled", True), ("booked", False), ("arrived", False)]
)
def test_a_meeting_without_an_end_has_a_status_that_fhir_allows_without_it(status: str, kept: bool) -> None:
    theirs = changed(put(record("moete", tid=START, slutt=END)), status=status)
    after = put(record("moete", tid=START), state=theirs).focus[ITEM]
    assert after["status"] == (status if kept else "proposed")


@pytest.mark.parametrize(
    "times", [{"tid": "2026-11-01", "slutt": END}, {"tid": START, "slutt": "2026-11-02"}, {"slutt": END}]
)
def test_a_meeting_that_has_no_clock_on_both_has_no_times_in_fhir(times: dict[str, str]) -> None:
    state = put(record("moete", **times))
    assert {"start", "end"}.isdisjoint(state.focus[ITEM])
    assert get(State(state.focus)) == record("moete", **times)


def test_a_consent_that_does_not_hold_is_not_told_of_and_the_reason_is_given() -> None:
    with pytest.raises(NotExpressible) as refused:
        get(changed(put(record("samtykke")), status="rejected"))
    assert refused.value.reason == "Samtykket gjelder ikke, og mottakeren har ingen form for det."
