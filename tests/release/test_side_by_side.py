"""The previous release and the new one side by side under load, then back to the previous: deliveries go on
all the while, by both where both run, and everything arrives in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, free_port, planted, wait_until
from tests.end_to_end.plant_standing import assert_in_order, assert_logged, editions_at
from tests.postgres import Cluster
from tests.release.previous import bring_forward, for_this_release, its_database, unpacked

CHILDREN = [Child(n) for n in range(4)]
GOALS = 5
ENOUGH = 12  # deliveries by each release that is to take part in a stage
OLD, NEW = "old", "new"


class Load:
    """New editions of goals, one request after another, through whichever gateways run."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.gateways = [plant.url]
        self.editions: dict[str, int] = {}
        self.stopped = threading.Event()

    def run(self) -> None:
        """Until stopped."""
        for number in count(1):
            if self.stopped.wait(0.05):
                return
            child, goal = CHILDREN[number % len(CHILDREN)], f"m{number // len(CHILDREN) % GOALS}"
            self.plant.url = self.gateways[number % len(self.gateways)]
            (answer,) = self.plant.post([child.goal(goal, number)])
            assert answer["status"] == "stored", answer
            self.editions[f"{child.log}-{goal}"] = number


@contextmanager
def loaded(plant: Plant) -> Iterator[Load]:
    """Under load until the end of the block; an error of the load is one of the test."""
    load, failed = Load(plant), []

    def run() -> None:
        try:
            load.run()
        except AssertionError as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        thread.join()
    assert not failed, failed


@pytest.fixture
def plant(postgres: Cluster, tmp_path: Path) -> Iterator[Plant]:
    """The previous release: a gateway and two workers."""
    source = unpacked(tmp_path / "previous")
    url = its_database(postgres)
    with planted(
        tmp_path, url, CHILDREN, clinics=("bup",), source=source, send_deadline_seconds=5.0
    ) as running:
        yield running


def delivered(plant: Plant) -> Callable[[str], int]:
    """How many deliveries the workers of a release have begun since now."""
    before = {row.owner: row.n for row in _by_worker(plant)}

    def since(release: str) -> int:
        workers = _workers(plant, release)
        return sum(row.n - before.get(row.owner, 0) for row in _by_worker(plant) if row.owner in workers)

    return since


def _by_worker(plant: Plant) -> list[object]:
    return plant.query("SELECT owner, count(*) AS n FROM disclosure WHERE owner IS NOT NULL GROUP BY owner")


def _workers(plant: Plant, release: str) -> set[str]:
    """Their names in the database, by the processes that they are."""
    pids = {p.pid for name, p in plant.processes.items() if (name in plant.sources) == (release == OLD)}
    return {row.id for row in plant.query("SELECT id, pid FROM worker") if row.pid in pids}


def both_deliver(plant: Plant, *releases: str) -> None:
    """Each of these delivers while the load goes on."""
    since = delivered(plant)
    for release in releases:
        wait_until(lambda release=release: since(release) >= ENOUGH, 90, f"the {release} release delivers")


@pytest.mark.timeout(400)
def test_two_releases_side_by_side_and_back_again(plant: Plant, postgres: Cluster) -> None:
    old_url, new_port = plant.url, free_port()
    config = for_this_release(plant.commands["serve"][plant.commands["serve"].index("--config") + 1])
    base = plant.commands["serve"][:3]
    old = list(plant.commands)
    new = {"new-serve": [*base, "serve", "--config", config, "--port", str(new_port)]}
    new |= {f"new-worker-{n}": [*base, "worker", "--config", config] for n in range(2)}
    new_url = f"http://127.0.0.1:{new_port}"
    with loaded(plant) as load:
        both_deliver(plant, OLD)
        bring_forward(postgres, plant.database_url)
        plant.commands |= new
        for name in new:
            plant.start(name)
        wait_until(lambda: plant.ready(new_url), 120, "the new gateway is ready")
        load.gateways = [old_url, new_url]
        both_deliver(plant, OLD, NEW)
        load.gateways = [new_url]
        end(plant, old)
        both_deliver(plant, NEW)
        for name in old:  # and back again: the previous release starts on the newer schema
            plant.start(name)
        wait_until(lambda: plant.ready(old_url), 120, "the previous gateway is ready again")
        load.gateways = [old_url, new_url]
        both_deliver(plant, OLD, NEW)
        load.gateways = [old_url]
        end(plant, list(new))
        both_deliver(plant, OLD)
    plant.url = old_url
    wait_until(plant.quiet, 90, "everything is delivered")
    for name, peer in plant.recipients.items():
        assert editions_at(peer, CHILDREN) == load.editions, name
        assert_logged(plant, name, tries=3)
    assert_in_order(plant.recipients["bup"])
    assert plant.logged("SB0025") == []  # no wake-up was missed by either


def end(plant: Plant, names: list[str]) -> None:
    """One after another, as in a rolling change."""
    for name in names:
        plant.end(name)
