"""A recipient acknowledges what it got, and whoever made it sees how far it has come; nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.access.issuer_server import Issuer
from tests.api.conftest import records
from tests.api.test_fhir_read import person
from tests.api.test_notices import at
from tests.api.test_pull import pull
from tests.api.world import World, fields, settings


@pytest.fixture
def told(any_world: World, emma: list[dict[str, Any]]) -> World:
    """Emma's log and plan; the plan system has fetched what is for it, and not yet confirmed it."""
    any_world.hand_in("logg", emma)
    any_world.hand_in("plan", records("individuell-plan", "emma"))
    pull(any_world)
    return any_world


def goal(world: World) -> str:
    """What the hub calls the log's first goal."""
    answer = fields(world.hand_in("logg", records("stafettlogg", "emma")))["results"]
    return str(next(one["resource"] for one in answer if one["type"] == "maal"))


def acknowledge(world: World, *said: dict[str, Any], system: str = "plan") -> list[dict[str, Any]]:
    answer = world.post(f"/systems/{system}/receipts", system, list(said))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = fields(answer)["results"]
    return found


def deliveries(world: World, emma: list[dict[str, Any]], client: str = "drift") -> dict[str, dict[str, Any]]:
    """Item -> how far it has come at the plan system."""
    answer = world.get(f"/people/{person(world, emma[0])}/receipts", client)
    assert answer.status_code == 200, answer.text
    return {one["item"]: one for one in fields(answer)["deliveries"] if one["recipient"] == "plan"}


def test_sent_received_and_acknowledged(told: World, emma: list[dict[str, Any]]) -> None:
    ref = goal(told)
    assert deliveries(told, emma)[ref]["state"] == "sent"
    cursor = pull(told)["cursor"]
    pull(told, cursor)
    received = deliveries(told, emma)[ref]
    assert (received["state"], received["acknowledged"]) == ("received", None)
    (kept,) = acknowledge(told, {"id": ref.partition("/")[2], "kind": "accepted", "by": "Kari"})
    assert kept["status"] == "kept"
    there = deliveries(told, emma, "logg")[ref]
    assert (there["state"], there["acknowledged"]) == ("acknowledged", kept["receipt"])


def test_the_same_said_again_gives_the_same_receipt(told: World, emma: list[dict[str, Any]]) -> None:
    ref = goal(told)
    said = {"id": ref.partition("/")[2], "kind": "read", "at": "2026-11-21T13:30:00+01:00"}
    (first,) = acknowledge(told, said)
    told.now += timedelta(hours=2)
    (again,) = acknowledge(told, said | {"by": "En annen"})
    assert again == first
    (other,) = acknowledge(told, said | {"kind": "accepted"})
    assert other["receipt"]["id"] != first["receipt"]["id"]


def test_what_is_rejected_is_refused_with_the_reason(told: World, emma: list[dict[str, Any]]) -> None:
    ref = goal(told)
    acknowledge(told, {"id": ref.partition("/")[2], "kind": "rejected", "reason": "Feil enhet"})
    found = deliveries(told, emma, "logg")[ref]
    assert (found["state"], found["reason"]) == ("refused", "Feil enhet")
    bare = told.post("/systems/plan/receipts", "plan", [{"id": ref.partition("/")[2], "kind": "rejected"}])
    assert bare.status_code == 422


def test_a_newer_edition_has_to_be_acknowledged_anew(told: World, emma: list[dict[str, Any]]) -> None:
    ref = goal(told)
    cursor = pull(told)["cursor"]
    acknowledge(told, {"id": ref.partition("/")[2], "kind": "accepted"})
    told.later()
    first = next(one for one in emma if one["type"] == "maal")
    told.hand_in("logg", {**first, "tekst": "Et nytt mål", "endret": told.now.isoformat()})
    after = pull(told, cursor)
    assert [one["item"] for one in after["records"]] == [ref]
    found = deliveries(told, emma)[ref]
    assert (found["state"], found["acknowledged"]) == ("sent", None)
    early = (told.now - timedelta(seconds=30)).isoformat()
    (late,) = acknowledge(told, {"id": ref.partition("/")[2], "kind": "read", "at": early})
    assert late["receipt"]["version"] < found["version"], "said before the newer edition was there"
    assert deliveries(told, emma)[ref]["state"] == "sent"


def test_what_was_never_sent_is_not_acknowledged(told: World) -> None:
    unknown, own = acknowledge(told, {"id": "finnes-ikke", "kind": "read"}, {"id": "emma-ip", "kind": "read"})
    assert (unknown["status"], own["status"]) == ("unknown", "never-sent")


def test_only_who_made_it_or_got_it_knows(told: World, emma: list[dict[str, Any]]) -> None:
    ref = goal(told)
    own = person(told, emma[0])
    assert {ref} <= deliveries(told, emma, "plan").keys()
    third = told.get(f"/people/{own}/receipts", "bup")
    assert third.status_code in (200, 404)
    if third.status_code == 200:
        assert fields(third)["deliveries"] == []
    assert told.get(f"/people/{own}/receipts", "nabo").status_code == 404
    assert told.get(f"/people/{own}/receipts", "nabodrift").status_code == 404
    assert told.post("/systems/plan/receipts", "logg", [{"id": ref, "kind": "read"}]).status_code == 403


def test_a_plain_registration_in_error_has_a_receipt_from_each_who_has_it(
    told: World, emma: list[dict[str, Any]]
) -> None:
    ref = goal(told)
    cursor = pull(told)["cursor"]
    told.later()
    first = next(one for one in emma if one["type"] == "maal")
    error = {"tidspunkt": told.now.isoformat(), "grunn": "Feil barn"}
    told.hand_in("logg", {**first, "feilregistrert": error, "endret": told.now.isoformat()})
    pending = deliveries(told, emma, "logg")
    assert not pending or pending[ref]["state"] == "pending"
    assert deliveries(told, emma)[ref]["state"] == "pending"
    after = pull(told, cursor)
    pull(told, after["cursor"])
    done = deliveries(told, emma)[ref]
    assert (done["withdrawal"], done["state"]) == (True, "acknowledged")


@pytest.fixture
def waited_for(sqlite_url: str, tmp_path: Path, issuer: Issuer) -> Iterator[World]:
    """The plan system is one that acknowledges, within three days."""
    given = settings(sqlite_url, tmp_path, issuer)
    systems = [s.model_copy(update={"acknowledges": s.id == "plan"}) for s in given.systems]
    made = World(given.model_copy(update={"systems": tuple(systems)}), issuer)
    yield made
    made.close()


def test_what_nobody_acknowledges_is_told_to_the_coordinator_after_its_time(
    waited_for: World, emma: list[dict[str, Any]]
) -> None:
    waited_for.hand_in("logg", emma)
    waited_for.hand_in("plan", records("individuell-plan", "emma"))
    ref = goal(waited_for)
    cursor, began = pull(waited_for)["cursor"], waited_for.now
    at(waited_for, began + timedelta(hours=71))
    assert unacknowledged(waited_for) == set()
    at(waited_for, began + timedelta(hours=73))
    assert f"{ref}@plan" in unacknowledged(waited_for)
    assert unacknowledged(waited_for, "lege") == set(), "it coordinates nothing"
    pull(waited_for, cursor)
    assert unacknowledged(waited_for) == set(), "it has said that it stored all of it"
    assert deliveries(waited_for, emma)[ref]["state"] == "acknowledged"


def unacknowledged(world: World, client: str = "logg") -> set[str]:
    found = fields(world.get("/notices?limit=200", client))["notices"]
    return {one["about"] for one in found if one["kind"] == "unacknowledged"}


@pytest.mark.parametrize(
    "wrong",
    [{}, [], [{"id": "x"}], [{"id": "x", "kind": "sett"}], [{"id": 1, "kind": "read"}],
     [{"id": "x", "kind": "read", "at": "2026-11-21"}], [{"id": "x", "kind": "read", "hva": 1}]],
)  # fmt: skip
def test_what_is_no_acknowledgement_is_refused(world: World, wrong: Any) -> None:
    assert world.post("/systems/plan/receipts", "plan", wrong).status_code == 422
