"""A referral goes to BUP from somebody who may refer, and how far it has come there comes back; anybody
else's is kept and answered with the way to go. What BUP got it acknowledges, or the coordinator is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway.exchange.deliveries import State, deliveries
from gateway.hub import versions
from gateway.hub.schema.notices import notice
from gateway.hub.schema.receipts import receipt
from tests.end_to_end import world as worlds
from tests.end_to_end.configuration import TENANT
from tests.end_to_end.fresh import database
from tests.end_to_end.systems import Systems, extension, hub_id
from tests.end_to_end.world import InProcess


@pytest.fixture(scope="module")
def emma(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, systems: Systems
) -> Iterator[InProcess]:
    """A gateway that has told of Emma; BUP acknowledges within two hours."""
    folder = tmp_path_factory.mktemp("referrals")
    with (
        database(request, "sqlite", folder) as url,
        worlds.in_process(url, folder, systems, acknowledges=True, acknowledge_within_hours=2) as world,
    ):
        world.begin("emma")
        yield world


def referral(world: InProcess, own: str, by: str, **fields: Any) -> dict[str, Any]:
    """Somebody writes a referral in the log. Returns the answer to it."""
    record = {
        "type": "henvisning", "id": own, "logg": "emma-logg", "endretAv": by, "til": "bup", "henviser": by,
        "medhenvisere": ["e-d5"], "oensketBidrag": f"Bidrag {own}", "tiltakMedEffekt": ["e-t2"],
        "nettverk": "Tante",
        "underskrifter": [{"deltaker": "e-d5", "tidspunkt": "2026-11-20T09:00:00+01:00"}],
    }  # fmt: skip
    answer = world.write("stafettlogg", record | fields)
    world.quiet()
    return answer


def at_bup(world: InProcess, own: str) -> list[dict[str, Any]]:
    ref = world.hub.ref("stafettlogg", own).partition("/")[2]
    return [one for one in world.systems.bup.all("ServiceRequest") if hub_id(one) == ref]


def says(world: InProcess, request: dict[str, Any], status: str, **more: Any) -> dict[str, Any]:
    """BUP's own workflow says how a referral stands."""
    task = {
        "resourceType": "Task", "status": status, "intent": "order", "for": request["subject"],
        "focus": {"reference": f"ServiceRequest/{request['id']}"}, **more,
    }  # fmt: skip
    made = world.systems.bup.create(task)
    world.quiet()
    return made


def states(world: InProcess, own: str) -> list[tuple[str, str | None]]:
    """As they stand in the log."""
    found = world.systems.stafettlogg.record(own).get("tilstand", [])
    return [(one["tilstand"], one.get("grunn")) for one in found]


def standing(world: InProcess, kind: str) -> list[Any]:
    """Notices of this kind that stand: what about, and since when it is to be told."""
    with world.service.store.read(TENANT) as connection:
        rows = connection.execute(select(notice).where(notice.c.kind == kind, notice.c.settled.is_(None)))
        return [(row.about, row.due) for row in rows]


def test_how_far_it_has_come_at_bup_comes_back_into_the_log(emma: InProcess) -> None:
    answer = referral(emma, "h-1", "e-d7")
    assert (answer["status"], answer.get("referral")) == ("stored", None)
    (request,) = at_bup(emma, "h-1")
    task = says(emma, request, "received", lastModified="2026-11-21T13:00:00+01:00")
    assert states(emma, "h-1") == [("mottatt", None)]
    why = {"statusReason": {"text": "Hører til habilitering"}, "lastModified": "2026-11-22T09:00:00+01:00"}
    emma.systems.bup.save({**task, "status": "rejected", **why})
    emma.quiet()
    assert states(emma, "h-1") == [("mottatt", None), ("avslag", "Hører til habilitering")]
    (there,) = at_bup(emma, "h-1")
    assert extension(there, "nettverk") == "Tante", "nothing of the referral itself has changed"
    emma.assert_agreed()


def test_waiting_lists_are_said_in_our_words_where_r4_has_none(emma: InProcess) -> None:
    referral(emma, "h-2", "e-d7")
    (request,) = at_bup(emma, "h-2")
    business = {"coding": [{"system": "https://stafettbro.no/fhir/CodeSystem/henvisningstilstand",
                            "code": "venteliste"}]}  # fmt: skip
    says(emma, request, "accepted", businessStatus=business)
    says(emma, request, "in-progress", lastModified="2026-11-30T09:00:00+01:00")
    says(emma, request, "completed", lastModified="2026-12-24T09:00:00+01:00")
    assert [state for state, _ in states(emma, "h-2")] == ["venteliste", "oppstart", "avsluttet"]


def test_a_referral_by_ppt_is_kept_and_answered_with_the_way_to_go(emma: InProcess) -> None:
    answer = referral(emma, "h-3", "e-d4")
    assert (answer["status"], answer["referral"]) == ("stored", "not-sent")
    (problem,) = answer["problems"]
    assert (problem["field"], problem["code"]) == ("henviser", "may-not-refer")
    assert problem["text"] == (
        "PPT kan ikke henvise til BUP. De som kan, er fastlegen, kommunepsykologen, lege, psykolog og "
        "barneverntjenesten. Be en av dem henvise, og stå selv som medhenviser. Helsepersonell må stå med "
        "HPR-nummer. Henvisningen er tatt vare på, men ikke sendt."
    )
    assert at_bup(emma, "h-3") == []
    ref = emma.hub.ref("stafettlogg", "h-3")
    assert [about for about, _ in standing(emma, "referral-returned")] == [ref]
    record = emma.systems.stafettlogg.record("h-3")
    again = emma.hand_in("stafettlogg", [record])[0]
    assert (again["status"], again["problems"]) == ("unchanged", answer["problems"])
    assert emma.edit("stafettlogg", "h-3", henviser="e-d7", medhenvisere=["e-d5"])["status"] == "stored"
    emma.quiet()
    assert len(at_bup(emma, "h-3")) == 1
    assert standing(emma, "referral-returned") == []


def test_what_a_complete_referral_lacks_is_listed(emma: InProcess) -> None:
    lacking = {"oensketBidrag": "", "tiltakMedEffekt": [], "nettverk": None, "underskrifter": []}
    answer = referral(emma, "h-4", "e-d7", **lacking)
    assert [one["field"] for one in answer["problems"]] == list(lacking)


def test_one_that_bup_does_not_acknowledge_is_told_of_after_its_time(emma: InProcess) -> None:
    referral(emma, "h-5", "e-d7")
    ref = emma.hub.ref("stafettlogg", "h-5")
    (due,) = [due for about, due in standing(emma, "unacknowledged") if about == f"{ref}@bup"]
    assert timedelta(hours=1, minutes=50) < due - emma.clock() <= timedelta(hours=2)
    (request,) = at_bup(emma, "h-5")
    assert far(emma, ref) is State.RECEIVED
    says(emma, request, "received")
    assert f"{ref}@bup" not in dict(standing(emma, "unacknowledged"))
    assert far(emma, ref) is State.ACKNOWLEDGED


def test_the_same_acknowledgement_twice_is_one_receipt(emma: InProcess) -> None:
    referral(emma, "h-6", "e-d7")
    (request,) = at_bup(emma, "h-6")
    task = says(emma, request, "accepted")
    before = receipts(emma, "h-6")
    emma.systems.bup.save({**task, "description": "lest igjen"})
    emma.quiet()
    assert len(before) == 1
    assert receipts(emma, "h-6") == before


def receipts(world: InProcess, own: str) -> list[Any]:
    ref = world.hub.ref("stafettlogg", own)
    with world.service.store.read(TENANT) as connection:
        return list(connection.execute(select(receipt).where(receipt.c.ref == ref)).all())


def far(world: InProcess, ref: str) -> State:
    """How far the newest edition of an item has come at BUP."""
    service = world.service
    systems = {one.id: one for one in service.settings.systems}
    with service.store.read(TENANT) as connection:
        person = versions.of_refs(connection, TENANT, [ref])[ref].person
        found = deliveries(connection, TENANT, person, systems)
    (one,) = [one for one in found if (one.ref, one.recipient) == (ref, "bup")]
    return one.state


def test_bup_may_say_it_on_the_referral_itself(emma: InProcess) -> None:
    referral(emma, "h-7", "e-d7")
    (request,) = at_bup(emma, "h-7")
    reason = {"url": "http://hl7.org/fhir/StructureDefinition/request-statusReason",
              "valueCodeableConcept": {"text": "Mangler samtykke"}}  # fmt: skip
    extensions = [*request["extension"], reason]
    emma.systems.bup.save({**request, "status": "revoked", "extension": extensions})
    emma.quiet()
    assert states(emma, "h-7") == [("avslag", "Mangler samtykke")]
    emma.edit("stafettlogg", "h-7", nettverk="Tante og onkel")
    emma.quiet()
    assert states(emma, "h-7") == [("avslag", "Mangler samtykke")], "said once"
    (there,) = at_bup(emma, "h-7")
    assert (there["status"], extension(there, "nettverk")) == ("revoked", "Tante og onkel")
    emma.assert_agreed()
