"""Consents are taken back while deliveries that rest on them are under way, with workers that are stopped and
go on: nothing begins after the answer, by the clock of those who receive."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic_ns

import pytest

from gateway.hub.journal import Journal
from gateway.intake.withdraw import Withdrawer
from gateway.service import now
from tests.databases import PostgresTemplate
from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, planted, wait_until
from tests.end_to_end.plant_configuration import TENANT
from tests.end_to_end.plant_standing import is_write, item
from tests.sealed import looking

WITHDRAWALS = int(os.environ.get("STAFETTBRO_WITHDRAWALS", "96"))  # `make races`: 2,000
CHILDREN = [Child(n) for n in range(8)]
GOALS = ("m1", "m2", "m3")
RECIPIENTS = ("bup", "individuell-plan")
THINKING = 15  # milliseconds that a recipient takes: long enough to be met in the middle
Withdraw = Callable[[str, str], tuple[int, list[str]]]


@dataclass
class Story:
    """What was done about one child: its items, and of each withdrawal when it was answered, when the next
    consent was given, and what may have arrived."""

    items: set[str] = field(default_factory=set)
    closed: list[tuple[int, int, list[str]]] = field(default_factory=list)


@pytest.fixture(scope="module")
def plant(_postgres_template: PostgresTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """Three workers beside the gateway, and recipients that think before they answer."""
    folder = tmp_path_factory.mktemp("withdrawals")
    with (
        _postgres_template.copy() as url,
        planted(folder, url, CHILDREN, clinics=("bup",), workers=3, send_deadline_seconds=4.0) as running,
    ):
        for peer in running.recipients.values():
            peer.faults(delay=THINKING)
        for child in CHILDREN:
            running.withdraw(*_first_consent(running, child))
        yield running


def test_nothing_begins_after_the_answer(plant: Plant) -> None:
    _forget(plant)
    ended = threading.Event()
    with ThreadPoolExecutor(len(CHILDREN) + 1) as pool:
        stopper = pool.submit(_stop_and_go, plant, ended)
        told = list(
            pool.map(
                partial(_give_and_take, plant, plant.withdraw, WITHDRAWALS // len(CHILDREN), 1), CHILDREN
            )
        )
        ended.set()
        stopper.result()
    wait_until(plant.quiet, 120, "everything has ended")
    assert _arrived(plant, told) >= WITHDRAWALS  # deliveries were under way all the time
    assert _too_late(plant, told) == []
    assert plant.logged("SB0022") == plant.logged("SB0023") == []


def test_without_the_wait_this_test_fails(plant: Plant, tmp_path: Path) -> None:
    store = looking(plant.database_url, plant.folder / "state")
    withdrawer = Withdrawer(store, Journal(tmp_path), TENANT, "stafettlogg")

    def at_once(consent: str, by: str) -> tuple[int, list[str]]:
        withdrawer.withdraw(consent, by, now(), now())
        return monotonic_ns(), []

    _forget(plant)
    with ThreadPoolExecutor(len(CHILDREN)) as pool:
        told = list(pool.map(partial(_give_and_take, plant, at_once, 10, 100_000), CHILDREN))
    wait_until(plant.quiet, 120, "everything has ended")
    store.close()
    assert _too_late(plant, told) != []


def _first_consent(plant: Plant, child: Child) -> tuple[str, str]:
    return _ref(plant, f"{child.log}-s"), _ref(plant, f"{child.log}-mor")


def _ref(plant: Plant, native_id: str) -> str:
    found = plant.named("stafettlogg", native_id)
    return str(found[0].ref)


def _forget(plant: Plant) -> None:
    for peer in plant.recipients.values():
        peer.forget_arrivals()


def _give_and_take(plant: Plant, withdraw: Withdraw, rounds: int, first: int, child: Child) -> Story:
    """Again and again: a consent and news that it lets out, and some moment later it is taken back."""
    story, chance, pause = Story(), random.Random(child.number), threading.Event()
    by, answered = _ref(plant, f"{child.log}-mor"), None
    for number in range(rounds):
        edition = first + number
        if answered is not None:
            story.closed.append((answered[0], monotonic_ns(), answered[1]))
        records = [child.consent(f"s{edition}", edition), *(child.goal(name, edition) for name in GOALS)]
        consent, *goals = (str(one["resource"]) for one in plant.post(records))
        story.items |= {goal.partition("/")[2] for goal in goals}
        pause.wait(chance.uniform(0.0, 0.25))
        answered = withdraw(consent, by)
    assert answered is not None
    story.closed.append((answered[0], 2**63, answered[1]))
    return story


def _stop_and_go(plant: Plant, ended: threading.Event) -> None:
    """One worker after the other is stopped for a while, wherever it is."""
    chance = random.Random(17)
    while not ended.wait(chance.uniform(0.3, 1.0)):
        name = f"worker-{chance.randrange(3)}"
        plant.pause(name)
        ended.wait(chance.uniform(0.1, 1.5))
        plant.resume(name)


def _arrived(plant: Plant, told: list[Story]) -> int:
    items = {one for story in told for one in story.items}
    return sum(
        item(a) in items for name in RECIPIENTS for a in plant.recipients[name].arrivals() if is_write(a)
    )


def _too_late(plant: Plant, told: list[Story]) -> list[str]:
    """Items that arrived between the answer to a withdrawal and the next consent, and were not told of."""
    out = []
    for name in RECIPIENTS:
        arrivals = [(item(a), a["at"]) for a in plant.recipients[name].arrivals() if is_write(a)]
        for story in told:
            own = [(ref, at) for ref, at in arrivals if ref in story.items]
            for answered, given, listed in story.closed:
                excused = _items_of(plant, listed) if listed else set()
                out += [ref for ref, at in own if answered < at < given and ref not in excused]
    return out


def _items_of(plant: Plant, attempts: list[str]) -> set[str]:
    listed = ", ".join(f"'{one}'" for one in attempts)
    rows = plant.disclosures(f"id IN ({listed})")
    return {told["ref"].partition("/")[2] for _, items in rows for told in items}
