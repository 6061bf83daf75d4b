"""What protects an item is taken away only where it was put on: a server that gives an item back without its
labels, or without whom it tells about, has not lowered its protection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config import Settings
from gateway.hub import links, versions
from gateway.hub.links import Link
from mappings import reading
from mappings.canonical import ENTRY_KIND
from mappings.marks import with_marks as marked
from mappings.model import ITEM, State
from tests.access.issuer_server import Issuer
from tests.api.test_fhir_read import matches, person
from tests.api.test_fhir_write import send
from tests.api.world import World, fields, settings


@pytest.fixture
def honouring(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> Iterator[World]:
    """BUP honours labels; the GP's system does not."""
    told = settings(sqlite_url, tmp_path, issuer).model_dump()
    for system in told["systems"]:
        system["honours"] = ["NORS", "NORU"] if system["id"] == "bup" else []
    made = World(Settings.model_validate(told), issuer)
    yield made
    made.close()


def with_marks(log: list[dict[str, Any]], **marks: Any) -> list[dict[str, Any]]:
    return [{**r, **marks} if r["id"] == "e-m1" else r for r in log]


def outcome(world: World, own: str, ref: str, recipient: str) -> str:
    found = fields(world.get(f"/decisions?patient={own}&recipient={recipient}&item={ref}", "drift"))
    said: str = found["items"][0]["outcome"]
    return said


def test_a_label_that_a_server_leaves_out_stays(honouring: World, emma: list[dict[str, Any]]) -> None:
    honouring.hand_in("logg", with_marks(emma, sperre=["NORS"]))
    own = person(honouring, emma[0])
    goal = next(
        g
        for g in matches(honouring.get(f"/fhir/Goal?patient={own}", "bup"))
        if "security" in g.get("meta", {})
    )
    ref = f"Goal/{goal['id']}"
    assert outcome(honouring, own, ref, "lege") == "deny"
    read = honouring.get(f"/fhir/{ref}", "bup")
    stripped = {k: v for k, v in fields(read).items() if k != "meta"} | {"lifecycleStatus": "on-hold"}
    put = send(honouring, "PUT", f"/fhir/{ref}", stripped, If_Match=read.headers["etag"])
    assert put.status_code == 200, put.text
    assert outcome(honouring, own, ref, "lege") == "deny"
    again = fields(honouring.get(f"/fhir/{ref}", "bup"))
    assert {"NORS"} <= {one["code"] for one in again["meta"]["security"]}


def test_its_own_system_takes_a_label_away(honouring: World, emma: list[dict[str, Any]]) -> None:
    honouring.hand_in("logg", with_marks(emma, sperre=["NORS"]))
    own = person(honouring, emma[0])
    (goal,) = [
        g
        for g in matches(honouring.get(f"/fhir/Goal?patient={own}", "bup"))
        if "security" in g.get("meta", {})
    ]
    honouring.later()
    honouring.hand_in("logg", with_marks(emma, sperre=[], endret="2026-11-21T12:00:30+00:00"))
    assert outcome(honouring, own, f"Goal/{goal['id']}", "lege") == "permit"


@pytest.mark.parametrize(
    ("marks", "gone"),
    [
        ({"sperre": ["NORS"]}, "meta"),
        ({"tredjeperson": ["e-d2"]}, "extension"),
        ({"sensitivitet": ["PSY"]}, "meta"),
    ],
)
def test_nor_does_a_record_that_comes_without_its_marks_lower_it(
    honouring: World, emma: list[dict[str, Any]], marks: dict[str, Any], gone: str
) -> None:
    """As a FHIR server would tell of it that keeps neither labels nor extensions."""
    honouring.hand_in("logg", with_marks(emma, **marks))
    own = person(honouring, emma[0])
    with honouring.service.store.write("fjordbyen") as connection:
        ref = links.names(connection, "fjordbyen", "logg", ["e-m1"])["e-m1"].ref
        held = versions.current(connection, "fjordbyen", ref)
        assert held is not None
        state = State({ITEM: held.resource})
        known = [Link("bup", f"Patient/{own}", own, "Patient/9"), Link("bup", ref, own, "Goal/7", held=state)]
        mother = links.names(connection, "fjordbyen", "logg", ["e-d2"])["e-d2"].ref
        known.append(Link("bup", mother, own, "RelatedPerson/5"))  # whom it tells about, BUP knows
        links.save(connection, "fjordbyen", known)
    before = held.resource
    assert gone in before
    stripped = {k: v for k, v in before.items() if k not in ("meta", "extension", "outcomeReference")}
    stripped |= {"id": "7", "subject": {"reference": "Patient/9"}, "lifecycleStatus": "on-hold"}
    honouring.later()
    stripped["meta"] = {"versionId": "2", "lastUpdated": honouring.now.isoformat()}
    (answer,) = fields(honouring.hand_in("bup", [stripped]))["results"]
    assert answer["status"] == "stored", answer
    with honouring.service.store.read("fjordbyen") as connection:
        after = versions.current(connection, "fjordbyen", ref)
    assert after is not None
    assert after.resource["lifecycleStatus"] == "on-hold"
    assert reading.labels_of(after.resource) == reading.labels_of(before)
    assert reading.sensitivity_of(after.resource) == reading.sensitivity_of(before)
    assert reading.third_persons_of(after.resource) == reading.third_persons_of(before)


def test_what_kind_of_entry_it_is_stays(honouring: World, emma: list[dict[str, Any]]) -> None:
    """Without its kind a referral would be a measure, and a note a message: shared by other consents."""
    honouring.hand_in("logg", emma)
    own = person(honouring, emma[0])
    seen = [
        one
        for kind in ("Communication", "ServiceRequest")
        for one in matches(honouring.get(f"/fhir/{kind}?patient={own}", "bup"))
    ]
    assert seen
    for one in seen:
        ref = f"{one['resourceType']}/{one['id']}"
        before = category(honouring, ref)
        read = honouring.get(f"/fhir/{ref}", "bup")
        stripped = {k: v for k, v in fields(read).items() if k != "category"} | {"priority": "urgent"}
        put = send(honouring, "PUT", f"/fhir/{ref}", stripped, If_Match=read.headers["etag"])
        assert put.status_code in (200, 422), put.text
        assert category(honouring, ref) == before, (put.status_code, before)


def category(world: World, ref: str) -> frozenset[str]:
    """What the hub takes it for."""
    with world.service.store.read("fjordbyen") as connection:
        return reading.category_of(versions.of_refs(connection, "fjordbyen", [ref])[ref].resource)


@pytest.mark.parametrize(
    ("before", "theirs", "after"),
    [
        ({"type": {"text": "Møtereferat"}}, {"type": {"text": "Annet"}}, {"dokument", "moete"}),
        ({"type": {"text": "Brev"}}, {"type": {"text": "Møtereferat"}}, {"dokument", "moete"}),
        ({}, {}, {"dokument"}),
    ],
)
def test_a_kind_may_ask_for_more_and_never_for_less(
    before: dict[str, Any], theirs: dict[str, Any], after: set[str]
) -> None:
    made = marked(
        {"resourceType": "DocumentReference", **theirs}, {"resourceType": "DocumentReference", **before}
    )
    assert reading.category_of(made) == after


def test_what_nobody_knows_the_kind_of_is_given_none() -> None:
    unknown = {"resourceType": "Observation", "code": {"text": "noe"}}
    named = {**unknown, "category": [{"coding": [{"system": ENTRY_KIND, "code": "evaluering"}]}]}
    assert reading.category_of(marked(named, unknown)) == frozenset()
    assert marked(unknown, unknown) is unknown
