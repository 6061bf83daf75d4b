"""lysglimt, notat, melding and overfoering as Communication, told apart by category."""

from __future__ import annotations

import pytest

from mappings import reading
from mappings.canonical import ENTRY_KIND, extension, identifier_system
from mappings.model import ITEM, State
from tests.mappings.factories import LOG, PLAN, get, item, put, record

TIME = "2026-10-29T13:02:10.5+01:00"


@pytest.mark.parametrize("kind", ["lysglimt", "notat", "melding", "overfoering"])
def test_each_kind_says_what_it_is_and_when(kind: str) -> None:
    focal = item(record(kind, tidspunkt=TIME))
    assert focal["resourceType"] == "Communication"
    assert focal["status"] == "completed"
    assert focal["category"] == [{"coding": [{"system": ENTRY_KIND, "code": kind}]}]
    assert focal["sent"] == TIME
    assert get(State({ITEM: focal}))["type"] == kind


def test_observation_and_interpretation_are_parts_of_their_own() -> None:
    native = record("notat", tolkning="Redd", observasjon="Står alene", tekst="To uker", vedlegg=["dok1"])
    parts = item(native)["payload"]
    marks = {e["valueCode"]: p["contentString"] for p in parts for e in p.get("extension", [])}
    assert marks == {"observasjon": "Står alene", "tolkning": "Redd"}
    assert {"contentString": "To uker"} in parts
    assert {"contentReference": {"reference": "DocumentReference/x1"}} in parts
    assert all(e["url"] == extension("del") for p in parts for e in p.get("extension", []))
    assert get(State(put(native).focus)) == native


def test_a_note_with_an_observation_alone_has_no_text() -> None:
    assert "tekst" not in get(State(put(record("notat", observasjon="Alene")).focus))


def test_a_message_knows_its_thread_and_what_it_answers() -> None:
    native = record(
        "melding", traad="tr1", svarPaa="me1", emne="SV: Møte", tekst="Ja", mottakere=["d1", "d2"]
    )
    focal = item(native)
    assert focal["identifier"] == [{"system": identifier_system("thread"), "value": "tr1"}]
    assert focal["inResponseTo"] == [{"reference": "Communication/y1"}]
    assert focal["topic"] == {"text": "SV: Møte"}
    assert focal["recipient"] == [{"reference": "PractitionerRole/r1"}, {"reference": "RelatedPerson/f1"}]
    assert get(State(put(native).focus)) == native
    assert LOG.describe(native).needs == ("logg", "me1", "d1", "d2")


def test_a_stranger_s_communication_is_a_message() -> None:
    theirs = {
        "resourceType": "Communication",
        "id": "h",
        "status": "completed",
        "payload": [{"contentString": "Hei"}],
        "recipient": [{"reference": "Patient/p1"}],
    }
    native = get(State({ITEM: theirs}), PLAN)
    assert (native["type"], native["tekst"]) == ("melding", "Hei")
    assert "mottakere" not in native
    assert reading.category_of(theirs) == {"melding"}


def test_a_hand_over() -> None:
    native = record("overfoering", fra="d1", til="d2", grunn="Vedtak", vedtak="BV-2026-0117", tidspunkt=TIME)
    focal = item(native)
    assert (focal["sender"], focal["recipient"]) == (
        {"reference": "PractitionerRole/r1"},
        [{"reference": "RelatedPerson/f1"}],
    )
    assert focal["identifier"] == [{"system": identifier_system("vedtak"), "value": "BV-2026-0117"}]
    assert focal["reasonCode"] == [{"text": "Vedtak"}]
    assert reading.category_of(focal) == {"plan"}


@pytest.mark.parametrize("kind", ["lysglimt", "notat", "overfoering"])
def test_kinds_the_plan_does_not_have(kind: str) -> None:
    assert PLAN.slots(item(record(kind))) is None
