"""A recipient that is new gets everyone's history, behind what is written today; and all of it, though the
worker is killed on the way."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from tests.end_to_end.invented import Child
from tests.end_to_end.plant import Plant, _admit, planted, wait_until
from tests.end_to_end.plant_configuration import configuration, secret_name
from tests.end_to_end.plant_load import arrivals
from tests.end_to_end.plant_standing import is_write, item
from tests.peers import Peer, medplum

CHILDREN = [Child(n) for n in range(60)]
SLOW = {"rate_per_second": 60.0, "burst": 20, "backfill_share": 0.5}
LAST_IN_LINE = """
    SELECT k.ref FROM lane l
    JOIN link k ON k.tenant = l.tenant AND k.person = l.person AND k.system = 'stafettlogg'
    WHERE l.recipient = 'bup' AND l.state = 'waiting' AND l.backfill AND k.ref LIKE 'CarePlan/%'
    ORDER BY l.next_at DESC, l.person DESC LIMIT 5
"""


def open_route_to(plant: Plant, bup: Peer) -> None:
    """Add the recipient to the configuration and start everything anew with it."""
    config = plant.folder / "stafettbro.toml"
    before: dict[str, Any] = tomllib.loads(config.read_text())
    plant.recipients["bup"] = bup
    config.write_text(
        configuration(
            port=int(plant.url.rpartition(":")[2]),
            database_url=plant.database_url,
            folder=plant.folder / "state",
            issuer=before["issuers"][0],
            peers=plant.recipients,
            **SLOW,
        )
    )
    plant.environment[secret_name("bup")] = bup.token
    for name in plant.commands:
        plant.end(name)
        plant.start(name)
    wait_until(plant.ready, 120, "the gateway is ready")


def written(plant: Plant) -> list[dict[str, Any]]:
    """What was written at BUP, in order."""
    return sorted(
        (one for one in plant.recipients["bup"].arrivals() if is_write(one)), key=lambda one: one["at"]
    )


def test_a_new_recipient_gets_everyones_history_behind_what_is_written_today(
    postgres_url: str, tmp_path: Path
) -> None:
    with planted(tmp_path, postgres_url, CHILDREN, clinics=[], workers=1) as plant, medplum() as bup:
        wait_until(plant.quiet, 120, "everything stands in the plan system")
        for child in CHILDREN:
            _admit(bup, child)
        bup.forget_arrivals()
        open_route_to(plant, bup)
        wait_until(lambda: len(written(plant)) > 40, 120, "the history has begun to arrive")
        plant.kill("worker-0")
        plant.start("worker-0")
        logs = {row.ref for row in plant.query(LAST_IN_LINE)}
        assert len(logs) == 5
        seen = len(written(plant))
        children = [one for one in CHILDREN if plant.named("stafettlogg", one.log)[0].ref in logs]
        answers = plant.post([child.goal("i-dag", 1) for child in children])
        today = {answer["resource"].partition("/")[2] for answer in answers}
        wait_until(lambda: plant.quiet("bup"), 300, "all of it has arrived")

        after = [item(one) for one in written(plant)[seen:]]
        places = sorted(after.index(one) for one in today)
        print(f"{len(after)} records, those of today at {places}")  # noqa: T201 - the figure
        assert places[-1] < len(after) / 3
        assert len(arrivals(plant, "bup")) >= len(CHILDREN)
        (left,) = plant.query(
            "SELECT count(*), count(*) FILTER (WHERE backfill) FROM lane WHERE recipient = 'bup'"
        )
        assert tuple(left) == (len(CHILDREN), 0)
        (row,) = plant.query("SELECT passed, total, finished FROM opening WHERE system = 'bup'")
        assert (row.passed, row.total) == (len(CHILDREN), len(CHILDREN))
        assert row.finished is not None
        assert plant.logged("SB0025") == []  # the sweeper repaired nothing
