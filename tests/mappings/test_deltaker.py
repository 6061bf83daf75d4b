"""deltaker: professionals as PractitionerRole with a contained Practitioner, family as RelatedPerson."""

from __future__ import annotations

from typing import Any

import pytest

from mappings import reading
from mappings.canonical import ENH, FNR, HPR, PARENTAL_RESPONSIBILITY, ROLE, TJENESTE
from mappings.model import ITEM, NotExpressible, RecordRefused, State
from tests.mappings.factories import LOG, PLAN, get, ids, item, put, record


def professional(**fields: Any) -> dict[str, Any]:
    return record("deltaker", rolle="aktoer", navn={"fornavn": "Odd", "etternavn": "Lege"}, **fields)


def relative(rolle: str = "foresatt", **fields: Any) -> dict[str, Any]:
    return record("deltaker", rolle=rolle, navn={"fornavn": "Ingrid", "etternavn": "Testesen"}, **fields)


def test_a_professional_is_a_role_with_a_contained_person() -> None:
    role = item(professional(hpr="9144919", tjeneste="fastlege", fra="2026-08-31", til="2026-12-31"))
    assert role["practitioner"] == {"reference": "#person"}
    (person,) = role["contained"]
    assert (person["resourceType"], person["id"]) == ("Practitioner", "person")
    assert person["name"] == [{"given": ["Odd"], "family": "Lege"}]
    assert person["identifier"] == [{"system": HPR, "value": "9144919"}]
    assert role["code"] == [{"coding": [{"system": ROLE, "code": "aktoer"}]}]
    assert role["specialty"] == [{"coding": [{"system": TJENESTE, "code": "fastlege"}]}]
    assert role["period"] == {"start": "2026-08-31", "end": "2026-12-31"}


def test_the_organization_is_a_logical_reference() -> None:
    role = item(professional(enhet={"orgnr": "339825971", "navn": "Fjordbyen legesenter"}))
    assert role["organization"] == {
        "identifier": {"system": ENH, "value": "339825971"},
        "display": "Fjordbyen legesenter",
    }


def test_phone_and_login_identity() -> None:
    role = item(
        professional(telefon="+47 55 50 12 34", bruker={"utsteder": "https://id.no", "subjekt": "s1"})
    )
    assert role["telecom"] == [{"system": "phone", "value": "+47 55 50 12 34"}]
    (identifier,) = role["identifier"]
    assert (identifier["system"], identifier["value"]) == ("https://id.no", "s1")
    assert "identifier" not in reading.narrow(role, frozenset({"plan"}))


def test_what_a_participant_contributes_is_kept_by_the_plan_alone() -> None:
    native = record("deltaker", "plan", rolle="koordinator", bidrag="Kaller inn")
    assert get(State(put(native, PLAN).focus), PLAN)["bidrag"] == "Kaller inn"
    assert "bidrag" in (put(professional(bidrag="x")).rest or {})["keys"]


def test_a_relative_points_at_the_child() -> None:
    person = item(relative(fnr="09898504473", foreldreansvar="felles", fra="2026-02-09"))
    assert person["resourceType"] == "RelatedPerson"
    assert person["patient"] == {"reference": "Patient/p1"}
    assert person["identifier"] == [{"system": FNR, "value": "09898504473"}]
    codes = [(c["system"], c["code"]) for r in person["relationship"] for c in r["coding"]]
    assert codes == [(ROLE, "foresatt"), (PARENTAL_RESPONSIBILITY, "felles")]


def test_the_child_as_participant_is_oneself() -> None:
    codes = [c["code"] for r in item(relative("barn"))["relationship"] for c in r["coding"]]
    assert codes == ["barn", "ONESELF"]


@pytest.mark.parametrize("rolle", ["foresatt", "fosterforelder", "verge", "barn"])
def test_family_roles_read_back_from_fhir_alone(rolle: str) -> None:
    native = relative(rolle, tjeneste="frivillig", enhet={"orgnr": "974760673"}, hpr="1")
    assert get(State(put(native).focus)) == native


def test_participants_are_the_same_in_both_systems() -> None:
    there = get(State(put(professional(tjeneste="bup", hpr="1")).focus), PLAN)
    assert {**professional(tjeneste="bup", hpr="1"), "plan": "plan"} == {
        **there,
        "logg": "logg",
        "endretAv": "d1",
    }


def test_a_stranger_s_role_is_an_actor_and_a_stranger_s_relative_is_nobody_we_can_name() -> None:
    role = {"resourceType": "PractitionerRole", "id": "h", "organization": {"display": "BUP"}}
    native = get(State({ITEM: role}))
    assert (native["rolle"], native["enhet"]) == ("aktoer", {"navn": "BUP"})
    relative_of_theirs = {"resourceType": "RelatedPerson", "id": "h", "patient": {"reference": "Patient/p1"}}
    with pytest.raises(NotExpressible):
        get(State({ITEM: relative_of_theirs}))


def test_a_professional_does_not_become_a_relative() -> None:
    state = put(professional())
    with pytest.raises(RecordRefused) as refused:
        LOG.put(relative(), state, ids("PractitionerRole/h"))
    assert refused.value.problems[0].code == "changed-kind"


def test_a_participant_without_a_known_role_is_refused() -> None:
    for rolle, code in ((None, "missing"), ("sjef", "unknown-code")):
        with pytest.raises(RecordRefused) as refused:
            LOG.describe(record("deltaker", rolle=rolle))
        assert [(p.field, p.code) for p in refused.value.problems] == [("rolle", code)]


def test_withdrawn_participants_are_marked_and_inactive() -> None:
    role = item(professional(feilregistrert={"tidspunkt": "2026-11-01"}))
    assert role["active"] is False
    assert reading.in_error(role)
    assert reading.participant_of(role) is None
