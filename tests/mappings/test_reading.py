"""What decisions rest on, read from our own resources and from strangers'."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mappings import canonical, reading
from mappings.canonical import FNR, extension
from tests.mappings.factories import LOG, PLAN, item, put, record

ALL = frozenset(
    {"plan", "bekymring", "maal", "tiltak", "evaluering", "moete", "dokument", "melding", "samtykke"}
)


@pytest.mark.parametrize(
    ("resource", "categories"),
    [
        ({"resourceType": "Goal"}, {"maal"}),
        ({"resourceType": "ServiceRequest"}, {"tiltak"}),
        ({"resourceType": "ServiceRequest", "category": [{"coding": [{"code": "3457005"}]}]}, {"henvisning"}),
        ({"resourceType": "Communication"}, {"melding"}),
        ({"resourceType": "Appointment"}, {"moete"}),
        ({"resourceType": "DocumentReference"}, {"dokument"}),
        ({"resourceType": "CarePlan"}, {"plan"}),
        ({"resourceType": "CareTeam"}, {"plan"}),
        ({"resourceType": "Consent"}, {"samtykke"}),
        ({"resourceType": "Observation"}, set()),
        ({"resourceType": "Condition"}, set()),
        ({"resourceType": "Provenance"}, set()),
        (
            {
                "resourceType": "Communication",
                "category": [{"coding": [{"system": canonical.ENTRY_KIND, "code": "nytt"}]}],
            },
            set(),
        ),
    ],
)
def test_categories_of_strangers(resource: dict[str, Any], categories: set[str]) -> None:
    assert reading.category_of(resource) == categories


def test_a_provenance_points_at_what_decides_for_it() -> None:
    assert reading.target_of(put(record("maal", tekst="x")).focus["provenance"]) == "Goal/h"
    assert reading.target_of({"resourceType": "Provenance"}) is None


def test_labels_of_strangers() -> None:
    security = [
        {"system": canonical.JOURNAL_ACCESS, "code": "N"},
        {"system": canonical.JOURNAL_ACCESS, "code": "NY"},
        {"code": "NORS"},
        {"system": canonical.CONFIDENTIALITY, "code": "V"},
        {"system": canonical.CONFIDENTIALITY, "code": "N"},
        {"system": canonical.ACT_CODE, "code": "SEX"},
    ]
    resource = {"resourceType": "Goal", "meta": {"security": security}}
    assert reading.labels_of(resource) == {"NY", "NORS"}
    assert reading.sensitivity_of(resource) == {"V", "SEX"}


def test_where_a_resource_belongs() -> None:
    assert reading.belongs_to(item(record("maal", tekst="x"))) == "CarePlan/c1"
    assert reading.belongs_to({"resourceType": "Goal"}) is None


def logg() -> dict[str, Any]:
    return item(
        record(
            "stafettlogg",
            barn={"foedt": "2010-01-01"},
            bekymring=["vold"],
            alvorlighet="alvorlig",
            nivaa=2,
            nivaahistorikk=[{"nivaa": 2, "fra": "2026-01-01", "begrunnelse": "Hemmelig"}],
        )
    )


def test_concerns_and_reasons_go_without_their_category_and_levels_stay() -> None:
    narrowed = reading.narrow(logg(), frozenset({"plan"}))
    urls = [e["url"] for e in narrowed["extension"]]
    assert urls == [extension("nivaa"), extension("nivaahistorikk")]
    assert "Hemmelig" not in str(narrowed)
    assert "2026-01-01" in str(narrowed)
    assert narrowed["meta"]["security"] == [{"system": canonical.OBSERVATION_VALUE, "code": "REDACTED"}]
    assert reading.categories_inside(logg()) == {"bekymring"}


def test_nothing_is_marked_where_nothing_was_taken_away() -> None:
    plan = logg()
    assert reading.narrow(plan, ALL) is plan
    goal = item(record("maal", tekst="x"))
    assert reading.narrow(goal, frozenset()) is goal


def test_needs_resources_and_contributions_of_a_plan_have_categories_of_their_own() -> None:
    plan = item(
        record(
            "plan",
            person={"foedt": "2010-01-01"},
            ressurser="r",
            behov="b",
            samarbeidsbehov="s",
            samtykkeTekst="t",
            status="aktiv",
        ),
        PLAN,
    )
    assert reading.categories_inside(plan) == {"maal", "tiltak", "samtykke"}
    assert "extension" not in reading.narrow(plan, frozenset({"plan"}))
    who = item(record("deltaker", "plan", rolle="aktoer", bidrag="Traumebehandling"), PLAN)
    assert "Traumebehandling" not in str(reading.narrow(who, frozenset({"plan"})))


def test_a_relative_s_national_id_never_goes() -> None:
    person = item(record("deltaker", rolle="foresatt", fnr="09898504473", navn={"fornavn": "Ingrid"}))
    narrowed = reading.narrow(person, ALL)
    assert "09898504473" not in str(narrowed)
    assert narrowed["name"] == person["name"]
    assert reading.categories_inside(person) == frozenset()


def test_a_goal_without_evaluering_does_not_name_one() -> None:
    goal = put(record("maal", tekst="x", evaluering={"tekst": "e"})).focus["item"]
    assert "outcomeReference" not in reading.narrow(goal, frozenset({"maal"}))
    assert reading.narrow(goal, ALL) is goal


def test_minutes_that_are_a_document_are_not_named_without_dokument() -> None:
    meeting = item(record("moete", referatDokument="dok1"))
    assert "supportingInformation" not in reading.narrow(meeting, frozenset({"moete"}))


def test_a_participant() -> None:
    found = reading.participant_of(
        item(
            record(
                "deltaker",
                rolle="foresatt",
                fnr="09898504473",
                foreldreansvar="mor",
                fra="2026-01",
                til="2026-03",
            )
        )
    )
    assert found is not None
    assert (found.role, found.responsibility) == ("foresatt", "mor")
    assert found.identifiers == ((FNR, "09898504473"),)
    assert (found.start, found.end) == (date(2026, 1, 31), date(2026, 3, 1))  # uncertain: the shorter


def test_a_professional_participant() -> None:
    native = record("deltaker", rolle="aktoer", tjeneste="bup", hpr="9144897", enhet={"orgnr": "343231946"})
    found = reading.participant_of(item(native))
    assert found is not None
    assert (found.service, found.organization, found.hpr) == ("bup", "343231946", "9144897")


def test_who_is_no_participant() -> None:
    stranger = {"resourceType": "RelatedPerson", "relationship": [{"coding": [{"code": "SIB"}]}]}
    assert reading.participant_of(stranger) is None
    assert reading.participant_of({"resourceType": "Goal"}) is None
    broken = {"resourceType": "PractitionerRole", "period": {"end": "snart"}}
    assert reading.participant_of(broken) is None


def test_address_protection_is_the_strictest_and_unknown_when_not_understood() -> None:
    def protected(*codes: str) -> str | None:
        security = [{"system": canonical.ADDRESS_CONFIDENTIALITY, "code": code} for code in codes]
        return reading.person_of(
            {"resourceType": "Patient", "meta": {"security": security}}
        ).address_protection

    assert protected("ugradert", "strengtFortrolig") == "strengtFortrolig"
    assert protected("ugradert", "ny") is None
    assert protected() is None


def test_the_public_names() -> None:
    assert {name for name in reading.__all__ if not hasattr(reading, name)} == set()
    assert LOG.name == "stafettlogg"
