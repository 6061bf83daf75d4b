"""What the hub knows of a child becomes what a text is searched for: names, birth date, numbers, places and
phones."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.anonymous import Finding, What, findings
from gateway.welfare import wording
from gateway.welfare.identity import known_of

ENH = "urn:oid:2.16.578.1.12.4.1.4.101"
PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "birthDate": "2017-03-14",
    "name": [{"family": "Testesen", "given": ["Emma Sofie", "Nygård"]}],
    "identifier": [{"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "14831770229"}],
    "telecom": [{"system": "phone", "value": "+47 998 87 766"}, {"system": "email", "value": "e@x.example"}],
    "address": [{"line": ["Kråkeslottet 4"], "city": "Langtvekkistan"}],
}
OTHERS = [
    {"resourceType": "RelatedPerson", "name": [{"text": "Ingrid T."}], "identifier": [{"value": "a1"}]},
    {"resourceType": "Goal", "expressedBy": {"reference": "Practitioner/x", "display": "Per Rådgiver"}},
    {"resourceType": "Goal", "addresses": [{"reference": "Condition/x", "display": "Uro"}]},
    {
        "resourceType": "PractitionerRole",
        "organization": {
            "identifier": {"system": ENH, "value": "362819482"},
            "display": "Solvang barneskole",
        },
    },
    {"resourceType": "CarePlan", "identifier": [{"value": "2026/01423"}, {"value": "CarePlan/17"}]},
]


def found(text: str, *resources: dict[str, Any]) -> set[tuple[str, What]]:
    known = known_of(resources or (PATIENT, *OTHERS))
    return {(text[f.start : f.end], f.what) for f in findings(text, known) if f.certain}


@pytest.mark.parametrize(
    ("piece", "what"),
    [
        ("emma", What.NAME),
        ("nygård", What.NAME),
        ("testesens", What.NAME),
        ("ingrid", What.NAME),
        ("rådgiver", What.NAME),
        ("14.3.2017", What.DATE),
        ("14831770229", What.ID),
        ("148317 70229", What.ID),
        ("99887766", What.ID),
        ("99 88 77 66", What.ID),
        ("998 87 766", What.ID),
        ("e@x.example", What.ID),
        ("2026/01423", What.ID),
        ("kråkeslottet", What.PLACE),
        ("langtvekkistan", What.PLACE),
        ("solvang", What.PLACE),
        ("362819482", What.PLACE),
    ],
)
def test_it_is_searched_for(piece: str, what: What) -> None:
    assert (piece, what) in found(f"her er {piece} nå")


@pytest.mark.parametrize("piece", ["uro", "a1", "CarePlan/17", "skole", "barneskole"])
def test_what_is_no_mark_of_the_child_is_left(piece: str) -> None:
    assert found(f"her er {piece} nå") == set()


@pytest.mark.parametrize("born", ["2017-03", "i fjor", 7, None])
def test_a_birth_date_that_is_none_is_left(born: Any) -> None:
    assert known_of([{"resourceType": "Patient", "birthDate": born}]).born is None
    assert known_of([{"resourceType": "Patient", "birthDate": "2017-03-14"}]).born == date(2017, 3, 14)


_JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "given", "family", "text", "identifier", "value", "telecom", "display", "type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(["name", "identifier", "telecom", "x"]), _JSON), max_size=3))
def test_any_json_is_read(resources: list[dict[str, Any]]) -> None:
    for one in findings("Emma 99887766", known_of(resources)):
        assert all(wording.reason(one))


def test_there_is_a_sentence_for_every_kind_of_finding() -> None:
    sentences = {wording.reason(Finding(0, 1, what, certain)) for what in What for certain in (True, False)}
    assert len(sentences) == 2 * len(What)
