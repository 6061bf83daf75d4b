"""Whoever looks leaves an entry before the answer leaves: one for each person, and no answer without it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from fastapi import FastAPI, Response
from sqlalchemy import select, text
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from gateway import jsontext
from gateway.api.witness import Witness
from gateway.hub.audit import entries as entries_of
from gateway.hub.audit import occasion
from gateway.hub.audit.entries import Entry, Kind
from gateway.hub.audit.verify import verify
from gateway.hub.schema.audit import audit
from tests.api.conftest import records
from tests.api.test_fhir_read import find, person
from tests.api.world import World, fields

TENANT = "fjordbyen"


def entries(world: World, after: int = 0, tenant: str = TENANT) -> list[Any]:
    """What the audit says since a number, disclosures' ends aside."""
    chosen = select(audit).where(audit.c.tenant == tenant, audit.c.number > after, audit.c.kind != "closed")
    with world.service.store.read(tenant) as connection:
        return list(connection.execute(chosen.order_by(audit.c.number)))


def last(world: World, tenant: str = TENANT) -> int:
    with world.service.store.read(tenant) as connection:
        found = text("SELECT coalesce(max(number), 0) FROM audit WHERE tenant = :tenant")
        return int(connection.execute(found, {"tenant": tenant}).scalar_one())


@pytest.fixture
def own(world: World, emma: list[dict[str, Any]]) -> str:
    assert world.hand_in("logg", emma).status_code == 200
    return person(world, emma[0])


def since(world: World, ask: Any) -> tuple[Any, list[Any]]:
    """What was answered, and what the audit says of it."""
    before = last(world)
    return ask(), entries(world, before)


def test_a_read_is_one_entry_with_who_asked_and_what_it_was_told(world: World, own: str) -> None:
    answered, (one,) = since(world, lambda: world.get(f"/fhir/Patient/{own}", "bup"))
    assert answered.status_code == 200
    assert (one.kind, one.action, one.outcome, one.source) == ("read", "GET /fhir/{type}/{id}", "done", "api")
    assert (one.person, one.client, one.system) == (own, "bup", "bup")
    assert one.pin is not None
    told = fields(world.get(f"/disclosures?patient={own}", "drift"))["disclosures"]
    assert one.subject in {each["id"] for each in told}


def test_a_search_is_told_as_one_whether_it_finds_anything_or_not(world: World, own: str) -> None:
    _, (one,) = since(world, lambda: world.get(f"/fhir/Goal?patient={own}", "bup"))
    assert (one.kind, one.action, one.person) == ("search", "GET /fhir/{type}", own)
    _, (one,) = since(world, lambda: world.get(f"/fhir/Goal?patient={own}&lifecycle-status=cancelled", "bup"))
    assert (one.kind, one.person, one.subject) == ("search", own, None)
    found, (one,) = since(world, lambda: find(world, "bup", "01010112345"))
    assert fields(found).get("entry") is None
    assert (one.kind, one.action, one.person) == ("search", "POST /fhir/{type}/_search", None)
    assert "01010112345" not in str(entries(world))


def test_what_is_hidden_was_asked_for_and_that_is_told(world: World) -> None:
    log = [r for r in records("stafettlogg", "emma") if r["type"] != "samtykke"]
    world.hand_in("logg", log)
    child = person(world, log[0])
    answered, (one,) = since(world, lambda: world.get(f"/fhir/Patient/{child}", "lege"))
    assert answered.status_code == 404
    assert (one.kind, one.outcome, one.person, one.client) == ("read", "refused", child, "lege")
    assert jsontext.decode(one.content) == {"status": 404}


def test_a_number_in_an_address_never_gets_into_the_audit(world: World, own: str) -> None:
    assert own
    for path in ("/people/09898504473/acts", "/people/09898504473/consents", "/timeline/09898504473",
                 "/fhir/Patient/09898504473", "/disclosures?patient=09898504473"):  # fmt: skip
        _, made = since(world, lambda path=path: world.get(path, "drift"))
        assert [one.person for one in made] == [None], path
    every = entries(world)
    assert "09898504473" not in "".join(str(tuple(one)) for one in every)


@pytest.mark.parametrize("path", [
    "/people/{}/acts", "/people/{}/consents", "/people/{}/receipts", "/people/{}/merges",
    "/people/{}/conflicts",
    "/decisions?patient={}&recipient=bup", "/disclosures?patient={}", "/people/{}/awaiting-release",
    "/systems/bup/unshown?patient={}",
])  # fmt: skip
def test_what_an_operator_looks_at_is_told_of_whom(world: World, own: str, path: str) -> None:
    answered, made = since(world, lambda: world.get(path.format(own), "drift"))
    assert answered.status_code == 200, answered.text
    assert [(one.kind, one.person, one.client, one.system) for one in made] == [("read", own, "drift", None)]
    assert made[0].action.startswith("GET /")
    assert own not in made[0].action


def test_a_list_over_persons_is_one_entry_for_each(world: World, own: str) -> None:
    other = records("stafettlogg", "jonas")
    world.hand_in("logg", other)
    answered, made = since(world, lambda: world.get("/lanes", "drift"))
    people = {one["patient"].removeprefix("Patient/") for one in fields(answered)["lanes"]}
    assert len(people) == 2
    assert own in people
    assert sorted(one.person for one in made) == sorted(people)
    assert {one.kind for one in made} == {"search"}


def test_no_entry_no_answer(world: World, own: str) -> None:
    """The database takes no more entries: what would only be read is not told either."""
    with world.service.store.write(TENANT) as connection:
        connection.execute(
            text("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'x'); END")
        )
    for path in (f"/people/{own}/acts", f"/decisions?patient={own}&recipient=bup", "/lanes"):
        answered = world.get(path, "drift")
        assert answered.status_code == 503, path
        assert own not in answered.text
    answered = world.get(f"/fhir/Goal?patient={own}&lifecycle-status=cancelled", "bup")
    assert (answered.status_code, fields(answered)["resourceType"]) == (503, "OperationOutcome")


def test_what_a_request_wrote_that_came_to_nothing_is_said_anew(world: World, own: str) -> None:
    """Its transaction is undone, its entry with it; that somebody asked stays."""

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        occasion.asked_by(TENANT, "bup", "bup", "POST /somewhere")
        with suppress(RuntimeError), world.service.store.write(TENANT) as connection:
            entries_of.write(connection, TENANT, [Entry(Kind.DECISION, world.now, own, "undone")])
            raise RuntimeError
        await Response(status_code=409)(scope, receive, send)

    app = FastAPI()
    app.state.desk = world.app.state.desk
    app.mount("/", failing)
    app.add_middleware(Witness)
    before = last(world)
    assert TestClient(app).post("/x").status_code == 409
    (one,) = entries(world, before)
    assert (one.action, one.outcome, one.client) == ("POST /somewhere", "refused", "bup")


def test_what_a_named_person_decides_is_written_with_it(world: World, own: str) -> None:
    said = {"kind": "objection", "by": "Kari Nordmann", "reason": "Hun vil ikke"}
    answered, made = since(world, lambda: world.post(f"/people/{own}/acts", "logg", said))
    assert answered.status_code in (200, 201), answered.text
    acted = [one for one in made if one.kind == "decision"]
    assert [(one.action, one.person, one.client) for one in acted] == [("act objection", own, "logg")]
    assert b"Kari" not in b"".join(bytes(one.content or b"") for one in made)


def test_consents_that_come_in_are_decisions_about_the_child(world: World) -> None:
    before = last(world)
    log = records("stafettlogg", "emma")
    world.hand_in("logg", log)
    made = entries(world, before)
    consents = [one for one in made if one.action == "consent"]
    assert {(one.kind, one.system, one.person) for one in consents} == {
        ("decision", "logg", person(world, log[0]))
    }
    assert all(one.subject.startswith("Consent/") for one in consents)
    assert len(made) == len(consents)  # what is handed in is no look at anybody


def test_each_stays_with_its_municipality(world: World, own: str) -> None:
    assert own
    before = last(world, "nabokommune")
    world.get("/lanes", "nabodrift")
    (one,) = entries(world, before, "nabokommune")
    assert (one.tenant, one.client, one.person) == ("nabokommune", "nabodrift", None)


def test_what_a_changed_configuration_says_is_told_at_the_next_start(world: World) -> None:
    from gateway.hub.audit import configured

    store, settings = world.service.store, world.service.settings
    configured.note(store, settings, world.now)
    configured.note(store, settings, world.now)
    (one,) = [e for e in entries(world) if e.kind == "configuration"]
    closed = tuple(route.model_copy(update={"open": False}) for route in settings.routes)
    configured.note(store, settings.model_copy(update={"routes": closed}), world.now)
    _, two = [e for e in entries(world) if e.kind == "configuration"]
    assert jsontext.decode(one.content)["changed"] == ["all"]
    assert jsontext.decode(two.content)["changed"] == ["routes"]


def test_all_of_it_is_whole(world: World, own: str) -> None:
    world.get(f"/fhir/Patient/{own}", "bup")
    world.get(f"/people/{own}/held?reader=RelatedPerson/x", "drift")
    with world.service.store.read(TENANT) as connection:
        found = verify(connection, TENANT, [])
    assert found.faults == []
    assert found.disclosures >= 1
