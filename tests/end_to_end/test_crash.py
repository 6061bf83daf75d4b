"""kill -9 of any of the gateway's processes, and of its database, at any moment: everything arrives all the
same, as if sent once."""

from __future__ import annotations

import random
import signal
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, planted, wait_until
from tests.end_to_end.plant_standing import assert_in_order, assert_logged, editions_at
from tests.postgres import Cluster

SEED = 20261121
KILLS = 20
ENTRIES = 200
CHILDREN = [Child(n) for n in range(5)]


def entries(chance: random.Random) -> list[dict[str, Any]]:
    """New goals and later editions of them, over five children; each says its number in the whole."""
    known = dict.fromkeys(CHILDREN, 0)
    out = []
    for number in range(ENTRIES):
        child = chance.choice(CHILDREN)
        if known[child] == 0 or chance.random() < 0.4:
            known[child] += 1
            chosen = known[child]
        else:
            chosen = chance.randint(1, known[child])
        out.append(child.goal(f"m{chosen}", number))
    return out


def newest(posted: list[dict[str, Any]]) -> dict[str, int]:
    """Goal -> the edition that it should end with."""
    return {record["id"]: int(record["tekst"].split()[1]) for record in posted}


@pytest.mark.timeout(900)
def test_after_twenty_kills_everything_has_arrived_as_if_sent_once(
    database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    split = not database_url.startswith("sqlite")
    cluster: Cluster | None = request.getfixturevalue("postgres") if split else None
    chance = random.Random(SEED)
    posted = entries(chance)
    with planted(tmp_path, database_url, CHILDREN, send_deadline_seconds=2.0) as plant:
        kill_while_handing_in(plant, posted, chance, cluster)
        wait_until(lambda: settled(plant), 180, "everything is delivered")
        for name, peer in plant.recipients.items():
            assert editions_at(peer, CHILDREN) == newest(posted), name
            assert_logged(plant, name)
        assert_in_order(plant.recipients["bup"])
        assert_in_order(plant.recipients["fastlege"])
        assert plant.logged("SB0024")  # runs were really cut off
        assert plant.logged("SB0025") == []  # and the sweeper had nothing to repair


def kill_while_handing_in(
    plant: Plant, posted: list[dict[str, Any]], chance: random.Random, cluster: Cluster | None
) -> None:
    """A part of the entries, a kill at some point of their way, a new start; twenty times."""
    size = len(posted) // KILLS
    with ThreadPoolExecutor(1) as sender:
        for kill in range(KILLS):
            part = posted[kill * size : (kill + 1) * size]
            answers = sender.submit(hand_in, plant, part, chance.randint(1, size))
            let_some_arrive(plant, answers, chance)
            kill_one(plant, chance, cluster if kill % 7 == 6 else None)
            check(answers)


def hand_in(plant: Plant, part: list[dict[str, Any]], size: int) -> list[str]:
    """In requests of this size, each until it is answered."""
    answers = [plant.post(part[start : start + size]) for start in range(0, len(part), size)]
    return [one["status"] for several in answers for one in several]


def check(answers: Future[list[str]]) -> None:
    """A repeat of a request whose answer was lost changes nothing."""
    assert set(answers.result(timeout=180)) <= {"stored", "unchanged"}


def settled(plant: Plant) -> bool:
    """Whether everything is delivered, by processes of which all run."""
    plant.supervise()
    return plant.quiet()


def let_some_arrive(plant: Plant, answers: Future[list[str]], chance: random.Random) -> None:
    """Until a random number of deliveries more have begun, or there are no more; and a random moment on."""
    wanted = begun(plant) + chance.randint(1, 40)

    def enough() -> bool:
        return begun(plant) >= wanted or (answers.done() and settled(plant))

    wait_until(enough, 60, "some deliveries have begun")
    threading.Event().wait(chance.uniform(0.0, 0.3))


def begun(plant: Plant) -> int:
    """Deliveries that were begun so far."""
    return int(plant.query("SELECT count(*) FROM disclosure")[0][0])


def kill_one(plant: Plant, chance: random.Random, cluster: Cluster | None) -> None:
    """Kill the database if it is its turn, or else any process; and start it again."""
    if cluster is not None:
        cluster.stop(signal.SIGQUIT)
        cluster.start()
        return
    name = chance.choice(sorted(plant.commands))
    plant.kill(name)
    plant.start(name)
    if name == "serve":
        wait_until(plant.ready, 60, "the gateway is ready again")
