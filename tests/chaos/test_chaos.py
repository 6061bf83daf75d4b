"""The short form of `make chaos`: a few faults of each kind, two at a time, on real processes under load; at
the end nothing is lost, out of order or without a ground."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases
from tests.chaos import campaign
from tests.chaos.schedule import FULL, MANNERS, schedule
from tests.postgres import Cluster

SHARE = 0.01


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster of its own, to be restarted and crashed."""
    made = databases.start_cluster()
    yield made
    made.remove()


def test_a_whole_campaign_has_every_fault_as_often_as_it_should() -> None:
    faults = schedule(campaign.SEED, 1.0)
    assert Counter(one.kind for one in faults) == FULL
    assert {(one.kind, one.how.partition(" ")[0]) for one in faults} == {
        (kind, how.partition(" ")[0]) for kind, manners in MANNERS.items() for how in manners
    }
    assert schedule(campaign.SEED, 1.0) == faults
    assert schedule(campaign.SEED + 1, 1.0) != faults


@pytest.mark.timeout(900)
def test_after_some_faults_of_each_kind_everything_is_as_it_should_be(
    cluster: Cluster, tmp_path: Path
) -> None:
    report = campaign.run(tmp_path, campaign.SEED, SHARE, cluster)
    assert report["wrong in all"] == 0, report["wrong"]
    assert sum(report["faults"].values()) == len(schedule(campaign.SEED, SHARE))
    assert report["edits answered"] > 0
    assert report["withdrawals answered"] > 0
    assert min(report["arrivals"].values()) > 0
