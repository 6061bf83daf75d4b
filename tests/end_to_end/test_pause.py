"""A worker that is stopped in the middle of a send keeps its lanes; whether it goes on or is killed, no older
state arrives after a newer one and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.databases import PostgresTemplate
from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, planted, wait_until
from tests.end_to_end.plant_standing import (
    assert_in_order,
    assert_logged,
    begun,
    editions_at,
    is_write,
    item,
)

DEADLINE = 2.0  # of one send, in seconds
DELAY = 1500  # how long BUP thinks, in milliseconds
GOALS = ("m1", "m2", "m3")
CHILDREN = [Child(n) for n in range(3)]
BEYOND = timedelta(seconds=3)  # past a run's deadline the other worker looks each second


@pytest.fixture(scope="module")
def plant(_postgres_template: PostgresTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Two workers beside the gateway."""
    folder = tmp_path_factory.mktemp("plant")
    with (
        _postgres_template.copy() as url,
        planted(folder, url, CHILDREN, send_deadline_seconds=DEADLINE) as running,
    ):
        yield running
        assert running.logged("SB0025") == []  # the sweeper repaired nothing


def test_a_worker_that_is_stopped_and_goes_on_sends_nothing_old(plant: Plant) -> None:
    stopped = stop_in_the_middle_of_a_send(plant, CHILDREN[0], first=0)
    keeps_its_lane(plant, CHILDREN[0], stopped, first=0)
    plant.resume(stopped)
    everything_is_there(plant)
    assert plant.logged("SB0024") == []  # nothing was taken from a worker that lives


def test_a_stopped_worker_that_is_killed_is_followed_by_the_other(plant: Plant) -> None:
    stopped = stop_in_the_middle_of_a_send(plant, CHILDREN[1], first=100)
    keeps_its_lane(plant, CHILDREN[1], stopped, first=100)
    plant.kill(stopped)
    everything_is_there(plant)
    assert plant.logged("SB0024")
    plant.start(stopped)


def stop_in_the_middle_of_a_send(plant: Plant, child: Child, *, first: int) -> str:
    """Which worker was stopped, while BUP was thinking about a goal of this child."""
    bup = plant.recipients["bup"]
    plant.post([child.goal(name, first + 1) for name in GOALS])
    wait_until(plant.quiet, 60, "the first edition is there")
    bup.forget_arrivals()
    bup.faults(delay=DELAY)
    plant.post([child.goal(name, first + 2) for name in GOALS])
    wait_until(lambda: any(one["method"] == "PUT" for one in bup.arrivals()), 30, "a send is under way")
    assert {item(one) for one in bup.arrivals() if is_write(one)} <= begun(plant, "bup")
    (lane,) = [one for one in plant.lanes("bup") if one["state"] == "running"]
    (name,) = [name for name, process in plant.processes.items() if process.pid == lane["owner"]["pid"]]
    plant.pause(name)
    return name


def keeps_its_lane(plant: Plant, child: Child, stopped: str, *, first: int) -> None:
    """Past its deadline the lane is still the stopped worker's, and an operator sees it; others go on."""
    lane = running_lane(plant)
    plant.post([child.goal(name, first + 3) for name in GOALS])
    plant.recipients["bup"].faults()
    other = CHILDREN[2]
    plant.post([other.goal("m1", first + 4)])
    late = datetime.fromisoformat(lane["deadline"]) + BEYOND
    wait_until(lambda: datetime.now(UTC) > late, 30, "its deadline is long past")
    wait_until(
        lambda: editions_at(plant.recipients["bup"], [other]) == {f"{other.log}-m1": first + 4},
        30,
        "another child's lane goes on",
    )
    after = running_lane(plant)
    assert after["owner"] == lane["owner"] | {"process": "stopped"}
    assert after["owner"]["pid"] == plant.processes[stopped].pid
    assert after["id"] == lane["id"]
    newest = {f"{child.log}-{name}": first + 3 for name in GOALS}
    assert not newest.items() & editions_at(plant.recipients["bup"], [child]).items()


def running_lane(plant: Plant) -> dict[str, Any]:
    """The one lane to BUP that is under way."""
    (lane,) = [one for one in plant.lanes("bup") if one["state"] == "running"]
    return lane


def everything_is_there(plant: Plant) -> None:
    """The newest of everything stands everywhere, it came in order, and the disclosures tell of it."""
    wait_until(plant.quiet, 60, "everything is delivered")
    want = plant.recipients["individuell-plan"]
    for name in ("bup", "fastlege"):
        peer = plant.recipients[name]
        assert editions_at(peer, CHILDREN) == editions_at(want, CHILDREN)
        assert_in_order(peer)
        assert_logged(plant, name)
    assert {number % 100 for number in editions_at(want, CHILDREN).values()} == {3, 4}
