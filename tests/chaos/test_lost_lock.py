"""A worker whose lock is cut away while its recipient stays within reach: after the loss is noticed no byte
goes out under the old name."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.databases import PostgresTemplate
from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, planted, wait_until
from tests.end_to_end.plant_standing import assert_logged, editions_at
from tests.postgres import Cluster

THINKING = 200  # milliseconds
GOALS = 12
NOTICED = 1.0  # seconds from the cut, on a machine that has other work; a few milliseconds on an idle one
WHILE = 2.0  # seconds that the old name is watched
CHILD = Child(3)
CUT = "SELECT pg_terminate_backend(pid), clock_timestamp() FROM pg_locks WHERE locktype = 'advisory'"


@pytest.fixture
def plant(_postgres_template: PostgresTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """One worker beside the gateway, and the plan system as the only recipient."""
    folder = tmp_path_factory.mktemp("lost-lock")
    with (
        _postgres_template.copy() as url,
        planted(folder, url, [CHILD], clinics=(), workers=1, send_deadline_seconds=8.0) as running,
    ):
        yield running


def test_after_the_lock_is_lost_nothing_leaves_under_the_old_name(plant: Plant, postgres: Cluster) -> None:
    plan = plant.recipients["individuell-plan"]
    plan.forget_arrivals()
    plan.faults(delay=THINKING)
    plant.post([CHILD.goal(f"m{number}", number) for number in range(GOALS)])
    wait_until(lambda: len(plan.arrivals()) >= 3, 30, "sends are under way")
    with postgres.connect(plant.database_url.rpartition("/")[2]) as connection:
        ((_, cut),) = connection.execute(CUT).fetchall()
    wait_until(lambda: plant.logged("SB0026") != [], 10, "the loss is noticed")
    noticed = datetime.fromisoformat(plant.logged("SB0026")[0].partition(" ")[0])
    assert (noticed - cut).total_seconds() < NOTICED
    wait_until(lambda: seconds_since(noticed) > WHILE, 10, "a while has passed")
    assert sent_by_the_old_name_after(plant, noticed) == []
    plan.faults()
    wait_until(plant.quiet, 60, "everything is delivered, under the new name")
    assert sent_by_the_old_name_after(plant, noticed) == []
    assert editions_at(plan, [CHILD]) == {f"{CHILD.log}-m{number}": number for number in range(GOALS)}
    assert_logged(plant, "individuell-plan")
    assert len(plant.logged("SB0024")) == 1


def seconds_since(moment: datetime) -> float:
    return time.time() - moment.timestamp()


def sent_by_the_old_name_after(plant: Plant, noticed: datetime) -> list[str]:
    """Attempts of the first worker's name that arrived after it was noticed (to a millisecond)."""
    first = plant.logged("SB0026")[0].rpartition("worker=")[2].split()[0]
    own = {row.id for row in plant.query(f"SELECT id FROM disclosure WHERE owner = '{first}'")}
    assert len(own) >= GOALS
    offset = time.time_ns() - time.monotonic_ns()
    line = noticed.timestamp() * 1e9 - offset + 2e6
    arrivals = plant.recipients["individuell-plan"].arrivals()
    return [str(one["key"]) for one in arrivals if one.get("key") in own and one["at"] > line]
