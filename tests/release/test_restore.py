"""A copy of the database is put back while the recipients have gone on: what they hold is never overwritten
with what is older, what was withdrawn since stays withdrawn, and what comes again changes nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.databases import OWNER, as_role
from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, planted, wait_until
from tests.end_to_end.plant_standing import assert_in_order, editions_at, is_write, item

CHILDREN = [Child(n) for n in range(2)]
GOALS = ("m1", "m2", "m3")
ALL = {f"{child.log}-{goal}" for child in CHILDREN for goal in GOALS}


@pytest.fixture
def plant(database_url: str, tmp_path: Path) -> Iterator[Plant]:
    """A gateway with one FHIR server and one plan system."""
    with planted(tmp_path, database_url, CHILDREN, clinics=("bup",)) as running:
        yield running


def command(plant: Plant, *words: str) -> None:
    """Run one of the gateway's own commands."""
    config = str(plant.folder / "stafettbro.toml")
    ended = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words, "--config", config],
        env={**plant.environment, **above(plant.database_url)},
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()


def above(url: str) -> dict[str, str]:
    """The addresses as who a copy is made and put back, on PostgreSQL."""
    if url.startswith("sqlite"):
        return {}
    return {"STAFETTBRO_OWNER_URL": as_role(url, OWNER), "STAFETTBRO_BACKUP_URL": as_role(url, "postgres")}


def write(plant: Plant, edition: int) -> None:
    """Another edition of every goal, handed in."""
    answers = plant.post([child.goal(goal, edition) for child in CHILDREN for goal in GOALS])
    assert {one["status"] for one in answers} <= {"stored", "unchanged"}, answers


def settle(plant: Plant) -> None:
    wait_until(plant.quiet, 90, "everything is delivered")


@pytest.mark.timeout(300)
def test_a_restored_database_overwrites_nothing_and_stays_closed(plant: Plant) -> None:
    withdrawn = CHILDREN[0]
    write(plant, 1)
    settle(plant)
    command(plant, "backup", str(plant.folder / "copy"))
    write(plant, 2)
    settle(plant)
    taken_back = {"tidspunkt": "2026-11-20T12:00:00+01:00", "av": f"{withdrawn.log}-mor"}
    plant.post([withdrawn.consent("s", 1) | {"trukket": taken_back}])
    settle(plant)
    for name in plant.commands:
        plant.end(name)
    command(plant, "restore", str(plant.folder / "copy"), "--replace")
    for peer in plant.recipients.values():
        peer.forget_arrivals()
    for name in plant.commands:
        plant.start(name)
    wait_until(plant.ready, 120, "the gateway is ready")
    settle(plant)
    assert {editions_at(peer, CHILDREN)[one] for peer in plant.recipients.values() for one in ALL} == {2}
    write(plant, 2)  # the log hands in again what it has written since
    write(plant, 3)
    settle(plant)
    for name, peer in plant.recipients.items():
        standing = editions_at(peer, CHILDREN)
        for one in ALL:
            assert standing[one] == (2 if one.startswith(f"{withdrawn.log}-") else 3), name
        goals = {ref.removeprefix("Goal/") for (ref,) in goals_of(plant, withdrawn)}
        assert not [a for a in peer.arrivals() if is_write(a) and item(a) in goals], name
    assert_in_order(plant.recipients["bup"])


def goals_of(plant: Plant, child: Child) -> list[tuple[str]]:
    """Our references of a child's goals."""
    return plant.query(
        "SELECT ref FROM link WHERE system = 'stafettlogg' AND ref LIKE 'Goal/%'"
        f" AND person = '{plant.named('stafettlogg', child.log)[0].person}'"
    )
