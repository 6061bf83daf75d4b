"""What a record owns in FHIR follows it in everything that decides who may see it, and in its withdrawal."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.canonical import (
    ACT_CODE,
    BELONGS_TO,
    CONFIDENTIALITY,
    JOURNAL_ACCESS,
    RECORDED_IN_ERROR,
    THIRD_PERSON,
    identifier_system,
)
from mappings.lens.owned import following, linked, provenance
from mappings.lens.ways import Names, way
from mappings.model import Ids, Json, Resource, State
from tests.mappings.factories import get, put, record

FRAME = {"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/c1"}}
THIRD = {"url": THIRD_PERSON, "valueReference": {"reference": "RelatedPerson/f1"}}
FOREIGN = {"url": "urn:foreign", "valueString": "theirs"}
ERROR = {"tidspunkt": "2026-11-01T10:00:00+01:00"}


def mark(status: str | None = None) -> Resource:
    time = {"url": "tidspunkt", "valueDateTime": ERROR["tidspunkt"]}
    before = [] if status is None else [{"url": "status", "valueCode": status}]
    return {"url": RECORDED_IN_ERROR, "extension": [time, *before]}


def observation(*extensions: Json, status: str = "final", **members: Any) -> Resource:
    found = {"resourceType": "Observation", "id": "h-effekt", "status": status, **members}
    return {**found, "extension": list(extensions)} if extensions else found


def measure(*extensions: Json, **members: Any) -> Resource:
    found = {"resourceType": "ServiceRequest", "id": "h", **members}
    return {**found, "extension": list(extensions)} if extensions else found


def labels(*systems: str) -> dict[str, Any]:
    return {"security": [{"system": system, "code": "x"} for system in systems]}


def test_it_takes_the_log_and_the_third_persons_of_its_record_and_keeps_what_is_foreign() -> None:
    old = {"url": BELONGS_TO, "valueReference": {"reference": "CarePlan/old"}}
    after = following(observation(old, FOREIGN, THIRD), measure(FRAME, THIRD, {"url": "urn:x"}))
    assert after["extension"] == [FOREIGN, FRAME, THIRD]
    assert "extension" not in following(observation(old), measure())


@pytest.mark.parametrize("label", [JOURNAL_ACCESS, ACT_CODE, CONFIDENTIALITY])
def test_it_takes_each_kind_of_label_of_its_record_and_keeps_others(label: str) -> None:
    own = observation(meta={**labels("urn:own", label), "source": "s"})
    after = following(own, measure(meta=labels("urn:item", label)))
    assert after["meta"] == {"source": "s", **labels("urn:own", label)}
    assert following(own, measure())["meta"] == {"source": "s", **labels("urn:own")}
    assert "meta" not in following(observation(meta=labels(label)), measure())


def test_one_that_follows_already_is_the_same_value() -> None:
    own = observation(FOREIGN, FRAME)
    assert following(own, measure(FRAME)) is own


def test_it_is_withdrawn_with_its_record_and_its_mark_keeps_the_status_it_had() -> None:
    gone = following(observation(FOREIGN, FRAME, status="amended"), measure(FRAME, mark("active")))
    assert gone["status"] == "entered-in-error"
    assert gone["extension"] == [FOREIGN, FRAME, mark("amended")]
    assert following(gone, measure(FRAME, mark("active"))) is gone
    assert following(gone, measure(FRAME)) == observation(FOREIGN, FRAME, status="amended")


def test_the_mark_follows_what_the_record_says_of_its_withdrawal() -> None:
    gone = following(observation(status="amended"), measure(mark()))
    later = {"url": RECORDED_IN_ERROR, "extension": [{"url": "tidspunkt", "valueDateTime": "2026-12-01"}]}
    assert following(gone, measure(later))["extension"] == [
        {**later, "extension": [*later["extension"], {"url": "status", "valueCode": "amended"}]}
    ]


def test_one_that_was_withdrawn_before_stays_so_without_a_mark() -> None:
    alone = observation(FRAME, status="entered-in-error")
    assert following(alone, measure(FRAME, mark())) is alone
    assert following(alone, measure(FRAME)) is alone


def test_one_whose_mark_has_lost_the_status_begins_again() -> None:
    lost = observation(mark(), status="entered-in-error")
    assert following(lost, measure(), "final") == observation()
    assert following(lost, measure(mark()), "final") == observation(mark("final"), status="entered-in-error")


def test_a_mark_on_one_that_others_have_taken_up_again_goes_with_that_of_its_record() -> None:
    assert following(observation(mark(), status="amended"), measure(), "final")["status"] == "amended"


def test_the_status_of_a_stranger_survives_a_withdrawal_of_the_record() -> None:
    said = record("tiltak", effekt={"tekst": "Hjalp"})
    state = put(said)
    focus = {**state.focus, "effekt": {**state.focus["effekt"], "status": "amended"}}
    gone = put({**said, "feilregistrert": ERROR}, state=State(focus, state.rest))
    assert gone.focus["effekt"]["status"] == "entered-in-error"
    assert put(said, state=gone).focus["effekt"] == focus["effekt"]
    assert get(gone) == {**said, "feilregistrert": ERROR}


def test_a_link_to_it_is_written_once_beside_others() -> None:
    link = way("outcomeReference", Names({}, {}))
    other = {"reference": "Observation/other"}
    both = {"outcomeReference": [other, {"reference": "Observation/o"}]}
    assert linked({"outcomeReference": [other]}, link, "Observation/o") == both
    assert linked(both, link, "Observation/o") is both
    assert linked({}, link, "Observation/o") == {"outcomeReference": [{"reference": "Observation/o"}]}


def test_until_someone_is_named_the_system_itself_has_written() -> None:
    who = {"identifier": {"system": identifier_system("system"), "value": "logg"}}
    made = provenance(measure(), Ids("Patient/p", "CarePlan/c", "logg"))
    assert (made["resourceType"], made["id"]) == ("Provenance", "h-provenance")
    assert made["target"] == [{"reference": "ServiceRequest/h"}]
    (agent,) = made["agent"]
    assert agent["who"] == who
    assert agent["type"]["coding"] == [
        {
            "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
            "code": "enterer",
        }
    ]
