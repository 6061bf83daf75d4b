"""samtykke as Consent (the IHE PCF subset), and what the consent library is told of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from consent import fhir_consent
from consent.model import Consent
from mappings.canonical import CATEGORY, ENH, identifier_system
from mappings.model import ITEM, NotExpressible, State
from tests.mappings.factories import LOG, get, item, put, record


def samtykke(**fields: Any) -> dict[str, Any]:
    return record("samtykke", giver=["d2"], mottakere=["bup"], kategorier=["plan", "maal"], **fields)


def read(**fields: Any) -> Consent:
    (found,) = fhir_consent.read(item(samtykke(**fields)))
    return found


def test_the_form_of_the_subset() -> None:
    consent = item(samtykke(fra="2026-09-14", til="2027-06-18", gjelderFra="2026-01-01"))
    assert consent["scope"]["coding"][0]["code"] == "patient-privacy"
    assert consent["patient"] == {"reference": "Patient/p1"}
    assert consent["policy"][0]["uri"]
    provision = consent["provision"]
    assert provision["type"] == "permit"
    assert provision["period"] == {"start": "2026-09-14", "end": "2027-06-18"}
    assert provision["dataPeriod"] == {"start": "2026-01-01"}
    assert [c["coding"] for c in provision["code"]] == [
        [{"system": CATEGORY, "code": "plan"}],
        [{"system": CATEGORY, "code": "maal"}],
    ]


def test_recipients_are_services_organizations_and_people() -> None:
    actors = item(samtykke() | {"mottakere": ["bup", "321993516", "d1"]})["provision"]["actor"]
    assert all(a["role"]["coding"][0]["code"] == "IRCP" for a in actors)
    first, second, third = (a["reference"] for a in actors)
    assert first["identifier"] == {"system": identifier_system("tjeneste"), "value": "bup"}
    assert second["identifier"] == {"system": ENH, "value": "321993516"}
    assert third == {"reference": "PractitionerRole/r1"}


def test_a_recipient_that_is_neither_code_nor_number_is_waited_for() -> None:
    heading = LOG.describe(
        samtykke(unntatt=["ppt", "d7"], unntattPoster=["n1"], gjelder="d2", dokument="dok1")
    )
    assert heading.needs == ("logg", "d2", "d7", "dok1")
    assert heading.mentions == ("d1", "n1")


def test_exceptions_are_nested_one_level_deep() -> None:
    provisions = item(samtykke(unntatt=["ppt"], unntattPoster=["m1", "ukjent"]))["provision"]["provision"]
    assert [(p["type"], set(p)) for p in provisions] == [
        ("deny", {"type", "actor"}),
        ("deny", {"type", "data"}),
    ]
    found = read(unntatt=["ppt"], unntattPoster=["m1", "ukjent"])
    assert found.except_recipients == {"ppt"}
    assert found.except_items == {"Goal/g1", f"{identifier_system('record/stafettlogg')}|ukjent"}
    assert found.understood


@pytest.mark.parametrize(
    ("decision", "kind"),
    [(None, "permit"), ("samtykker", "permit"), ("nekter", "deny"), ("motsetterSeg", "deny")],
)
def test_the_decision(decision: str | None, kind: str) -> None:
    native = samtykke(**({"avgjoerelse": decision} if decision else {}))
    assert item(native)["provision"]["type"] == kind
    assert read(**({"avgjoerelse": decision} if decision else {})).decision == (decision or "samtykker")
    assert get(put(native)) == native


def test_withdrawing() -> None:
    native = samtykke(trukket={"tidspunkt": "2026-11-01T10:00:00+01:00", "av": "d2"})
    state = put(native, state=put(samtykke()))
    assert state.focus[ITEM]["status"] == "inactive"
    assert read(trukket=native["trukket"]).withdrawn == datetime(2026, 11, 1, 9, tzinfo=UTC)
    assert get(State(state.focus)) == {**native, "avgjoerelse": "samtykker"}
    assert put(samtykke(), state=state).focus[ITEM]["status"] == "active"


def test_a_withdrawal_on_a_day_counts_from_its_beginning_anywhere() -> None:
    found = read(trukket={"tidspunkt": "2026-11-01"}).withdrawn
    assert found == datetime(2026, 10, 31, 10, tzinfo=UTC)


def test_all_else_reads_back_from_fhir_alone() -> None:
    native = samtykke(
        avgjoerelse="samtykker",
        formaalKode="behandling",
        formaal="hjelp",
        form="muntlig",
        gjelder="d2",
        dokument="dok1",
        fra="2026-01-01T00:00:00Z",
    )
    assert get(State(put(native).focus)) == native


def test_what_the_library_is_told() -> None:
    found = read(fra="2026-09-14", til="2027-06-18", gjelder="d2", formaalKode="behandling")
    assert found == Consent(
        id="Consent/" + item(samtykke())["id"],
        frame="CarePlan/c1",
        decision="samtykker",
        givers=frozenset({"RelatedPerson/f1"}),
        recipients=frozenset({"bup"}),
        categories=frozenset({"plan", "maal"}),
        about="RelatedPerson/f1",
        purpose="behandling",
        start=date(2026, 9, 14),
        end=date(2027, 6, 18),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"status": "draft"},
        {"policyRule": {"coding": [{"code": "OPTIN"}]}},
        {"scope": {"coding": [{"code": "research"}]}},
        {"provision": {"type": "permit", "action": [{"text": "x"}]}},
        {"provision": {"type": "permit", "period": {"start": "2026"}}},
        {"provision": {"type": "permit", "code": [{"text": "alt"}]}},
        {"provision": {"type": "permit", "provision": [{"type": "permit", "actor": []}]}},
        {
            "provision": {
                "type": "permit",
                "actor": [{"role": {"text": "?"}, "reference": {"reference": "Group/1"}}],
            }
        },
        {"provision": {}},
    ],
)
def test_what_is_beyond_our_form_is_not_understood(change: dict[str, Any]) -> None:
    found = fhir_consent.read({**item(samtykke(unntatt=["ppt"])), **change})
    assert found
    assert not any(act.understood and act.decision == "samtykker" for act in found)


def _permits(act: Consent) -> bool:
    return act.understood and act.decision == "samtykker" and act.withdrawn is None


@pytest.mark.parametrize("status", ["draft", "proposed", "rejected", "inactive"])
def test_a_consent_that_does_not_hold_is_never_shown_as_one(status: str) -> None:
    state = put(samtykke())
    theirs = {**state.focus[ITEM], "status": status}
    with pytest.raises(NotExpressible):
        get(State({**state.focus, ITEM: theirs}))
    assert not any(_permits(act) for act in fhir_consent.read(theirs))
