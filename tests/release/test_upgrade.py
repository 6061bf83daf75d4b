"""A database of the previous release opens, is brought forward and delivers: what waited under the old
release arrives under the new one, and what was taken back there stays taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.hub import schema
from tests.databases import APPLICATION, KINDS, OWNER, as_role
from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, planted, wait_until
from tests.end_to_end.plant_standing import assert_in_order, assert_logged, editions_at
from tests.release.previous import bring_forward, for_this_release, its_database, unpacked

CHILDREN = [Child(n) for n in range(3)]
GOALS = 8


@pytest.fixture(params=KINDS)
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plant]:
    """The previous release, running."""
    source = unpacked(tmp_path / "previous")
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'stafettbro.db'}"
    else:
        url = its_database(request.getfixturevalue("postgres"))
    with planted(tmp_path, url, CHILDREN, source=source, send_deadline_seconds=2.0) as plant:
        yield plant


def upgrade(plant: Plant, request: pytest.FixtureRequest) -> None:
    """Stop every process of the old release, bring its database forward, hold everyone to their tenants, and
    start the new release."""
    for name in plant.commands:
        plant.end(name)
    if not plant.database_url.startswith("sqlite"):
        bring_forward(request.getfixturevalue("postgres"), plant.database_url)
        schema.isolate(as_role(plant.database_url, OWNER), APPLICATION)
    plant.sources.clear()
    old = plant.commands["serve"][plant.commands["serve"].index("--config") + 1]
    new = for_this_release(old)
    for words in plant.commands.values():
        words[words.index(old)] = new
    for name in plant.commands:
        plant.start(name)
    wait_until(plant.ready, 120, "the new release is ready")


@pytest.mark.timeout(300)
def test_a_database_of_the_previous_release_is_brought_forward_and_delivers(
    before: Plant, request: pytest.FixtureRequest
) -> None:
    plant = before
    withdrawn, *others = CHILDREN
    first = [child.goal(f"m{n}", 0) for child in CHILDREN for n in range(GOALS)]
    plant.post(first)
    wait_until(plant.quiet, 60, "everything is delivered")
    (consent,) = plant.post([withdrawn.consent("s", 1) | {"trukket": taken_back(withdrawn)}])
    assert consent["status"] == "stored", consent
    wait_until(plant.quiet, 60, "the withdrawal is through")
    plant.recipients["bup"].faults(refuse=503)
    waiting = [child.goal(f"m{n}", 1) for child in CHILDREN for n in range(GOALS)]
    plant.post(waiting)
    versions = plant.query("SELECT count(*) FROM resource_version")[0][0]
    upgrade(plant, request)
    assert plant.query("SELECT count(*) FROM resource_version")[0][0] >= versions
    plant.recipients["bup"].faults()
    plant.post([child.goal(f"m{n}", 2) for child in CHILDREN for n in range(GOALS // 2)])
    wait_until(plant.quiet, 90, "everything is delivered")
    for name in ("bup", "fastlege"):
        standing = editions_at(plant.recipients[name], CHILDREN)
        for child in others:
            for n in range(GOALS):
                assert standing[f"{child.log}-m{n}"] == (2 if n < GOALS // 2 else 1), name
        assert {standing[f"{withdrawn.log}-m{n}"] for n in range(GOALS)} == {0}, "shared after a withdrawal"
        assert_in_order(plant.recipients[name])
        assert_logged(plant, name, tries=3)
    assert plant.logged("SB0025") == []


def taken_back(child: Child) -> dict[str, str]:
    """A withdrawal, as the log says it."""
    return {"tidspunkt": "2026-11-20T12:00:00+01:00", "av": f"{child.log}-mor"}
