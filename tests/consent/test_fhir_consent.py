"""Consent from and to FHIR: what we write reads back; of others' forms nothing is understood wrongly."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import Consent, decide, fhir_consent, fhir_writing
from consent.names import ACT_CODE, OURS
from mappings import canonical
from tests.consent.many_worlds import Dice, permit
from tests.consent.sample_children import child as sample
from tests.consent.sample_children import here
from tests.consent.worlds import (
    BOTH,
    LATER,
    NUMBERS,
    PARENTS,
    WORLD,
    ask,
    child,
    facts,
    item,
    question,
    reference,
)

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "fhir"
CATEGORY = OURS.codes("consent-category")
SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope"


def coded(system: str, *codes: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def actor(name: str = "bup", role: str = "IRCP") -> dict[str, Any]:
    system = OURS.ids("tjeneste")
    return {
        "role": coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", role),
        "reference": {"type": "Organization", "identifier": {"system": system, "value": name}},
    }


def form(provision: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A permit of ours by both parents to BUP and the school, with something changed."""
    root = {
        "type": "permit",
        "period": {"start": "2026-09-01", "end": "2027-06-18"},
        "actor": [actor("bup"), actor("skole")],
        "code": [coded(CATEGORY, "maal"), coded(CATEGORY, "tiltak")],
        "purpose": [{"system": OURS.codes("formaal"), "code": "samordning"}],
        **(provision or {}),
    }
    made = {
        "resourceType": "Consent",
        "id": "s1",
        "extension": [{"url": OURS.extension("belongs-to"), "valueReference": {"reference": "CarePlan/log"}}],
        "status": "active",
        "scope": coded(SCOPES, "patient-privacy"),
        "category": [coded("http://loinc.org", "59284-0")],
        "patient": {"reference": "Patient/barn"},
        "dateTime": "2026-09-01T08:00:00Z",
        "performer": [{"reference": reference("mor")}, {"reference": reference("far")}],
        "policy": [{"uri": OURS.policy("samtykke")}],
        "provision": {k: v for k, v in root.items() if v is not None},
        **more,
    }
    return {k: v for k, v in made.items() if v is not None}


OPTIN, OPTOUT = (coded(ACT_CODE, code) for code in ("OPTIN", "OPTOUT"))


def goes(resource: dict[str, Any], to: str = "bup", what: str = "maal", **more: Any) -> bool:
    """Whether it alone lets something go."""
    known = facts(*WORLD, *fhir_consent.read(resource), patient="Patient/barn", **more)
    return ask(known, what, to).permitted


def stops(resource: dict[str, Any], to: str = "bup", what: str = "maal") -> bool:
    """Whether it keeps back what both parents have otherwise permitted."""
    return not ask(
        facts(*WORLD, BOTH, *fhir_consent.read(resource), patient="Patient/barn"), what, to
    ).permitted


def test_our_own_form_permits_what_it_says_and_no_more() -> None:
    assert goes(form())
    assert not goes(form(), to="ppt")
    assert not goes(form(), what="notat")
    assert not stops(form())


@pytest.mark.parametrize(
    "changed",
    [
        form({"type": None}),  # neither root type nor policy rule
        form({"period": None}),
        form({"actor": None}),
        form({"code": None}),
        form({"actor": [actor(role="CST")]}),
        form({"class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Goal"}]}),
        form({"code": [coded(CATEGORY, "maal"), coded("http://loinc.org", "1-1")]}),
        form({"code": [{"text": "mål"}]}),
        form({"dataPeriod": {"start": "2026-01-01", "end": "2026-02-01"}}),
        form({"period": {"start": "2026", "end": "2027"}}),
        form({"action": [coded("http://terminology.hl7.org/CodeSystem/consentaction", "correct")]}),
        form({"securityLabel": [{"system": "urn:x", "code": "PSY"}]}),
        form({"securityLabel": [{"system": ACT_CODE, "code": "PSY"}]}),  # only what is labelled
        form(
            {"purpose": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HMARKT"}]}
        ),
        form({"purpose": [{"system": OURS.codes("formaal"), "code": "behandling"}]}),  # another purpose
        form({"provision": [{"type": "permit", "actor": [actor("ppt")]}]}),
        form({"data": [{"meaning": "related", "reference": {"reference": "Goal/1"}}]}),
        form({"data": [{"meaning": "instance", "reference": {"reference": "Goal/9"}}]}),
        form({"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}),
        form({"actor": [{**actor(), "modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}]}),
        form(modifierExtension=[{"url": "urn:x", "valueBoolean": True}]),
        form(implicitRules="urn:x"),
        form(status="draft"),
        form(status="proposed"),
        form(status="rejected"),
        form(status="inactive"),
        form(status="entered-in-error"),
        form(scope=coded(SCOPES, "research")),
        form(scope=coded(SCOPES, "treatment")),
        form(scope=None),
        form(policy=[{"uri": "urn:other:policy"}]),
        form(policy=None),
        form(policyRule=OPTOUT),
        form(performer=None),
        form(performer=[{"display": "Mor"}]),
        form() | {"provision": {}},
        form() | {"provision": None},
    ],
    ids=lambda r: json.dumps({**(r.get("provision") or {}), "": r.get("status")})[:60],
)
def test_what_is_missing_or_not_understood_permits_nothing(changed: dict[str, Any]) -> None:
    assert not goes(changed)


def test_a_policy_the_caller_knows_counts() -> None:
    resource = form(policy=[{"uri": "urn:other:policy"}])
    known = fhir_consent.read(resource, policies=frozenset({"urn:other:policy"}))
    assert ask(facts(*WORLD, *known)).permitted


def test_opting_in_with_or_without_a_root_type() -> None:
    assert goes(form({"type": None}, policyRule=OPTIN))
    assert goes(form(policyRule=OPTIN, policy=None))
    assert not goes(form({"type": None, "purpose": None}, policyRule=OPTIN, policy=None))
    assert stops(form({"type": "deny"}, policyRule=OPTIN))
    assert not goes(form({"type": "deny"}, policyRule=OPTIN))


def test_opting_out_denies_and_a_permit_inside_is_not_granted() -> None:
    inner = [{"type": "permit", "actor": [actor("bup")], "code": [coded(CATEGORY, "maal")]}]
    assert stops(form({"type": None, "actor": None, "code": None}, policyRule=OPTOUT))
    assert stops(form({"type": None, "actor": None, "code": None, "provision": inner}, policyRule=OPTOUT))
    assert stops(form(policyRule=OPTOUT))
    assert stops(form({"type": None}, policyRule=None))


def test_an_absent_element_is_a_wildcard_in_a_denial_alone() -> None:
    denial = form({"type": "deny", "actor": None, "code": None, "period": None})
    assert stops(denial, "bup")
    assert stops(denial, "skole", "tiltak")
    narrower = form({"type": "deny", "actor": [actor("skole")], "code": [coded(CATEGORY, "tiltak")]})
    assert not stops(narrower, "bup", "tiltak")
    assert not stops(narrower, "skole", "maal")
    assert stops(narrower, "skole", "tiltak")


def nested(**inner: Any) -> dict[str, Any]:
    return form({"provision": [{"type": "deny", **inner}]})


def test_exceptions_inside_a_permit() -> None:
    assert not goes(nested(actor=[actor("skole")]), to="skole")
    assert goes(nested(actor=[actor("skole")]), to="bup")
    one = nested(data=[{"meaning": "instance", "reference": {"reference": "Goal/1"}}])
    assert not goes(one)
    assert ask(facts(*WORLD, *fhir_consent.read(one)), item(id="Goal/2")).permitted
    category = nested(code=[coded(CATEGORY, "tiltak")])
    assert goes(category, what="maal")
    assert not goes(category, what="tiltak")
    both = nested(actor=[actor("skole")], code=[coded(CATEGORY, "tiltak")])
    assert goes(both, "bup", "tiltak")
    assert goes(both, "skole", "maal")
    assert not goes(both, "skole", "tiltak")


@pytest.mark.parametrize(
    "inner",
    [
        {"class": [{"code": "Goal"}]},
        {"action": [coded("http://terminology.hl7.org/CodeSystem/consentaction", "access")]},
        {"securityLabel": [{"system": ACT_CODE, "code": "PSY"}]},
        {"period": {"start": "2026-01-01"}},
        {"purpose": [{"system": ACT_CODE, "code": "TREAT"}]},
        {"code": [coded("http://loinc.org", "1-1")]},
        {"data": [{"meaning": "related", "reference": {"reference": "Task/3"}}]},
        {"actor": [{"role": {}, "reference": {"reference": "Organization/f001"}}]},
        {"actor": [actor(role="CST")]},
    ],
    ids=lambda i: next(iter(i)),
)
def test_an_exception_we_cannot_narrow_is_one_of_everything(inner: dict[str, Any]) -> None:
    assert stops(nested(**inner))
    assert not goes(nested(**inner))


def test_a_denial_towards_an_organization_nobody_knows_is_one_towards_everyone() -> None:
    who = {"role": coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "PRCP")}
    denial = form({"type": "deny", "actor": [{**who, "reference": {"reference": "Organization/f001"}}]})
    assert stops(denial, "bup")
    known = fhir_consent.read(denial, organizations={"Organization/f001": NUMBERS["skole"]})
    assert ask(facts(*WORLD, BOTH, *known), to="bup").permitted
    assert not ask(facts(*WORLD, BOTH, *known), to="skole").permitted


def test_the_patient_as_performer_is_the_child() -> None:
    resource = form(performer=[{"reference": "Patient/barn"}])
    adult = {"born": date(2009, 1, 1), "patient": "Patient/barn"}
    assert ask(facts(*WORLD, child(), *fhir_consent.read(resource), **adult)).permitted
    about = form()
    gjelder = {"url": OURS.extension("gjelder"), "valueReference": {"reference": "Patient/barn"}}
    about["extension"].append(gjelder)
    assert goes(about)


@here
@pytest.mark.parametrize("name", ["emma", "jonas", "amina"])
def test_what_the_mappings_write_is_read_whole(name: str) -> None:
    resources = [r for r in sample(name).resources.values() if r["resourceType"] == "Consent"]
    assert resources
    for resource in resources:
        (own,) = fhir_consent.read(resource)
        assert own.understood
        assert own.frame.startswith("CarePlan/")
        assert own.givers
        assert own.recipients
        assert own.form in ("skriftlig", "muntlig", "digital")


def test_hl7s_example_withholds_from_everyone_as_its_clinic_is_not_known_here() -> None:
    path = SHARED / "Consent-consent-example-notOrg.json"
    if not path.is_file():
        pytest.skip("the shared FHIR examples are not here")
    resource = json.loads(path.read_text(encoding="utf-8"))
    assert stops(resource)
    assert not goes(resource)


# What is written reads back.


def written(consent: Consent) -> Consent:
    resource = json.loads(json.dumps(fhir_writing.write(consent, "Patient/barn")))
    (read,) = fhir_consent.read(resource)
    return read


@settings(max_examples=200)
@given(st.integers(0, 2**63))
def test_what_is_written_reads_back_as_the_same_act(seed: int) -> None:
    dice = Dice(seed)
    made = permit(dice, 1, only_labelled=False, except_items=frozenset(dice.rarely("Goal/3")))
    made = replace(made, except_recipients=frozenset(dice.rarely("ppt")), about=None)
    made = replace(made, withdrawn=dice.choice((None, LATER)), in_error=False)
    made = replace(made, withdrawn_by=reference("far") if made.withdrawn else None)
    assert written(made) == made


def test_a_refusal_reads_back_as_a_refusal() -> None:
    no = replace(BOTH, decision="motsetterSeg")
    assert written(no) == no


def test_what_the_subset_cannot_say_is_not_written() -> None:
    for one in (replace(BOTH, only_labelled=True), replace(BOTH, understood=False)):
        with pytest.raises(ValueError, match="cannot be written"):
            fhir_writing.write(one, "Patient/barn")
    with pytest.raises(ValueError, match="no label"):
        fhir_writing.write(replace(BOTH, labels=frozenset({"V"})), "Patient/barn")


def test_labels_named_by_our_own_extension_reach_labelled_and_other_items() -> None:
    named = written(replace(BOTH, labels=frozenset({"PSY", "R"})))
    assert named.labels == {"PSY", "R"}
    known = facts(*WORLD, named)
    assert ask(known).permitted
    assert ask(known, item(sensitivity=frozenset({"PSY"}))).permitted
    assert not ask(known, item(sensitivity=frozenset({"HIV"}))).permitted


def test_foreign_labels_are_a_limit() -> None:
    known = facts(*WORLD, *fhir_consent.read(form({"securityLabel": [{"system": ACT_CODE, "code": "PSY"}]})))
    assert ask(known, item(sensitivity=frozenset({"PSY"}))).permitted
    assert not ask(known, item()).permitted


def test_a_withdrawal_of_a_day_counts_from_its_first_moment_anywhere() -> None:
    mark = {
        "url": OURS.extension("trukket"),
        "extension": [{"url": "tidspunkt", "valueDateTime": "2026-11-10"}],
    }
    (read,) = fhir_consent.read(form(extension=[mark], status="inactive"))
    assert read.withdrawn == datetime(2026, 11, 9, 10, tzinfo=UTC)
    unknown = fhir_consent.read(form(status="inactive"))[0].withdrawn
    assert unknown is not None
    assert unknown.year == 1900


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
PLACES = [(k,) for k in form()] + [("provision", k) for k in form()["provision"]]


@settings(max_examples=300)
@given(st.sampled_from(PLACES), junk)
def test_reading_is_total_and_junk_permits_no_more(place: tuple[str, ...], waste: Any) -> None:
    resource = json.loads(json.dumps(form()))
    node = resource if len(place) == 1 else resource["provision"]
    node[place[-1]] = waste
    known = facts(*PARENTS, *WORLD[2:], *fhir_consent.read(resource))
    for what in ("notat", "plan"):
        assert not decide(question(what), known).permitted


@pytest.mark.parametrize("resource", [None, 3, [], {}, {"resourceType": "Goal"}])
def test_what_is_no_consent_is_no_act(resource: Any) -> None:
    assert fhir_consent.read(resource) == ()


def test_the_names_are_those_of_the_rest_of_the_project() -> None:
    assert OURS.base == canonical.BASE
    assert OURS.extension("x") == canonical.extension("x")
    assert OURS.codes("x") == canonical.code_system("x")
    assert OURS.ids("x") == canonical.identifier_system("x")
    assert OURS.policy("x") == canonical.policy("x")
