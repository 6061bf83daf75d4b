"""What a recipient's Task means: only the one a referral is for says how it stands there, and only about
things of the same child that it was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.exchange import disclosures
from gateway.exchange.disclosures import Attempt, Disclosed
from gateway.hub import links, receipts, versions
from gateway.hub.links import Link
from mappings.canonical import ENH, TJENESTE
from mappings.referrals import referral_of
from tests.end_to_end.invented import Child
from tests.intake.world import NOW, TENANT, World, world

EMMA, JONAS = Child(1), Child(2)
GP = f"{EMMA.log}-fastlege"


@pytest.fixture
def here(sqlite_url: str, tmp_path: Path) -> Any:
    with world(sqlite_url, tmp_path) as running:
        yield running


def referral(here: World, til: str) -> str:
    """Written in Emma's log, delivered to BUP, which has both children. Returns what it is here."""
    records = EMMA.log_records()
    next(one for one in records if one["id"] == GP)["hpr"] = "9144919"
    here.take("stafettlogg", *records, *JONAS.log_records())
    record = {
        "type": "henvisning", "id": "h1", "logg": EMMA.log, "til": til, "henviser": GP, "endretAv": GP,
        "endret": "2026-11-20T10:00:00+01:00", "oensketBidrag": "Råd",
    }  # fmt: skip
    (answer,) = here.take("stafettlogg", record)
    assert answer.referral is None
    ref = str(answer.ref)
    with here.service.store.write(TENANT) as connection:
        own = links.names(connection, TENANT, "stafettlogg", [EMMA.log, JONAS.log])
        emma, jonas = own[EMMA.log].person, own[JONAS.log].person
        links.save(connection, TENANT, [Link("bup", f"Patient/{emma}", emma, "Patient/1")])
        links.save(connection, TENANT, [Link("bup", f"Patient/{jonas}", jonas, "Patient/2")])
        links.save(connection, TENANT, [Link("bup", ref, emma, "ServiceRequest/1")])
        item = Disclosed(ref, 1, ("henvisning",), "G1", (), ())
        attempt = Attempt(disclosures.new_id(), emma, (item,))
        disclosures.begin(
            connection, TENANT, [attempt], recipient="bup", channel="push", run=1, epoch=1, owner=None,
            now=NOW, deadline=None, state=disclosures.DELIVERED,
        )  # fmt: skip
    return ref


def says(here: World, status: str, patient: str = "Patient/1", **more: Any) -> None:
    task = {
        "resourceType": "Task", "id": f"t-{status}", "status": status, "intent": "order",
        "for": {"reference": patient}, "focus": {"reference": "ServiceRequest/1"},
        "meta": {"lastUpdated": "2026-11-21T12:30:00Z", "versionId": "1"}, **more,
    }  # fmt: skip
    (answer,) = here.take("bup", task)
    assert answer.status.value in ("stored", "unchanged")


def states(here: World, ref: str) -> list[str]:
    with here.service.store.read(TENANT) as connection:
        found = referral_of(versions.of_refs(connection, TENANT, [ref])[ref].resource)
    assert found is not None
    return [step.state for step in found.steps]


def acknowledged(here: World, ref: str) -> list[str]:
    with here.service.store.read(TENANT) as connection:
        person = versions.of_refs(connection, TENANT, [ref])[ref].person
        return [one.said.kind.value for one in receipts.of_person(connection, TENANT, person)]


@pytest.mark.parametrize("til", ["bup", "343231946"])
def test_the_one_it_is_for_says_how_it_stands(here: World, til: str) -> None:
    ref = referral(here, til)
    says(here, "accepted")
    assert (states(here, ref), acknowledged(here, ref)) == (["vurdert"], ["accepted"])
    with here.service.store.read(TENANT) as connection:
        head = versions.of_refs(connection, TENANT, [ref])[ref]
    assert (head.source, head.created_by, head.version) == ("bup", "stafettlogg", 2)


@pytest.mark.parametrize("til", ["fastlege", "339825971"])
def test_another_acknowledges_it_and_says_nothing_of_how_it_stands(here: World, til: str) -> None:
    ref = referral(here, til)
    says(here, "rejected", statusReason={"text": "Ikke til oss"})
    assert (states(here, ref), acknowledged(here, ref)) == ([], ["rejected"])


def test_a_task_of_another_child_says_nothing_of_this_one(here: World) -> None:
    ref = referral(here, "bup")
    says(here, "accepted", patient="Patient/2")
    assert (states(here, ref), acknowledged(here, ref)) == ([], [])


def test_the_same_task_again_says_nothing_more(here: World) -> None:
    ref = referral(here, "bup")
    says(here, "accepted")
    newer = {"lastUpdated": "2026-11-21T13:30:00Z", "versionId": "2"}
    says(here, "accepted", meta=newer, description="sett på igjen")
    assert (states(here, ref), acknowledged(here, ref)) == (["vurdert"], ["accepted"])


def test_a_task_that_asks_and_one_in_error_say_nothing(here: World) -> None:
    ref = referral(here, "bup")
    says(here, "requested")
    says(here, "entered-in-error")
    assert (states(here, ref), acknowledged(here, ref)) == ([], [])


def test_nobody_makes_a_referral_theirs_by_naming_themselves_a_service(here: World) -> None:
    ref = referral(here, "fastlege")
    role = {
        "resourceType": "PractitionerRole", "id": "r1", "patient": {"reference": "Patient/1"},
        "meta": {"lastUpdated": "2026-11-21T11:00:00Z", "versionId": "1"},
        "organization": {"identifier": {"system": ENH, "value": "343231946"}},
        "specialty": [{"coding": [{"system": TJENESTE, "code": "fastlege"}]}],
    }  # fmt: skip
    (answer,) = here.take("bup", role)
    assert answer.status.value == "stored"
    says(here, "rejected")
    assert (states(here, ref), acknowledged(here, ref)) == ([], ["rejected"])
