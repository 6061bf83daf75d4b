"""Withdrawal as the fields see it, where another system has had its hands on the resource."""

from __future__ import annotations

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
