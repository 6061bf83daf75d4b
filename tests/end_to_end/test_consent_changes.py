"""What a recipient may not see survives its edits, goes out when the consent grows, and stops going out when
the consent is withdrawn."""

from __future__ import annotations

import pytest

from tests.end_to_end.waiting import wait_until
from tests.end_to_end.world import InProcess

EVALUATION = "Tre til fire netter i uka. Går rette veien."
EFFECT = "Legger seg lettere, våkner fortsatt om natta."


@pytest.fixture
def narrow(world: InProcess) -> InProcess:
    """Emma's parents have not consented to evaluations."""
    log = world.sample("stafettlogg", "emma")
    world.systems.bup.admit(log[0]["barn"])
    for record in log:
        if record["type"] == "samtykke":
            record["kategorier"] = [c for c in record["kategorier"] if c != "evaluering"]
    world.systems.stafettlogg.seed(log)
    assert {a["status"] for a in world.hand_in("stafettlogg", log)} == {"stored"}
    plan = world.sample("individuell-plan", "emma")
    world.systems.plan.seed(plan)
    world.hand_in("individuell-plan", plan)
    world.quiet()
    return world


def test_what_bup_may_not_see_survives_its_edit_and_goes_out_with_the_consent(narrow: InProcess) -> None:
    systems = narrow.systems
    goal = narrow.goal_at_bup("e-m2")
    assert "outcomeReference" not in goal
    assert goal["meta"]["security"][0]["code"] == "REDACTED"
    for wire in systems.wires().values():
        assert not [r for r in wire.requests if EVALUATION in r.text or EFFECT in r.text]
    before = systems.stafettlogg.record("e-m2")

    unmarked = {k: v for k, v in goal["meta"].items() if k != "security"}  # a server that keeps no labels
    systems.bup.save({**goal, "meta": unmarked, "description": {"text": "BUPs ord om søvn"}})
    narrow.quiet()
    after = systems.stafettlogg.record("e-m2")
    assert after["tekst"] == "BUPs ord om søvn"
    assert after["evaluering"] == before["evaluering"]
    assert "sensitivitet" not in after
    current = narrow.hub.resources()[narrow.hub.ref("stafettlogg", "e-m2")]
    assert current["outcomeReference"]
    assert "security" not in current.get("meta", {})
    assert narrow.hub.conflicts() == []

    sent = narrow.arrived()["bup"]
    consent = systems.stafettlogg.record("e-s1")
    narrow.edit("stafettlogg", "e-s1", kategorier=[*consent["kategorier"], "evaluering"])
    narrow.quiet()
    assert EVALUATION in str(systems.bup.all("Observation"))
    assert EFFECT in str(systems.bup.all("Observation"))
    goal = narrow.goal_at_bup("e-m2")
    assert len(goal["outcomeReference"]) == 1
    assert goal["description"]["text"] == "BUPs ord om søvn"
    assert "security" not in goal["meta"]
    assert narrow.in_plan("e-m2")["evaluering"]["tekst"] == EVALUATION
    writes = [r.path for r in systems.bup.wire.writes()[sent:]]
    assert len(writes) <= 5, "two observations, the goal twice at most, and the consent itself"


def test_what_was_locked_goes_out_with_what_refers_to_it(world: InProcess) -> None:
    """The minutes of a meeting are locked when the meeting is told, and opened later."""
    log = world.sample("stafettlogg", "emma")
    world.systems.bup.admit(log[0]["barn"])
    minutes = next(r for r in log if r["id"] == "e-dok1")
    minutes["sperre"] = ["NORU"]
    world.systems.stafettlogg.seed(log)
    world.hand_in("stafettlogg", log)
    world.quiet()
    (meeting,) = world.systems.bup.all("Appointment")
    assert "supportingInformation" not in meeting
    assert world.systems.bup.all("DocumentReference") == []
    opened = {k: v for k, v in minutes.items() if k != "sperre"}
    world.write("stafettlogg", opened)
    world.quiet()
    (document,) = world.systems.bup.all("DocumentReference")
    (meeting,) = world.systems.bup.all("Appointment")
    assert meeting["supportingInformation"] == [{"reference": f"DocumentReference/{document['id']}"}]
    assert document["content"][0]["attachment"]["data"] == minutes["innhold"]


def test_after_a_withdrawal_nothing_more_goes_out_and_nothing_is_taken_away(world: InProcess) -> None:
    world.begin("emma")
    systems = world.systems
    stood = {r["id"] for r in systems.bup.everything()}
    sent = len(systems.bup.wire.writes())
    trukket = {"tidspunkt": "2026-11-21T12:00:00+01:00", "av": "e-d2"}
    world.edit("stafettlogg", "e-s1", trukket=trukket)
    world.edit("stafettlogg", "e-m1", tekst="Skal ikke ut")
    world.edit("stafettlogg", "e-l1", tekst="Heller ikke dette")
    world.quiet()
    later = systems.bup.wire.writes()[sent:]
    assert not [r for r in later if "Skal ikke ut" in r.text or "Heller ikke dette" in r.text]
    assert stood <= {r["id"] for r in systems.bup.everything()}
    assert "Skal ikke ut" not in str(systems.plan.records())


def test_bup_is_heard_though_something_it_never_got_was_withdrawn_from_it(world: InProcess) -> None:
    """A goal that could not be delivered, and then may no longer be, must not stop what BUP says."""
    world.begin("emma")
    systems = world.systems
    systems.bup.peer.faults(refuse=503)
    goal = {
        "type": "maal", "id": "m-ny", "logg": "emma-logg", "endretAv": "e-d1", "tekst": "Nådde aldri fram",
        "status": "aktiv",
    }  # fmt: skip
    world.write("stafettlogg", goal)
    wait_until(lambda: ("bup", "waiting", "HTTP 503") in world.hub.pending(), "the delivery has failed")
    world.edit("stafettlogg", "m-ny", sperre=["NORN_FORANS"])
    systems.bup.peer.faults()
    world.lift_breaker()
    world.rest()
    assert "Nådde aldri fram" not in str(systems.bup.all("Goal"))
    known = world.goal_at_bup("e-m1")
    systems.bup.save({**known, "description": {"text": "BUP blir hørt"}})
    world.quiet()
    assert systems.stafettlogg.record("e-m1")["tekst"] == "BUP blir hørt"
