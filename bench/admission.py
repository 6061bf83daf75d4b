"""What it costs to let somebody in: the same requests with a bearer token that was seen before, and with a
bound token and a fresh proof, turn by turn, to the application in this process.

CPU time of the process, since waiting for a core that others use should not count; the least disturbed round
is the figure. The callers' own work (signing proofs) is done before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.children import goal, log_records
from gateway import jsontext
from gateway.hub import links
from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.access.possession import Holder, Sent
from tests.api.bound import asked, holder, strict
from tests.api.world import World, settings

REQUESTS = 100  # of each kind in a round
ROUNDS = 5
CHANGED = "2026-11-21T12:00:00+01:00"
JSON = ("content-type", "application/json")


def measure(folder: Path, kind: str, url: str) -> list[dict[str, Any]]:
    """One row for each kind of request."""
    with issuer_server.running() as helseid, issuer_server.running() as municipal:
        world = World(strict(settings(url, folder, municipal), helseid, municipal, "logg"), municipal)
        try:
            return [{"database": kind, **row} for row in _rows(world, helseid, municipal)]
        finally:
            world.close()


def _rows(world: World, helseid: Issuer, municipal: Issuer) -> list[dict[str, Any]]:
    one = holder(world, helseid, municipal)
    filled = asyncio.run(asked(world, _bearer(one.at("POST", "/systems/logg/records"), log_records(1))))
    assert filled[0] == 200, filled
    with world.service.store.read("fjordbyen") as connection:
        child = links.names(connection, "fjordbyen", "logg", ["barn-1"])["barn-1"].person
    reading, writing = one.at("GET", f"/timeline/{child}"), one.at("POST", "/systems/logg/records")
    return [
        {"what": "a timeline", **_compared(world, reading, lambda _: None)},
        {"what": "one record in", **_compared(world, writing, lambda n: goal(1, f"m{n}", CHANGED))},
    ]


def _compared(world: World, one: Holder, body: Callable[[int], Any]) -> dict[str, float]:
    """CPU ms of one request, each way, and what of the dearer one letting in takes."""
    took: dict[str, list[float]] = {"bearer": [], "dpop": []}
    for turn in range(ROUNDS):
        for number, (way, make) in enumerate((("bearer", _bearer), ("dpop", _bound))):
            first = (2 * turn + number) * REQUESTS
            sent = [make(one, body(first + n)) for n in range(REQUESTS)]
            took[way].append(asyncio.run(_answered(world, sent)) * 1000 / REQUESTS)
    bearer, dpop = (min(found) for found in took.values())
    return {"bearer": round(bearer, 2), "dpop": round(dpop, 2), "share": round(1 - bearer / dpop, 2)}


async def _answered(world: World, sent: list[Sent]) -> float:
    """Seconds of CPU until all have been answered."""
    begun = time.process_time()
    for one in sent:
        status, _, body = await asked(world, one)
        assert status == 200, (status, body)
    return time.process_time() - begun


def _bearer(one: Holder, body: Any) -> Sent:
    sent = one.bare(("authorization", f"Bearer {one.bearer}"), JSON)
    return sent if body is None else replace(sent, body=jsontext.encode(body))


def _bound(one: Holder, body: Any) -> Sent:
    sent = one.sent()
    sent = replace(sent, headers=[*sent.headers, JSON])
    return sent if body is None else replace(sent, body=jsontext.encode(body))
