"""Both ways at once: what is said in any system arrives in the others, merges field by field with what is
said there, is never lost, and comes to rest. Each test works on a goal of its own in Emma's log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests import databases
from tests.end_to_end import world as worlds
from tests.end_to_end.fresh import database
from tests.end_to_end.systems import Systems, hub_id, without_server_parts
from tests.end_to_end.world import InProcess


@pytest.fixture(scope="module", params=databases.KINDS)
def emma(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, systems: Systems
) -> Iterator[InProcess]:
    """A gateway that has told of Emma, once for all tests here, on each database."""
    folder = tmp_path_factory.mktemp("emma")
    with database(request, request.param, folder) as url, worlds.in_process(url, folder, systems) as world:
        world.begin("emma")
        yield world


@pytest.fixture
def shared(emma: InProcess) -> Iterator[Goal]:
    """A goal that stands everywhere. Whatever a test does with it: at the end all systems agree."""
    number = len(emma.systems.stafettlogg.records())
    record = {
        "type": "maal", "id": f"maal-{number}", "logg": "emma-logg", "endretAv": "e-d1",
        "tekst": f"Mål nummer {number}", "egneOrd": "Jeg vil bare være med", "status": "aktiv",
        "start": "2026-11-01", "evalueringsfrist": "2027-01-15",
    }  # fmt: skip
    assert emma.write("stafettlogg", record)["status"] == "stored"
    emma.quiet()
    yield Goal(emma, record["id"])
    emma.quiet()
    emma.assert_agreed()


class Goal:
    """One goal, as it is called and stands at each system."""

    def __init__(self, world: InProcess, native_id: str) -> None:
        self.world = world
        self.id = native_id
        self.ref = world.hub.ref("stafettlogg", native_id)

    @property
    def log(self) -> dict[str, Any]:
        """As it stands in the stafettlogg."""
        return self.world.systems.stafettlogg.record(self.id)

    @property
    def plan(self) -> dict[str, Any]:
        """As it stands in the plan."""
        return self.world.in_plan(self.id)

    @property
    def bup(self) -> dict[str, Any]:
        """As it stands at BUP."""
        return self.world.goal_at_bup(self.id)

    def at_bup(self, **fields: Any) -> None:
        """A clinician reads the goal, changes it and saves it."""
        self.world.systems.bup.save({**self.bup, **fields})

    def in_log(self, **fields: Any) -> dict[str, Any]:
        """The teacher changes it in the stafettlogg."""
        return self.world.edit("stafettlogg", self.id, **fields)

    def conflicts(self) -> list[dict[str, Any]]:
        """Open conflicts on it."""
        return [one for one in self.world.hub.conflicts() if one["ref"] == self.ref]


def test_an_edit_at_bup_arrives_everywhere_and_the_childs_words_stay(shared: Goal) -> None:
    shared.at_bup(
        description={"text": "Emma har minst to hun leker med."}, note=[{"text": "Snakket med mor."}]
    )
    shared.world.quiet()
    assert shared.log["tekst"] == shared.plan["tekst"] == "Emma har minst to hun leker med."
    assert shared.log["egneOrd"] == shared.plan["egneOrd"] == "Jeg vil bare være med"
    assert shared.log["evalueringsfrist"] == "2027-01-15"
    assert shared.bup["note"] == [{"text": "Snakket med mor."}], "what no other system has a field for stays"


def test_words_that_bup_has_never_seen_survive_its_edit(shared: Goal) -> None:
    with shared.world.held("bup"):
        shared.in_log(egneOrd="Ingen skal le av meg")
        shared.world.quiet()
        assert "Ingen skal le" not in str(shared.bup)
        shared.at_bup(description={"text": "Endret før ordene kom hit"})
        shared.world.quiet()
    shared.world.quiet()
    assert shared.log["egneOrd"] == shared.plan["egneOrd"] == "Ingen skal le av meg"
    assert shared.log["tekst"] == "Endret før ordene kom hit"
    assert "Ingen skal le av meg" in str(shared.bup)
    assert shared.conflicts() == []


def test_a_clinicians_edit_that_nobody_has_asked_for_survives_our_next_push(shared: Goal) -> None:
    wire = shared.world.systems.bup.wire
    before = len(wire.requests)
    shared.at_bup(description={"text": "Klinikerens ord"})
    shared.in_log(evalueringsfrist="2027-03-01")
    shared.world.rest()
    mine = [r for r in wire.requests[before:] if r.method == "PUT" and r.path.endswith(shared.bup["id"])]
    assert [r.status for r in mine] == [412, 200], "refused once, merged, sent again"
    assert shared.bup["description"]["text"] == "Klinikerens ord"
    assert shared.bup["target"] == [{"dueDate": "2027-03-01"}]
    assert (shared.log["tekst"], shared.log["evalueringsfrist"]) == ("Klinikerens ord", "2027-03-01")
    assert shared.conflicts() == []


def test_different_fields_changed_on_both_sides_at_once_merge(shared: Goal) -> None:
    with shared.world.held("bup"):
        shared.in_log(egneOrd="Nye ord", start="2026-11-02")
        shared.at_bup(description={"text": "Nytt mål"}, lifecycleStatus="completed")
        shared.world.polled()
    shared.world.quiet()
    said = {"tekst": "Nytt mål", "egneOrd": "Nye ord", "start": "2026-11-02", "status": "naadd"}
    assert {name: shared.log[name] for name in said} == said
    assert {name: shared.plan[name] for name in said} == said
    assert shared.conflicts() == []


@pytest.mark.parametrize("first", ["we ask", "we push"])
def test_the_same_field_changed_to_different_values_keeps_both(shared: Goal, first: str) -> None:
    with shared.world.held("bup"):
        shared.at_bup(description={"text": "BUPs ord"})
        answer = shared.in_log(tekst="Skolens ord")
        if first == "we ask":
            shared.world.polled()
    shared.world.quiet()
    assert answer["status"] == "stored"
    (conflict,) = shared.conflicts()
    assert (conflict["current"], conflict["theirs"]) == ({"text": "Skolens ord"}, {"text": "BUPs ord"})
    assert conflict["system"] == "bup"
    assert shared.log["tekst"] == shared.plan["tekst"] == shared.bup["description"]["text"] == "Skolens ord"


def test_the_same_change_on_both_sides_is_no_conflict(shared: Goal) -> None:
    with shared.world.held("bup"):
        shared.at_bup(description={"text": "Samme ord"})
        shared.in_log(tekst="Samme ord")
        shared.world.polled()
    shared.world.quiet()
    assert shared.conflicts() == []
    assert shared.plan["tekst"] == "Samme ord"


def test_log_and_plan_changed_at_once_merge(shared: Goal) -> None:
    plan_id = shared.plan["id"]
    with shared.world.held("individuell-plan"), shared.world.held("stafettlogg"):
        shared.in_log(egneOrd="Ord fra loggen")
        shared.world.edit("individuell-plan", plan_id, evalueringsfrist="2027-05-05")
    shared.world.quiet()
    for record in (shared.log, shared.plan):
        assert (record["egneOrd"], record["evalueringsfrist"]) == ("Ord fra loggen", "2027-05-05")
    assert shared.conflicts() == []


def test_a_field_taken_away_in_one_system_goes_away_in_all(shared: Goal) -> None:
    changed = {k: v for k, v in shared.log.items() if k != "evalueringsfrist"} | {
        "endret": shared.world.now()
    }
    shared.world.systems.stafettlogg.save(changed)
    shared.world.hand_in("stafettlogg", [changed])
    shared.world.quiet()
    assert "evalueringsfrist" not in shared.plan
    assert "target" not in shared.bup


def test_an_evaluation_taken_back_is_withdrawn_everywhere(shared: Goal) -> None:
    shared.in_log(evaluering={"dato": "2026-11-20", "tekst": "Skrevet på feil mål", "resultat": "naadd"})
    shared.world.quiet()
    assert shared.plan["evaluering"]["tekst"] == "Skrevet på feil mål"
    taken = {k: v for k, v in shared.log.items() if k != "evaluering"} | {"endret": shared.world.now()}
    shared.world.systems.stafettlogg.save(taken)
    shared.world.hand_in("stafettlogg", [taken])
    shared.world.quiet()
    assert "evaluering" not in shared.plan
    assert "evaluering" not in shared.log, "not brought back from where it still stood"
    own = f"{shared.ref.partition('/')[2]}-evaluering"
    (there,) = [o for o in shared.world.systems.bup.all("Observation") if hub_id(o) == own]
    assert there["status"] == "entered-in-error"


def test_registered_in_error_is_said_everywhere(shared: Goal) -> None:
    error = {"tidspunkt": "2026-11-21T12:00:00+01:00", "av": "e-d1", "grunn": "Feil barn"}
    shared.in_log(feilregistrert=error)
    shared.world.quiet()
    assert shared.bup["lifecycleStatus"] == "entered-in-error"
    assert "feilregistrert" in shared.plan
    plans = [p for p in shared.world.systems.bup.all("CarePlan") if "goal" in p]
    assert not [p for p in plans if f"Goal/{shared.bup['id']}" in str(p["goal"])], (
        "the log no longer lists it"
    )


def test_a_goal_and_an_answer_made_at_bup_arrive_in_log_and_plan(emma: InProcess) -> None:
    bup = emma.systems.bup
    question = {
        "type": "melding", "id": "sp-1", "logg": "emma-logg", "endretAv": "e-d1", "traad": "tr-9",
        "emne": "Skolestart", "tekst": "Hvordan gjør vi det?", "mottakere": ["e-d6"],
        "tidspunkt": "2026-11-20T09:00:00+01:00",
    }  # fmt: skip
    emma.write("stafettlogg", question)
    emma.quiet()
    asked = next(c for c in bup.all("Communication") if "Hvordan gjør vi det?" in str(c))
    patient = asked["subject"]
    goal = bup.create(
        {"resourceType": "Goal", "lifecycleStatus": "active", "subject": patient,
         "description": {"text": "Trene på å si fra"}, "startDate": "2026-11-21"}
    )  # fmt: skip
    answer = bup.create(
        {"resourceType": "Communication", "status": "completed", "subject": patient,
         "inResponseTo": [{"reference": f"Communication/{asked['id']}"}],
         "topic": {"text": "SV: Skolestart"}, "payload": [{"contentString": "Vi kommer på torsdag."}],
         "sent": "2026-11-21T10:00:00+01:00"}
    )  # fmt: skip
    emma.quiet()
    for system, peer in (("stafettlogg", emma.systems.stafettlogg), ("individuell-plan", emma.systems.plan)):
        records = peer.records().values()
        (made,) = [r for r in records if r.get("tekst") == "Trene på å si fra"]
        assert made["type"] == ("maal" if system == "stafettlogg" else "hovedmaal")
        assert (made["status"], made["start"]) == ("aktiv", "2026-11-21")
        (told,) = [r for r in records if r.get("tekst") == "Vi kommer på torsdag."]
        (replied,) = [r for r in records if r.get("tekst") == "Hvordan gjør vi det?"]
        assert (told["type"], told["svarPaa"]) == ("melding", replied["id"])
        assert told["emne"] == "SV: Skolestart"
    assert without_server_parts(bup.read(f"Goal/{goal['id']}")) == without_server_parts(goal)
    assert without_server_parts(bup.read(f"Communication/{answer['id']}")) == without_server_parts(answer)
    emma.assert_agreed()


def test_what_was_made_at_bup_can_be_changed_in_the_log(emma: InProcess) -> None:
    bup = emma.systems.bup
    patient = bup.all("Goal")[0]["subject"]
    made = bup.create(
        {"resourceType": "Goal", "lifecycleStatus": "proposed", "subject": patient, "priority":
         {"text": "høy"}, "description": {"text": "Bli kjent med ungdomsskolen"}}
    )  # fmt: skip
    emma.quiet()
    records = emma.systems.stafettlogg.records().values()
    (there,) = [r for r in records if r.get("tekst") == "Bli kjent med ungdomsskolen"]
    emma.edit("stafettlogg", there["id"], tekst="Bli kjent med klassen", status="aktiv")
    emma.quiet()
    now = bup.read(f"Goal/{made['id']}")
    assert (now["description"]["text"], now["lifecycleStatus"]) == ("Bli kjent med klassen", "active")
    assert now["priority"] == {"text": "høy"}
    assert len([g for g in bup.all("Goal") if "Bli kjent" in str(g)]) == 1
    emma.assert_agreed()


def test_nothing_echoes(emma: InProcess) -> None:
    """Every records system says again all it holds, and BUP saves all its resources unchanged."""
    emma.quiet()
    before, sent = emma.hub.changes(), emma.arrived()
    for system, peer in (("stafettlogg", emma.systems.stafettlogg), ("individuell-plan", emma.systems.plan)):
        answers = emma.hand_in(system, list(peer.records().values()))
        assert [a for a in answers if a["status"] != "unchanged"] == []
    for resource in emma.systems.bup.everything():
        if resource["resourceType"] != "Patient":
            emma.systems.bup.save(resource)
    emma.quiet()
    assert emma.hub.changes() == before
    assert emma.arrived() == sent
