"""Nobody grants itself access: what a FHIR client says of who takes part, who decides and what was consented
to permits nothing, by whichever way it says so, unless the configuration trusts it with that."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext
from gateway.config import Settings
from gateway.hub import links, versions
from gateway.hub.links import Link
from mappings import reading
from mappings.canonical import ENH, code_system
from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.test_fhir_read import evaluated, matches, person
from tests.api.test_fhir_write import send
from tests.api.world import World, fields, settings

BUP = "343231946"


@pytest.fixture
def trusting(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> Iterator[World]:
    """The same gateway, where BUP is trusted to state facts."""
    told = settings(sqlite_url, tmp_path, issuer).model_dump()
    for system in told["systems"]:
        system["states_facts"] = system["id"] == "bup"
    made = World(Settings.model_validate(told), issuer)
    yield made
    made.close()


def outcomes(world: World, own: str) -> dict[str, str]:
    """What of the person may go to BUP now."""
    found = fields(world.get(f"/decisions?patient={own}&recipient=bup", "drift"))["items"]
    return {one["item"]: one["outcome"] for one in found}


def current(world: World, own: str, kind: str) -> list[dict[str, Any]]:
    """The person's resources of a type, as the hub has them."""
    with world.service.store.read("fjordbyen") as connection:
        found = versions.of_types(connection, "fjordbyen", own, [kind]).values()
    return [copy.deepcopy(v.resource) for v in found]


def wider(consent: dict[str, Any]) -> dict[str, Any]:
    """A consent in our own canonical form, as if the same givers had permitted BUP everything."""
    codes = consent["provision"]["code"]
    every = ["plan", "maal", "tiltak", "notat", "melding", "moete", "evaluering", "bekymring", "lysglimt"]
    system = codes[0]["coding"][0]["system"]
    more = [{"coding": [{"system": system, "code": c}]} for c in every]
    granted = {k: v for k, v in consent.items() if k not in ("id", "meta", "identifier")}
    period = {"start": "2026-01-01", "end": "2027-12-31"}
    granted["provision"] = {**consent["provision"], "code": more, "period": period}
    granted["provision"].pop("provision", None)
    recipient = {"type": "Organization", "identifier": {"system": ENH, "value": BUP}}
    granted["provision"]["actor"] = [{**consent["provision"]["actor"][0], "reference": recipient}]
    return granted


def by_write(world: World, own: str, resource: dict[str, Any]) -> None:
    made = send(world, "POST", f"/fhir/{resource['resourceType']}", resource)
    assert made.status_code in (201, 403, 405), made.text


def by_records(world: World, own: str, resource: dict[str, Any]) -> None:
    stamped = {**resource, "id": "made-up", "meta": {"versionId": "1", "lastUpdated": "2026-11-21T11:00:00Z"}}
    answered = world.hand_in("bup", [stamped])
    assert answered.status_code == 200, answered.text


WAYS: list[Callable[[World, str, dict[str, Any]], None]] = [by_write, by_records]


@pytest.mark.parametrize("way", WAYS)
def test_a_consent_that_a_recipient_hands_in_permits_nothing(
    world: World, emma: list[dict[str, Any]], way: Callable[..., None]
) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    before = outcomes(world, own)
    assert {"permit", "deny"} <= set(before.values())
    way(world, own, wider(current(world, own, "Consent")[0]))
    after = outcomes(world, own)
    assert {i: after[i] for i in before} == before


def test_where_it_is_trusted_to_state_facts_it_does(trusting: World, emma: list[dict[str, Any]]) -> None:
    trusting.hand_in("logg", emma)
    own = person(trusting, emma[0])
    before = outcomes(trusting, own)
    by_write(trusting, own, wider(current(trusting, own, "Consent")[0]))
    after = outcomes(trusting, own)
    assert any(before[i] == "deny" and after[i] == "permit" for i in before)


def test_a_refusal_that_a_recipient_hands_in_stands(world: World, emma: list[dict[str, Any]]) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    refused = wider(current(world, own, "Consent")[0])
    refused["provision"] = {**refused["provision"], "type": "deny"}
    by_write(world, own, refused)
    goals = {outcome for item, outcome in outcomes(world, own).items() if item.startswith("Goal/")}
    assert goals == {"deny"}


def test_whoever_names_itself_a_participant_is_none(world: World, emma: list[dict[str, Any]]) -> None:
    """The consent reaches the BUP that takes part. Here none does, until BUP says so itself."""
    without = [r for r in emma if (r.get("enhet") or {}).get("orgnr") != BUP]
    assert len(without) < len(emma)
    world.hand_in("logg", without)
    own = person(world, emma[0])
    before = outcomes(world, own)
    role = next(r for r in current(world, own, "PractitionerRole"))
    role["organization"] = {"identifier": {"system": ENH, "value": BUP}}
    text = jsontext.encode(role).decode()
    for service in ("skole", "ppt", "koordinerendeEnhet", "helsestasjon"):
        text = text.replace(f'"{service}"', '"bup"')
    by_records(world, own, jsontext.decode(text.encode()))
    after = outcomes(world, own)
    assert {i: after[i] for i in before} == before


def test_who_decides_is_not_for_a_recipient_to_say(world: World, emma: list[dict[str, Any]]) -> None:
    """A made-up guardian, a made-up frame and a consent by that guardian."""
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    before = outcomes(world, own)
    guardian = current(world, own, "RelatedPerson")[0]
    by_records(world, own, guardian)
    assert reading.belongs_to(guardian)
    after = outcomes(world, own)
    assert {i: after[i] for i in before} == before


def test_a_care_order_is_not_for_a_recipient_to_state(world: World, emma: list[dict[str, Any]]) -> None:
    """It would put child welfare in the guardians' place."""
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    before = outcomes(world, own)
    code = {"coding": [{"system": code_system("forhold"), "code": "omsorgsovertakelse"}]}
    about = {"subject": {"reference": f"Patient/{own}"}, "valueBoolean": True, "status": "final"}
    made = send(world, "POST", "/fhir/Observation", {"resourceType": "Observation", "code": code, **about})
    assert made.status_code == 201, made.text
    after = outcomes(world, own)
    assert {i: after[i] for i in before} == before


def test_a_care_order_in_the_log_counts_at_once_and_until_it_is_taken_back(
    world: World, emma: list[dict[str, Any]]
) -> None:
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    before = outcomes(world, own)
    order = {"type": "forhold", "id": "e-f1", "logg": emma[0]["id"], "endretAv": "e-d1", "verdi": "ja"}
    order |= {"slag": "omsorgsovertakelse", "gjelder": "e-d4", "fra": "2026-11-01", "kilde": "vedtak"}
    world.hand_in("logg", [{**order, "endret": "2026-11-20T10:00:00+01:00"}])
    goals = {o for i, o in outcomes(world, own).items() if i.startswith("Goal/")}
    assert goals == {"deny"}  # the guardians' consents carry nothing now, and child welfare has given none
    mistaken = {"tidspunkt": "2026-11-20T11:00:00+01:00", "av": "e-d1", "grunn": "feil barn"}
    world.hand_in("logg", [{**order, "endret": "2026-11-20T11:00:00+01:00", "feilregistrert": mistaken}])
    after = outcomes(world, own)
    assert {i: after[i] for i in before} == before


def test_an_age_is_not_for_a_recipient_to_say(world: World, emma: list[dict[str, Any]]) -> None:
    """As an adult Emma would decide alone; her guardians' consents would not carry."""
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    before = outcomes(world, own)
    patient = current(world, own, "Patient")[0]
    by_records(world, own, {**patient, "birthDate": "2001-01-01", "id": own})
    by_records(world, own, {**patient, "birthDate": "2001-01-01"})
    after = outcomes(world, own)
    assert {i: after[i] for i in before} == before
    assert current(world, own, "Patient")[0]["birthDate"] == patient["birthDate"]


def test_whoever_changes_a_goal_sees_no_more_of_it_than_before(world: World) -> None:
    """Jonas: towards BUP the consents that meet are plan, goals and measures. BUP edits a goal and is its
    newest author then; what the school wrote in its evaluation stays hidden from it."""
    jonas = evaluated(records("stafettlogg", "jonas"))
    world.hand_in("logg", jonas)
    own = person(world, jonas[0])
    (goal,) = matches(world.get(f"/fhir/Goal?patient={own}", "bup"))
    read = world.get(f"/fhir/Goal/{goal['id']}", "bup")
    changed = {**fields(read), "lifecycleStatus": "on-hold"}
    put = send(world, "PUT", f"/fhir/Goal/{goal['id']}", changed, If_Match=read.headers["etag"])
    assert put.status_code == 200, put.text
    assert matches(world.get(f"/fhir/Observation?patient={own}", "bup")) == []
    found = fields(world.get(f"/decisions?patient={own}&recipient=bup&item=Goal/{goal['id']}", "drift"))[
        "items"
    ][0]
    inside = {tuple(one["categories"]): one["outcome"] for one in found["decisions"]}
    assert inside == {("maal",): "permit", ("evaluering",): "deny"}


def test_a_withdrawal_by_a_server_that_did_not_record_the_consent_closes_nothing(
    world: World, emma: list[dict[str, Any]]
) -> None:
    """It is kept for a person to look at; nobody is told that sharing has ended."""
    world.hand_in("logg", emma)
    own = person(world, emma[0])
    (consent,) = current(world, own, "Consent")
    ref = f"Consent/{consent['id']}"
    with world.service.store.write("fjordbyen") as connection:
        known = {"Consent/7": ref, "Patient/9": f"Patient/{own}"}
        links.save(connection, "fjordbyen", [Link("bup", here, own, there) for there, here in known.items()])
    said = {**consent, "id": "7", "status": "inactive", "patient": {"reference": "Patient/9"}}
    said["meta"] = {"versionId": "9", "lastUpdated": "2026-11-21T11:00:00Z"}
    world.later()
    (answer,) = fields(world.hand_in("bup", [said]))["results"]
    assert answer["status"] == "conflict", answer
    assert "closed" not in answer
    assert "permit" in outcomes(world, own).values()
