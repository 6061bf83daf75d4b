"""What the gateway itself answers under /fhir: statements, resources, searchsets, histories, transactions and
outcomes, asked for as a FHIR system asks. For the judges.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from gateway.api.fhir_types import KINDS
from gateway.hub.audit import configured
from tests.api.conftest import records
from tests.api.test_fhir_read import evaluated, find, person
from tests.api.test_fhir_write import entry, goal, measure, send, transaction
from tests.api.world import World, fields
from tests.conformance.emitted import Emitted

SET = "the gateway"
MISTAKES = "refused: "
NOBODY = "00000000-0000-0000-0000-000000000000"


def served(world: World) -> Iterator[Emitted]:
    """Emma at BUP, and what the gateway says of itself and of mistakes."""
    emma = evaluated(records("stafettlogg", "emma"))
    world.hand_in("logg", emma)
    world.hand_in("plan", records("individuell-plan", "emma"))
    own = person(world, emma[0])
    yield _answer("metadata", world.get("/fhir/metadata", "bup"))
    yield _answer("a patient found", find(world, "bup", emma[0]["barn"]["fnr"]))
    yield from _read(world, own)
    yield from _written(world, own)
    yield from _refused(world, own)
    yield from _audited(world, own)


def _read(world: World, own: str) -> Iterator[Emitted]:
    for kind in KINDS.values():
        about = f"patient={own}" if kind.patient else f"_id={own}"
        includes = [f"_include={kind.name}:{name}" for name in kind.includes]
        answer = world.get(f"/fhir/{kind.name}?{'&'.join([about, *includes])}", "bup")
        yield _answer(f"a search for {kind.name}", answer)
        for one in fields(answer).get("entry", []):
            resource = one["resource"]
            place = f"{resource['resourceType']}/{resource['id']}"
            yield _answer(place, world.get(f"/fhir/{place}", "bup"))
            yield _answer(f"{place} through time", world.get(f"/fhir/{place}/_history", "bup"))


def _written(world: World, own: str) -> Iterator[Emitted]:
    yield _answer("a goal created", send(world, "POST", "/fhir/Goal", goal(own)))
    outcome = send(world, "POST", "/fhir/Goal", goal(own, "Et annet"), Prefer="return=OperationOutcome")
    yield _answer("an outcome of success", outcome)
    both = transaction(
        entry("POST", "Goal", goal(own, "Et tredje"), "urn:uuid:6b1c7d52-4a32-4b43-9e1f-3cbfb4a1c0d1"),
        entry("POST", "ServiceRequest", measure(own), "urn:uuid:7b1c7d52-4a32-4b43-9e1f-3cbfb4a1c0d1"),
        entry("GET", f"Goal?patient={own}"),
    )
    yield _answer("a transaction", send(world, "POST", "/fhir", both))


def _audited(world: World, own: str) -> Iterator[Emitted]:
    """Reads, searches, decisions, a list over persons, what was refused, a changed configuration."""
    world.get("/lanes", "drift")
    world.get(f"/timeline/{own}", "bup")
    said = {"kind": "objection", "by": "Kari Nordmann", "reason": "Hun vil ikke"}
    world.post(f"/people/{own}/acts", "logg", said)
    configured.note(world.service.store, world.service.settings, world.now)
    answer = world.get("/fhir/AuditEvent?_count=200", "drift")
    for one in fields(answer)["entry"]:
        event: dict[str, Any] = one["resource"]
        event.pop("meta", None)  # the patterns of IHE BALP lie not beside the validator: R4 itself judges
        yield Emitted(SET, f"AuditEvent/{event['id']}", event)


def _refused(world: World, own: str) -> Iterator[Emitted]:
    misshapen: dict[str, Any] = {**goal(own), "lifecycleStatus": 7, "description": "tekst"}
    yield _answer(f"{MISTAKES}a misshapen goal", send(world, "POST", "/fhir/Goal", misshapen))
    yield _answer(
        f"{MISTAKES}what is not there", world.get("/fhir/Goal/00000000-0000-0000-0000-000000000000", "bup")
    )
    yield _answer(f"{MISTAKES}an unknown parameter", world.get(f"/fhir/Goal?patient={own}&farge=blaa", "bup"))
    yield _answer(f"{MISTAKES}an unknown type", world.get("/fhir/Medication?_id=1", "bup"))
    yield _answer(f"{MISTAKES}no token", world.http.get(f"/fhir/Goal?patient={own}"))


def _answer(name: str, answer: httpx.Response) -> Emitted:
    assert name.startswith(MISTAKES) == answer.is_error, f"{name}: {answer.text}"
    return Emitted(SET, name, fields(answer))
