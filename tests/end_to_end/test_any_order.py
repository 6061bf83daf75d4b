"""Everything posted twice, in any order, in any batches: the hub knows the same, and the second time changes
and delivers nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway import jsontext, service
from gateway.config import Settings
from gateway.demo.sample_children import records
from gateway.intake import Offered
from gateway.service import Service
from tests import databases
from tests.end_to_end import world as worlds
from tests.end_to_end.canonical_state import state
from tests.end_to_end.configuration import configuration, write_tokens
from tests.end_to_end.fresh import database
from tests.end_to_end.hub import Hub
from tests.end_to_end.systems import Systems, hub_id
from tests.end_to_end.world import NOBODY, WRITTEN

ORDERS = range(15)
LARGEST = 40
Post = tuple[str, dict[str, Any]]  # system and record


def everything() -> list[Post]:
    """All sample records and the broken ones; of some a newer edition too."""
    found: list[Post] = []
    for system in ("stafettlogg", "individuell-plan"):
        for child in ("emma", "jonas", "amina"):
            if (system, child) != ("individuell-plan", "jonas"):
                found += [(system, record) for record in records(system, child, WRITTEN.date())]
    found += [(system, newer) for system, record in found for newer in _newer(record)]
    broken = jsontext.decode(Path(__file__).with_name("rot.json").read_bytes())
    return found + [("stafettlogg", record) for record in broken]


def _newer(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if record["type"] in ("maal", "hovedmaal"):
        yield {
            **record,
            "endret": "2026-11-20T12:00:00+01:00",
            "tekst": f"{record['tekst']} Nå.",
            "status": "naadd",
        }
    if record["type"] == "tiltak":
        kept = {k: v for k, v in record.items() if k != "frist"}
        yield {**kept, "endret": "2026-11-20T12:00:00+01:00", "beskrivelse": "Endret."}


class Desk:
    """A gateway without a worker: only its way in."""

    def __init__(self, built: Service, hub: Hub) -> None:
        self.built = built
        self.hub = hub

    def post(self, posts: Sequence[Post]) -> list[str]:
        """One batch of one system; the status of each."""
        system = self.built.settings.system(posts[0][0])
        assert system is not None
        answers = self.built.intake.take(system, [Offered(record) for _, record in posts])
        return [one.status.value for one in answers]

    def post_all(self, posts: list[Post], chance: random.Random | None) -> set[str]:
        """Everything, in the order and the batches that chance gives; all statuses that came."""
        return {status for batch in batches(posts, chance) for status in self.post(batch)}


def batches(posts: list[Post], chance: random.Random | None) -> Iterator[list[Post]]:
    """Batches of one system each: as they stand, or shuffled and cut by chance."""
    order = list(posts)
    if chance is not None:
        chance.shuffle(order)
    while order:
        size = chance.randint(1, LARGEST) if chance else len(order)
        batch = [one for one in order if one[0] == order[0][0]][:size]
        taken = {id(record) for _, record in batch}
        order = [one for one in order if id(one[1]) not in taken]
        yield batch


@contextmanager
def desk(url: str, folder: Path, systems: Systems) -> Iterator[Desk]:
    """A desk over a fresh database."""
    folder.mkdir(exist_ok=True)
    write_tokens(folder, systems)
    settings = Settings.model_validate(configuration(url, folder, systems, NOBODY, 3600.0))
    built, hub = service.build(settings, lambda: WRITTEN), Hub(url, settings.state_folder)
    try:
        yield Desk(built, hub)
    finally:
        hub.close()
        built.close()


@pytest.fixture(scope="module", params=databases.KINDS)
def as_written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, systems: Systems
) -> tuple[str, dict[str, Any]]:
    """The kind of database, and the state after everything came once, in the order it was written."""
    folder = tmp_path_factory.mktemp("as-written")
    with database(request, request.param, folder) as url, desk(url, folder, systems) as made:
        assert made.post_all(everything(), None) == {"stored", "waiting", "rejected"}
        return request.param, state(made.hub)


@pytest.mark.parametrize("seed", ORDERS)
def test_any_order_and_any_batches_give_the_same_state(
    as_written: tuple[str, dict[str, Any]],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    systems: Systems,
    seed: int,
) -> None:
    kind, expected = as_written
    chance = random.Random(seed)
    posts = everything()
    with database(request, kind, tmp_path) as url, desk(url, tmp_path, systems) as made:
        made.post_all(posts, chance)
        found = state(made.hub)
        for part in expected:
            assert found[part] == expected[part], part
        assert found["waiting"] == [("stafettlogg", "r-t1", "finnes-ikke")]
        before = made.hub.mark()
        assert made.post_all(posts, chance) == {"unchanged", "waiting", "rejected"}
        assert made.hub.mark() == before
        assert state(made.hub) == found


def test_the_second_time_nothing_is_delivered(database_url: str, tmp_path: Path, systems: Systems) -> None:
    chance = random.Random(7)
    posts = everything()
    with worlds.in_process(database_url, tmp_path, systems) as world:
        for child in ("emma", "jonas"):
            systems.bup.admit(world.sample("stafettlogg", child)[0]["barn"])
        for batch in batches(posts, chance):
            world.hand_in(batch[0][0], [record for _, record in batch])
        world.quiet()
        sent, changes = world.arrived(), world.hub.changes()
        assert len([r for r in systems.bup.everything() if hub_id(r)]) == 44, "all that the table says"
        for batch in batches(posts, chance):
            world.hand_in(batch[0][0], [record for _, record in batch])
        world.quiet()
        assert (world.arrived(), world.hub.changes()) == (sent, changes)
