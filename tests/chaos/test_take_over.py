"""With the send deadline as it is by default: what a killed worker had under way is with another within 30
seconds, and what waits is with another at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.databases import PostgresTemplate
from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, planted, wait_until
from tests.end_to_end.plant_standing import assert_logged, editions_at

WITHIN = 30.0  # seconds, from kill -9
AT_ONCE = 30.0  # seconds, on a machine with other work
THINKING = 4000  # milliseconds: long enough to be killed in
CHILDREN = [Child(1), Child(2)]


@pytest.fixture(scope="module")
def plant(_postgres_template: PostgresTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Two workers beside the gateway, and the plan system as the only recipient."""
    folder = tmp_path_factory.mktemp("take-over")
    with (
        _postgres_template.copy() as url,
        planted(folder, url, CHILDREN, clinics=(), send_deadline_seconds=10.0) as running,
    ):
        yield running
        assert running.logged("SB0025") == []  # the sweeper repaired nothing


def test_another_takes_over_within_thirty_seconds(plant: Plant) -> None:
    plan, child, other = plant.recipients["individuell-plan"], *CHILDREN
    plan.faults(delay=THINKING)
    plant.post([child.goal("m1", 1)])
    wait_until(lambda: running(plant) != [], 30, "a send is under way")
    (lane,) = running(plant)
    before = run_of(plant, lane)
    (name,) = [n for n, process in plant.processes.items() if process.pid == lane["owner"]["pid"]]
    plant.kill(name)
    plan.faults()
    plant.post([other.goal("m1", 2)])
    wait_until(lambda: editions_at(plan, [other]) == {f"{other.log}-m1": 2}, AT_ONCE, "others go on at once")
    wait_until(lambda: run_of(plant, lane) > before, WITHIN, "another has claimed the lane")
    wait_until(plant.quiet, 30, "everything is delivered")
    assert editions_at(plan, CHILDREN) == {f"{child.log}-m1": 1, f"{other.log}-m1": 2}
    assert_logged(plant, "individuell-plan")
    started_again(plant, name)


def test_an_idle_worker_that_is_killed_is_not_missed(plant: Plant) -> None:
    child = CHILDREN[0]
    wait_until(lambda: plant.processes.keys() == plant.commands.keys(), 1, "all have been started")
    for edition, name in enumerate(sorted(n for n in plant.processes if n != "serve"), 10):
        plant.kill(name)
        plant.post([child.goal("m1", edition)])
        wait_until(lambda now=edition: standing(plant, child) == now, AT_ONCE, "the other sends")  # type: ignore[misc]
        started_again(plant, name)


def standing(plant: Plant, child: Child) -> int | None:
    """Which edition of the goal the plan system has."""
    return editions_at(plant.recipients["individuell-plan"], [child]).get(f"{child.log}-m1")


def started_again(plant: Plant, name: str) -> None:
    """Start what was killed, and wait until it is at work."""
    seen = len(plant.logged("SB0020"))
    plant.start(name)
    wait_until(lambda: len(plant.logged("SB0020")) > seen, 60, "it is at work again")


def running(plant: Plant) -> list[dict[str, Any]]:
    """The lanes that somebody is sending on."""
    return [one for one in plant.lanes("individuell-plan") if one["state"] == "running"]


def run_of(plant: Plant, lane: dict[str, Any]) -> int:
    """How often it has been claimed."""
    return int(plant.query(f"SELECT run FROM lane WHERE id = '{lane['id']}'")[0].run)
