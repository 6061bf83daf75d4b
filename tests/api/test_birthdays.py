"""A birthday at midnight in Oslo, with nobody writing anything: the durable timer wakes the lanes, and
whoever decides now is asked now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import records
from tests.api.test_consent_life import changed, ref
from tests.api.test_fhir_read import person
from tests.api.test_notices import SECOND, at, keep
from tests.api.test_pull import pull
from tests.api.world import World, fields

FIFTEEN = datetime(2027, 3, 13, 23, tzinfo=UTC)  # 14 March in Oslo, winter time
SIXTEEN = datetime(2027, 6, 1, 22, tzinfo=UTC)  # 2 June in Oslo, summer time
COORDINATING = {"orgnr": "359797117", "navn": "Koordinerende enhet, Fjordbyen kommune"}


def log_and_plan(born: str, *givers: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Jonas, born on another day, with a plan beside the log; these have consented to sharing goals with the
    coordinating unit."""
    log = records("stafettlogg", "jonas")
    log[0]["barn"]["foedt"] = born
    head = {"endret": "2026-10-01T09:00:00+02:00", "endretAv": "j-d1"}
    unit = {"rolle": "koordinator", "tjeneste": "koordinerendeEnhet", "enhet": COORDINATING}
    unit |= {
        "navn": {"fornavn": "Grete", "etternavn": "Koordinator"},
        "fra": "2026-10-01",
        "type": "deltaker",
    }
    said = next(r for r in log if r["id"] == "j-s1")
    said |= {"giver": list(givers), "mottakere": ["koordinerendeEnhet"], "kategorier": ["plan", "maal"]}
    said |= {"til": "2029-01-01"}
    log = [r for r in log if r["id"] != "j-s2"]
    log.append({**head, **unit, "id": "j-d9", "logg": "jonas-logg"})
    plan = {**head, "type": "plan", "id": "jonas-ip", "person": log[0]["barn"], "status": "aktiv"}
    return log, [plan, {**head, **unit, "id": "jp-d1", "plan": "jonas-ip"}]


def entered(world: World, born: str, *givers: str) -> list[dict[str, Any]]:
    log, plan = log_and_plan(born, *givers)
    for system, own in (("logg", log), ("plan", plan)):
        answer = world.hand_in(system, own)
        assert {r["status"] for r in fields(answer)["results"]} == {"stored"}, answer.text
    return log


class Fetching:
    """The plan system, which confirms what it got each time: a lane is looked at anew only when woken."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._cursor: str | None = None

    def goals(self) -> list[str]:
        """The goals it is handed now."""
        page = pull(self._world, self._cursor)
        self._cursor = page["cursor"]
        return [one["item"] for one in page["records"] if one["item"].startswith("Goal/")]


def test_at_sixteen_the_young_persons_word_alone_carries_what_it_did_not_the_second_before(
    any_world: World,
) -> None:
    entered(any_world, "2011-06-02", "j-d5")
    plan = Fetching(any_world)
    assert [plan.goals(), plan.goals()] == [[], []]
    at(any_world, SIXTEEN - SECOND)
    assert plan.goals() == []
    any_world.now = SIXTEEN
    assert plan.goals() == []  # nobody has woken the lane
    keep(any_world)
    assert plan.goals() == [ref(any_world, "j-m1")]


def test_at_fifteen_the_guardians_alone_suffice_no_more(any_world: World) -> None:
    log = entered(any_world, "2012-03-14", "j-d3", "j-d4")
    at(any_world, FIFTEEN - SECOND)
    plan, goal = Fetching(any_world), ref(any_world, "j-m1")
    assert plan.goals() == [goal]
    at(any_world, FIFTEEN)
    assert plan.goals() == []
    later = changed(log, "j-m1", "2027-03-14T08:00:00+01:00", tekst="Fire dagar i veka.")
    any_world.hand_in("logg", [later])
    assert plan.goals() == []
    told = fields(any_world.get(f"/decisions?patient={person(any_world, log[0])}&recipient=plan", "drift"))
    (item,) = [one for one in told["items"] if one["item"] == goal]
    assert {r["rule"] for d in item["decisions"] for r in d["reasons"]} >= {"W8", "G1"}
    assert item["outcome"] == "deny"


@pytest.mark.parametrize(("born", "birthday"), [("2011-06-02", SIXTEEN), ("2012-03-14", FIFTEEN)])
def test_the_timer_stands_at_midnight_in_oslo(world: World, born: str, birthday: datetime) -> None:
    entered(world, born, "j-d3", "j-d4", "j-d5")
    world.now = birthday - timedelta(hours=12)
    pull(world)
    with world.service.store.read("fjordbyen") as connection:
        due = connection.exec_driver_sql("SELECT due FROM timer WHERE kind = 'edge'").scalar_one()
    assert due == birthday.timestamp() * 1_000_000
