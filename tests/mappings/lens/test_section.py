"""Record types as a whole: what is of the type, and fields that share a place in FHIR."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.lens.declaration import BadDeclaration
from mappings.model import ITEM, Problem, RecordRefused, State
from tests.mappings.factories import LOG, get, ids, put, record, small

SHARED = """
[section.maal.fields]
ord = { branches = "ord" }
tekst = { to = "description.text", also = ["description.coding[0].display"] }

[branches.ord]
ja = { "description.coding[0].display" = "ja" }
nei = { "description.coding[0].display" = "nei" }
"""


def goal(**fields: Any) -> dict[str, Any]:
    return record("maal", "plan", **fields)


@pytest.mark.parametrize(
    ("section", "resource", "known"),
    [
        ("maal", {"resourceType": "Goal"}, True),
        ("maal", {"resourceType": "CarePlan"}, False),
        ("maal", {}, False),
        ("tiltak", {"resourceType": "ServiceRequest"}, True),
        ("henvisning", {"resourceType": "ServiceRequest"}, False),
        ("melding", {"resourceType": "Communication"}, True),
        ("notat", {"resourceType": "Communication"}, False),
    ],
)
def test_a_resource_is_of_a_type_by_its_own_type_and_where_that_says_little_by_its_kind(
    section: str, resource: dict[str, Any], known: bool
) -> None:
    assert LOG.section(section).knows(resource) is known


def test_a_wrong_way_to_the_kind_is_named_by_its_rule() -> None:
    with pytest.raises(BadDeclaration) as bad:
        small('kind = { at = "category[1]", is = "maal" }')
    assert bad.value.where == "section.maal.kind"


def test_a_code_whose_place_another_field_has_cleared_is_said_again() -> None:
    mapping = small(SHARED)
    state = put(goal(ord="ja"), mapping)
    assert get(State(state.focus), mapping) == goal(ord="ja", tekst="ja")
    after = put(goal(ord="ja", tekst="Lese"), mapping, state)
    assert after.focus[ITEM]["description"] == {"text": "Lese", "coding": [{"display": "ja"}]}
    assert get(State(after.focus), mapping) == goal(ord="ja", tekst="Lese")


def test_a_writer_is_said_again_where_another_first_author_has_taken_the_place() -> None:
    said = record("lysglimt", tekst="Lo", opprettetAv="d1")
    focus = dict(put(said).focus)
    (_, author) = focus["provenance"]["agent"]
    focus["provenance"] = {**focus["provenance"], "agent": [author]}
    state = State(focus)
    assert get(state) == said
    after = put({**said, "opprettetAv": "d2"}, state=state)
    assert get(State(after.focus)) == {**said, "opprettetAv": "d2"}


def test_a_stranger_s_resource_gets_no_kind_when_it_can_do_without() -> None:
    theirs = {"resourceType": "ServiceRequest", "id": "h", "status": "active", "intent": "order"}
    state = State({ITEM: theirs})
    after = put({**get(state), "endret": "2026-01-01T00:00:00Z", "tittel": "Lesing"}, state=state)
    assert after.focus[ITEM] == {**theirs, "code": {"text": "Lesing"}}


def test_a_record_that_has_become_another_kind_is_refused_with_what_to_do() -> None:
    sentence = "Posten har blitt en annen slags post enn den var. Opprett en ny post i stedet."
    new = record("deltaker", rolle="foresatt")
    for state in (State({}), put(record("deltaker", rolle="aktoer"))):
        with pytest.raises(RecordRefused) as refused:
            LOG.put(new, state, ids("PractitionerRole/h"))
        assert refused.value.record_id == "own"
        assert refused.value.problems == (Problem("", sentence, "changed-kind"),)
