"""Sharing ends, and those who hold something are told so, once and without content; what is registered in
error is said to them all the same."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from gateway import jsontext
from gateway.exchange import deviations
from gateway.exchange.recall import Recall
from gateway.hub.schema.endings import ended
from gateway.hub.schema.tables import resource
from mappings.ended import ALL, VARSEL
from mappings.in_error import TEXT
from tests.end_to_end.configuration import TENANT
from tests.end_to_end.systems import hub_id
from tests.end_to_end.world import InProcess

WITHDRAWN = {"tidspunkt": "2026-11-21T12:00:00+01:00", "av": "e-d2"}


def withdraw(world: InProcess) -> None:
    """Her mother takes Emma's only consent in the log back."""
    world.edit("stafettlogg", "e-s1", trukket=WITHDRAWN)
    world.quiet()


def notices_at_bup(world: InProcess) -> list[dict[str, Any]]:
    """The notices that stand at BUP."""
    return [
        one
        for one in world.systems.bup.all("Communication")
        if any(c.get("system") == VARSEL for k in one.get("category", []) for c in k.get("coding", []))
    ]


def messages(world: InProcess) -> list[dict[str, Any]]:
    """The notices that stand in the plan system."""
    return [r for r in world.systems.plan.records().values() if r.get("tekst") == ALL]


def test_who_holds_something_is_told_once_that_sharing_has_ended(world: InProcess) -> None:
    world.begin("emma")
    goal = world.goal_at_bup("e-m1")
    withdraw(world)
    (notice,) = notices_at_bup(world)
    assert {"reference": f"Goal/{goal['id']}"} in notice["about"]
    assert notice["subject"]["reference"].startswith("Patient/")
    assert notice["status"] == "completed"
    assert "payload" not in notice
    told = [d for d in world.hub.disclosures() if d["channel"] == "notice" and d["recipient"] == "bup"]
    assert [(d["state"], d["items"][0]["ground"], d["items"][0]["categories"]) for d in told] == [
        ("delivered", "notice", [])
    ]
    assert told[0]["items"][0]["ref"] == f"Communication/{hub_id(notice)}"

    world.edit("stafettlogg", "e-m1", tekst="Skal ikke ut")
    world.quiet()
    assert len(notices_at_bup(world)) == 1
    assert f"Communication/{hub_id(notice)}" not in world.hub.resources()  # told, and nobody's to share
    (message,) = messages(world)
    assert message["plan"] == "emma-ip"
    made = select(ended.c.system, resource.c.created_by).join(resource, resource.c.ref == ended.c.ref)
    told_of = {(r.system, r.created_by) for r in world.hub.rows(made)}
    assert told_of >= {("bup", "stafettlogg"), ("stafettlogg", "individuell-plan")}
    assert not [one for one in told_of if one[0] == one[1]]  # of nothing that it made itself


def test_again_when_it_was_resumed_and_ends_anew(world: InProcess) -> None:
    world.begin("emma")
    withdraw(world)
    consent = world.systems.stafettlogg.record("e-s1")
    again = {k: v for k, v in consent.items() if k not in ("trukket", "versjon")}
    world.write("stafettlogg", {**again, "id": "e-s9"})
    world.quiet()
    assert len(notices_at_bup(world)) == 1
    world.edit("stafettlogg", "e-s9", trukket=WITHDRAWN | {"tidspunkt": world.now()})
    world.quiet()
    assert len(notices_at_bup(world)) == 2


def test_what_is_registered_in_error_is_said_though_the_consent_is_withdrawn(world: InProcess) -> None:
    world.begin("emma")
    before = world.goal_at_bup("e-m1")
    in_plan = world.in_plan("e-m1")
    withdraw(world)
    sent = len(world.systems.bup.wire.writes())
    mark = {"tidspunkt": world.now(), "av": "e-d1", "grunn": "Gjelder et annet barn"}
    world.edit("stafettlogg", "e-m1", tekst="Andre ord, heller ikke de skal ut", feilregistrert=mark)
    world.quiet()
    after = world.systems.bup.read(f"Goal/{before['id']}")
    assert after["lifecycleStatus"] == "entered-in-error"
    assert after["description"]["text"] == TEXT
    assert hub_id(after) == hub_id(before)
    (write,) = world.systems.bup.wire.writes()[sent:]
    for word in ("Andre ord", "annet barn", before["description"]["text"]):
        assert word not in write.text
    assert jsontext.decode(write.body)["description"] == {"text": TEXT}
    told = [d for d in world.hub.disclosures() if d["items"][0]["ground"] == "in-error"]
    assert {(d["recipient"], d["channel"], d["state"]) for d in told} == {
        (name, "notice", "delivered") for name in ("bup", "individuell-plan")
    }
    there = world.systems.plan.record(in_plan["id"])
    assert there["feilregistrert"].keys() == {"tidspunkt"}
    assert (there["tekst"], in_plan["tekst"] in str(there)) == (TEXT, False)
    world.edit("stafettlogg", "e-m1", tekst="En gang til")
    world.quiet()
    assert len(world.systems.bup.wire.writes()) == sent + 1


@pytest.mark.parametrize("consented", [True, False], ids=["consented", "withdrawn"])
def test_the_wrong_patient_is_recalled_from_everyone(world: InProcess, consented: bool) -> None:
    world.begin("emma")
    goal, ref = world.goal_at_bup("e-m2"), world.hub.ref("stafettlogg", "e-m2")
    in_plan, own = world.in_plan("e-m2"), world.systems.stafettlogg.record("e-m2")
    if not consented:
        withdraw(world)
    (person,) = world.hub.rows(select(resource.c.person).where(resource.c.ref == ref))
    asked = Recall(person.person, (ref,), "Kari Nordmann", "feil-person", "drift", None)
    (done,) = world.service.recaller(TENANT).recall(asked, world.clock())
    had = {(one.system, one.how.value, one.state.value) for one in done.deviation.holders}
    assert had >= {(name, "delivered", "pending") for name in ("bup", "individuell-plan")}
    assert ("stafettlogg", "source", "pending") in had
    world.service.woken()
    world.quiet()

    there = world.systems.bup.read(f"Goal/{goal['id']}")
    assert there["lifecycleStatus"] == "entered-in-error"
    assert "feilregistrert" in world.systems.plan.record(in_plan["id"])
    back = world.systems.stafettlogg.record("e-m2")
    assert back["tekst"] == own["tekst"]  # its own words stay its own
    assert "feilregistrert" in back
    assert (there["description"]["text"] == TEXT) is not consented
    with world.service.store.read(TENANT) as connection:
        after = deviations.of_item(connection, TENANT, ref)
    assert after is not None
    assert {(one.system, one.state.value) for one in after.holders} == {
        (name, "acknowledged") for name in ("bup", "individuell-plan", "stafettlogg")
    }
    assert after.state == "closed"


def test_what_a_recipient_refuses_stays_open(world: InProcess) -> None:
    world.begin("emma")
    ref = world.hub.ref("stafettlogg", "e-m2")
    withdraw(world)
    world.systems.bup.peer.faults(refuse=422)
    (person,) = world.hub.rows(select(resource.c.person).where(resource.c.ref == ref))
    asked = Recall(person.person, (ref,), "Kari Nordmann", "feil-person", "drift", None)
    world.service.recaller(TENANT).recall(asked, world.clock())
    world.service.woken()
    world.rest()
    world.systems.bup.peer.faults()
    with world.service.store.read(TENANT) as connection:
        after = deviations.of_item(connection, TENANT, ref)
    assert after is not None
    assert {one.state.value for one in after.holders if one.system == "bup"} >= {"refused"}
    assert after.state == "open"
