"""stafettlogg and plan as CarePlan, with the child as Patient in a slot of its own."""

from __future__ import annotations

from typing import Any

import pytest

from mappings import reading
from mappings.canonical import ADDRESS_CONFIDENTIALITY, ENTRY_KIND, FNR, MIDDLE_NAME, code_system, extension
from mappings.model import ITEM, State
from tests.mappings.factories import LOG, PLAN, get, item, put, record

CHILD = {
    "fnr": "14831770229",
    "navn": {"fornavn": "Emma Sofie", "mellomnavn": "Nygård", "etternavn": "Testesen"},
    "foedt": "2017-03-14",
    "adressebeskyttelse": "fortrolig",
}
HISTORY = [
    {"nivaa": 1, "fra": "2026-02-09", "til": "2026-05-04", "begrunnelse": "Tiltak på skolen."},
    {"nivaa": 2, "fra": "2026-05-04", "begrunnelse": "PPT koblet på."},
]


def logg(**fields: Any) -> dict[str, Any]:
    return record("stafettlogg", barn=CHILD, status="aktiv", **fields)


def extensions(resource: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [e for e in resource.get("extension", []) if e["url"] == extension(name)]


def test_a_log_is_a_care_plan_of_its_kind() -> None:
    plan = item(logg(opprettet="2026-02-09", avsluttet="2026-08-24"))
    assert (plan["resourceType"], plan["intent"], plan["status"]) == ("CarePlan", "plan", "active")
    assert plan["category"] == [{"coding": [{"system": ENTRY_KIND, "code": "stafettlogg"}]}]
    assert (plan["created"], plan["period"]) == ("2026-02-09", {"end": "2026-08-24"})
    assert not {"goal", "activity", "careTeam"} & set(plan)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("opprettet", "draft"),
        ("aktiv", "active"),
        ("pauset", "on-hold"),
        ("avsluttet", "completed"),
        ("feilregistrert", "entered-in-error"),
    ],
)
def test_status(status: str, code: str) -> None:
    native = {**logg(), "status": status}
    assert item(native)["status"] == code
    assert get(put(native)) == native
    assert LOG.describe(native).withdrawn == (status == "feilregistrert")


def test_levels_and_their_history() -> None:
    plan = item(logg(nivaa=2, nivaahistorikk=HISTORY))
    level = {"system": code_system("bti-nivaa"), "code": "2"}
    assert extensions(plan, "nivaa") == [{"url": extension("nivaa"), "valueCoding": level}]
    first, second = extensions(plan, "nivaahistorikk")
    assert [part["url"] for part in first["extension"]] == ["nivaa", "fra", "til", "begrunnelse"]
    assert {"url": "fra", "valueDate": "2026-05-04"} in second["extension"]


def test_concerns_severity_unit_and_use_as_plan() -> None:
    unit = {"orgnr": "362819482", "navn": "Solvang barneskole"}
    plan = item(logg(bekymring=["vold", "mobbing"], alvorlighet="begge", enhet=unit, brukesSomIP=False))
    assert [e["valueCoding"]["code"] for e in extensions(plan, "bekymring")] == ["vold", "mobbing"]
    assert extensions(plan, "alvorlighet")[0]["valueCode"] == "begge"
    assert extensions(plan, "brukes-som-ip")[0]["valueBoolean"] is False
    assert plan["author"]["identifier"]["value"] == "362819482"
    assert plan["author"]["display"] == "Solvang barneskole"


def test_the_child_is_a_patient_with_norwegian_names_and_protection() -> None:
    child = put(logg()).focus["barn"]
    assert (child["resourceType"], child["id"], child["birthDate"]) == ("Patient", "p1", "2017-03-14")
    assert child["identifier"] == [{"system": FNR, "value": "14831770229"}]
    (name,) = child["name"]
    assert (name["given"], name["family"]) == (["Emma Sofie"], "Testesen")
    assert name["extension"] == [{"url": MIDDLE_NAME, "valueString": "Nygård"}]
    assert child["meta"]["security"] == [{"system": ADDRESS_CONFIDENTIALITY, "code": "fortrolig"}]


def test_the_value_set_url_is_accepted_as_code_system_of_protection() -> None:
    focus = dict(put(logg()).focus)
    as_value_set = ADDRESS_CONFIDENTIALITY.replace("CodeSystem", "ValueSet")
    focus["barn"] = {**focus["barn"], "meta": {"security": [{"system": as_value_set, "code": "fortrolig"}]}}
    assert get(State(focus))["barn"]["adressebeskyttelse"] == "fortrolig"
    assert reading.person_of(focus["barn"]).address_protection == "fortrolig"


def test_describe_names_the_person_and_the_time() -> None:
    heading = LOG.describe(logg())
    assert heading.is_frame
    assert heading.person is not None
    assert heading.person.identifiers == ((FNR, "14831770229"),)
    assert str(heading.person.born) == "2017-03-14"
    assert heading.changed.isoformat() == "2026-10-29T13:02:10.500000+01:00"
    assert heading.needs == ()


def test_a_level_history_entry_keeps_its_unknown_key_when_others_add_one() -> None:
    kept = [{**HISTORY[0], "hvem": "d1"}]
    state = put(logg(nivaahistorikk=kept))
    grown = put(logg(nivaahistorikk=HISTORY))
    assert get(State(grown.focus, state.rest))["nivaahistorikk"] == [*kept, HISTORY[1]]


def plan(**fields: Any) -> dict[str, Any]:
    return record("plan", person=CHILD, status="aktiv", **fields)


def test_a_plan_is_a_care_plan_of_another_kind() -> None:
    native = plan(
        periode={"fra": "2026-10-01", "til": "2027-10-01"},
        revisjoner=["2027-01-15", "2027-06-01"],
        koordinator="d1",
        ressurser="Glad i dyr",
        behov="Ro",
        samtykkeTekst="Begge",
        samarbeidsbehov="NAV",
        fortsetterFra={"system": "stafettlogg", "id": "amina-logg"},
    )
    resource = item(native, PLAN)
    assert resource["category"] == [{"coding": [{"system": ENTRY_KIND, "code": "individuell-plan"}]}]
    assert resource["period"] == {"start": "2026-10-01", "end": "2027-10-01"}
    assert [e["valueDate"] for e in extensions(resource, "revisjon")] == ["2027-01-15", "2027-06-01"]
    assert extensions(resource, "koordinator")[0]["valueReference"] == {"reference": "PractitionerRole/r1"}
    assert resource["replaces"][0]["identifier"]["value"] == "amina-logg"
    for name, key in (("ressurser", "ressurser"), ("behov", "behov"), ("samtykketekst", "samtykkeTekst")):
        assert extensions(resource, name)[0]["valueString"] == native[key]


def test_the_coordinator_is_mentioned_but_not_waited_for() -> None:
    heading = PLAN.describe(plan(koordinator="d9"))
    assert (heading.needs, set(heading.mentions)) == ((), {"d1", "d9"})
    state = put(plan(koordinator="d9"), PLAN)
    assert get(State(state.focus), PLAN)["koordinator"] == "d9"


def test_a_log_is_no_plan() -> None:
    assert PLAN.slots(item(logg())) is None
    assert LOG.slots({"resourceType": "CarePlan", "id": "x", "status": "active"}) is None
    assert (LOG.slots(item(logg())) or {})["barn"] == "Patient/p1"
    assert put(logg()).focus[ITEM]["subject"] == {"reference": "Patient/p1"}
