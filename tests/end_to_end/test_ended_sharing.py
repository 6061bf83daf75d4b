"""Sharing ends, and those who hold something are told so, once and without content; what is registered in error
is said to them all the same."""

from __future__ import annotations

from typing import Any

from gateway import jsontext
from mappings.ended import ALL, VARSEL
from mappings.in_error import TEXT
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
