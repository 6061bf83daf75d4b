"""Withdrawal as the fields see it, where another system has had its hands on the resource."""

from __future__ import annotations

import pytest

from mappings.canonical import MARK
from mappings.model import ITEM, State
from tests.mappings.factories import get, put, record

ERROR = {"tidspunkt": "2026-11-01T10:00:00+01:00", "grunn": "Feil barn"}


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
