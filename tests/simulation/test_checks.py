"""Each check of the simulator is seen red: the production code is broken in one place, as a careless change
would, and the check of that name says so."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway.exchange import closing, differences, disclosures, prepare, run, statements
from gateway.exchange.closing import Closing
from gateway.exchange.liveness import FileLiveness
from gateway.exchange.send import End
from gateway.hub.merge import Merged
from gateway.intake import entry, workspace
from tests.simulation import checks
from tests.simulation.engine import Engine
from tests.simulation.installation import NATIVE, SYSTEMS
from tests.simulation.ledger import words_in
from tests.simulation.network import Flight
from tests.simulation.operations import operations, whole
from tests.simulation.run import Simulator, played
from tests.simulation.shrink import shrink
from tests.simulation.world import World

STEPS = 400
SEEDS = range(1, 13)  # how many may be needed to come upon it
Patch = pytest.MonkeyPatch


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return Simulator(tmp_path_factory.mktemp("simulation"))


def withdrawals_ignored(patch: Patch) -> None:
    kept = statements.consents
    patch.setattr(statements, "consents", lambda *given: [replace(c, withdrawn=None) for c in kept(*given)])


def refusals_ignored(patch: Patch) -> None:
    kept = statements.consents
    patch.setattr(
        statements, "consents", lambda *given: [c for c in kept(*given) if c.decision == "samtykker"]
    )


def older_editions_taken(patch: Patch) -> None:
    patch.setattr(entry.Entry, "_back", lambda *_: None)


def edits_dropped(patch: Patch) -> None:
    patch.setattr(entry, "merge", lambda _base, _theirs, current, **_: Merged(current))


def updates_not_sent(patch: Patch) -> None:
    patch.setattr(differences, "_settled", lambda link, _: link.native_id is not None)


def nothing_logged(patch: Patch) -> None:
    patch.setattr(prepare.disclosures, "begin", lambda *_, **__: None)


def unsent_called_delivered(patch: Patch) -> None:
    patch.setitem(run.DISCLOSED, End.UNSENT, disclosures.DELIVERED)


def nobody_woken(patch: Patch) -> None:
    patch.setattr(workspace, "wake", lambda *_, **__: None)


BREAKS: dict[str, tuple[Callable[[Patch], None], str]] = {
    "a withdrawn consent still counts": (withdrawals_ignored, "ground: "),
    "what others wrote is dropped": (edits_dropped, "nothing_lost: "),
    "a change is not sent on": (updates_not_sent, "converged: "),
    "nothing is logged before it leaves": (nothing_logged, "not logged"),
    "what never left is called delivered": (unsent_called_delivered, "all_logged: "),
    "lanes are not woken": (nobody_woken, "nothing_repaired: "),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_break_is_seen(simulator: Simulator, monkeypatch: Patch, name: str) -> None:
    breaking, said = BREAKS[name]
    breaking(monkeypatch)
    seen: list[Any] = []
    for seed in SEEDS:
        start, ops = operations(seed, STEPS)
        found = simulator.run(seed, start, ops).faults
        seen += found
        if any(said in one for one in found):
            return
    pytest.fail(f"no seed saw it; they saw {seen[:5]}")


ONE: dict[str, Any] = {
    **operations(1, 0)[0],
    "ids": "ours",
    "children": 1,
    "ages": [0],
    "versions": dict.fromkeys(NATIVE, True),
    "consents": [whole(0, 0)],
    "patients": [[0, "bup"], [0, "fastlege"]],
    "skew": dict.fromkeys(SYSTEMS, 0),
}


def about_to_leave(world: World) -> tuple[Engine, Flight]:
    """A goal is written, and its first word is about to leave for somebody."""
    engine, number = Engine(world), itertools.count()

    def step(do: str, **details: Any) -> None:
        engine.step({"n": next(number), "do": do, "dt": 0.01, "pick": 0.0, "worker": 0, **details})

    engine.begin(ONE["consents"])
    step("create", system="stafettlogg", child=0, kind="maal")
    step("push", system="stafettlogg", how="all")
    for do in ("claim", "job", "net") * 100:
        told = [f for f in world.network.flights if f.left is None and words_in(f.asked.body)]
        if told:
            return engine, told[0]
        step(do, fate="ok")
    raise AssertionError("nothing is ever told")


def withdrawn_meanwhile(world: World) -> list[str]:
    """A consent is taken back while a request is about to leave; then it leaves."""
    engine, flight = about_to_leave(world)
    engine.step({"n": 900, "do": "withdraw", "dt": 0.01, "child": 0, "name": "s0"})
    world.installation.clock.forward(0.01)
    world.network.step(flight, "ok")
    return world.ledger.breaches


def stopped_meanwhile(world: World) -> list[str]:
    """A worker is stopped right before a request leaves, others look after its lanes, and it goes on."""
    engine, flight = about_to_leave(world)
    here = {"dt": 0.01, "pick": 0.0, "worker": flight.process}
    engine.step({**here, "n": 900, "do": "pause"})
    engine.step({**here, "n": 901, "do": "tick", "seconds": 60})
    engine.step({**here, "n": 902, "do": "house", "worker": flight.process + 1})
    engine.step({**here, "n": 903, "do": "resume"})
    return world.ledger.breaches


def refused_before(world: World) -> list[str]:
    """Somebody says no to the clinic's having goals; then a goal is written and told on."""
    engine, here = Engine(world), {"dt": 0.01, "pick": 0.0, "worker": 0, "child": 0}
    engine.begin(ONE["consents"])
    no = {"name": "n0", "giver": "mor", "services": ["bup"], "categories": ["maal"]}
    engine.step({**here, **no, "n": 0, "do": "refuse"})
    engine.step({**here, "n": 1, "do": "create", "system": "stafettlogg", "kind": "maal"})
    engine.run([])
    return world.ledger.breaches


def told_again(world: World) -> list[str]:
    """An edition is told of once more, after the next one."""
    engine, here = Engine(world), {"dt": 0.01, "pick": 0.0, "child": 0, "field": 0, "system": "stafettlogg"}
    engine.begin(ONE["consents"])
    log = world.native["stafettlogg"]
    engine.step({**here, "n": 0, "do": "create", "kind": "maal"})
    first = list(log.outbox)
    engine.step({**here, "n": 1, "do": "push", "how": "all"})
    engine.step({**here, "n": 2, "do": "edit"})
    engine.step({**here, "n": 3, "do": "push", "how": "all"})
    log.outbox = first
    engine.step({**here, "n": 4, "do": "push", "how": "all"})
    return list(checks.nothing_returns(world))


def test_a_no_that_does_not_count_is_seen(simulator: Simulator, monkeypatch: Patch) -> None:
    with simulator.world(1, ONE) as world:
        assert refused_before(world) == []
    refusals_ignored(monkeypatch)
    with simulator.world(1, ONE) as world:
        assert any("without a ground" in one for one in refused_before(world))


def test_an_old_value_that_returns_is_seen(simulator: Simulator, monkeypatch: Patch) -> None:
    with simulator.world(1, ONE) as world:
        assert told_again(world) == []
    older_editions_taken(monkeypatch)
    with simulator.world(1, ONE) as world:
        assert told_again(world)


def test_a_withdrawal_that_is_answered_too_early_is_seen(simulator: Simulator, monkeypatch: Patch) -> None:
    with simulator.world(1, ONE) as world:
        assert withdrawn_meanwhile(world) == []
    monkeypatch.setattr(closing, "look", lambda *_: Closing(True))
    with simulator.world(1, ONE) as world:
        assert any("after a withdrawal was closed" in one for one in withdrawn_meanwhile(world))


def test_a_lane_that_is_taken_from_the_living_is_seen(simulator: Simulator, monkeypatch: Patch) -> None:
    with simulator.world(1, ONE) as world:
        assert stopped_meanwhile(world) == []
    monkeypatch.setattr(FileLiveness, "dead", lambda self, owner: owner != self.id)
    with simulator.world(1, ONE) as world:
        assert any("while its disclosure was unknown" in one for one in stopped_meanwhile(world))


def test_an_older_state_that_arrives_last_is_seen(simulator: Simulator) -> None:
    """The record of what arrived, turned round."""
    for seed in SEEDS:
        start, ops = operations(seed, STEPS)
        with simulator.world(seed, start) as world:
            assert played(world, start, ops) == []
            world.network.arrivals.reverse()
            if list(checks.in_order(world)):
                return
    pytest.fail("no seed sends two versions of anything")


def test_the_same_seed_does_the_same(simulator: Simulator) -> None:
    first, second = (simulator.seed(3, STEPS).trace for _ in range(2))
    assert first == second


def test_shrinking_leaves_what_it_takes() -> None:
    ops = [{"n": n} for n in range(60)]

    def fails(left: list[dict[str, Any]]) -> bool:
        return {7, 41} <= {op["n"] for op in left}

    assert [op["n"] for op in shrink(ops, fails)] == [7, 41]
