"""What guarding costs: the same requests as they come in life (a bound token with a fresh proof, content
sealed, everything told written down), and with one part after the other switched off, turn by turn, to the
application behind its server in this process.

CPU time of the process and of its PostgreSQL, since waiting for a core that others use should not count; the
middle one is the figure. The callers' own work (signing proofs) is done before. Each request finds
the person's key forgotten, as if nobody had asked about them for a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench.children import goal, log_records
from bench.front_door import FrontDoor
from bench.processes import cpu_nanoseconds
from bench.ways import TENANT, WAYS, Way, switched
from gateway import jsontext
from gateway.hub import links
from gateway.hub.audit.heads import Heads
from gateway.hub.audit.sealer import Sealer
from gateway.hub.schema import NAMES_TENANTS, bring_up, set_floor
from tests import databases
from tests.access import issuer_server
from tests.access.issuer_server import Issuer
from tests.access.possession import Holder, Sent
from tests.api.bound import holder, strict
from tests.api.world import World, settings

REQUESTS: Final = 200  # each way
WARM: Final = 20  # and so many before, which do not count
STAYING: Final = frozenset({""})  # whose keys are used all the time: the tenant's own
OTHERS: Final = 60  # children whose records come in
PAGE: Final = 50  # entries of the timeline that is read: as many as one answer holds by itself
CHANGED: Final = "2026-11-21T12:00:00+01:00"
JSON: Final = ("content-type", "application/json")
AIM: Final = 0.33  # of a request, all parts together
PARTS: Final = ("tokens", "encryption", "audit", "together")

Asking = Callable[["Place", int], tuple[Holder, Any]]


class Place:
    """A gateway with a child, its content sealed or in clear, and a client of it."""

    def __init__(self, folder: Path, url: str, issuers: tuple[Issuer, Issuer], *, sealed: bool) -> None:
        if not sealed:
            _in_clear(url)
        told = strict(settings(url, folder, issuers[1]), *issuers, "logg")
        self.world = World(told, issuers[1])
        self.client = holder(self.world, *issuers)
        self._door = FrontDoor(self.world.app)
        store = self.world.service.store
        assert store.keys is not None
        assert store.keys.seals is sealed
        self._sealer = Sealer(store, Heads.of(told), lambda: datetime.now(UTC), 3600)
        entering = self.at("POST", "/systems/logg/records")
        page = [goal(1, f"g{n}", CHANGED) for n in range(PAGE)]
        others = [record for child in range(2, 2 + OTHERS) for record in log_records(child)]
        for records in ([*log_records(1), *page], others):
            self.answered(_sent(WAYS["whole"], entering, records))
        self.chain()
        with store.read(TENANT) as connection:
            self.child = links.names(connection, TENANT, "logg", ["barn-1"])["barn-1"].person

    def at(self, method: str, path: str) -> Holder:
        """The client, about to ask here."""
        return self.client.at(method, path)

    def answered(self, sent: Sent) -> None:
        """One request, about somebody whose key nobody has used for a minute."""
        keys = self.world.service.store.keys
        assert keys is not None
        for name in [name for name, (_, key, _) in keys._kept.items() if key.person not in STAYING]:
            del keys._kept[name]
        status, headers, body = self._door.ask(sent)
        assert status == 200, (status, body)
        self.client = replace(self.client, nonce=headers.get("dpop-nonce", self.client.nonce))

    def chain(self) -> int:
        """Chain what has been written of the requests; how many entries."""
        return self._sealer.round(TENANT)

    def close(self) -> None:
        """End."""
        self._door.close()
        self.world.close()


def measure(
    folder: Path, kind: str, urls: tuple[str, str], server: int | None, requests: int = REQUESTS
) -> list[dict[str, Any]]:
    """One row for each kind of request. urls: of two new databases; server: the process that serves them."""
    with ExitStack() as stack:
        helseid, municipal = (stack.enter_context(issuer_server.running()) for _ in range(2))
        places = {}
        for url, sealed in zip(urls, (True, False), strict=True):
            own = folder / ("sealed" if sealed else "clear")
            own.mkdir(parents=True)
            places[sealed] = Place(own, url, (helseid, municipal), sealed=sealed)
            stack.callback(places[sealed].close)
        return [
            {"database": kind, "what": what, **_compared(places, asking, server, requests)}
            for what, asking in (("a page of a timeline", _reading), ("one record in", _writing))
        ]


def _reading(place: Place, _number: int) -> tuple[Holder, Any]:
    return place.at("GET", f"/timeline/{place.child}"), None


def _writing(place: Place, number: int) -> tuple[Holder, Any]:
    return place.at("POST", "/systems/logg/records"), goal(2 + number % OTHERS, f"m{number}", CHANGED)


def _compared(places: dict[bool, Place], asking: Asking, server: int | None, requests: int) -> dict[str, Any]:
    """CPU ms of one request, each way, and what of the whole each part takes."""
    took = _taken(places, asking, server, requests)
    told = (WARM + requests) * sum(way.told and way.sealed for way in WAYS.values())
    chained = _chained(places[True], server) / told
    spent = {name: median(found) + (chained if WAYS[name].told else 0) for name, found in took.items()}
    shares = {f"{name}_share": round(1 - spent[name] / spent["whole"], 2) for name in PARTS}
    return {name: round(found, 2) for name, found in spent.items()} | shares


def _taken(
    places: dict[bool, Place], asking: Asking, server: int | None, requests: int
) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    for turn in range(WARM + requests):
        for number, name in enumerate(sorted(WAYS, reverse=bool(turn % 2))):
            place = places[WAYS[name].sealed]
            sent = _sent(WAYS[name], *asking(place, turn * len(WAYS) + number))
            with switched(place.world.app, WAYS[name]):
                begun = _spent(server)
                place.answered(sent)
                if turn >= WARM:
                    took[name].append(_spent(server) - begun)
    return took


def _chained(place: Place, server: int | None) -> float:
    """CPU ms of chaining what has been written, as the sealer does it once a second for all that came."""
    begun = _spent(server)
    place.chain()
    return _spent(server) - begun


def _spent(server: int | None) -> float:
    """CPU milliseconds of this process, and of a server's, so far."""
    own = time.process_time_ns()
    return (own + (cpu_nanoseconds(server) if server else 0)) / 1e6


def _in_clear(url: str) -> None:
    """Make of a new database one of before, that nobody has sealed."""
    bring_up(url, None)
    set_floor(url if url.startswith("sqlite") else databases.as_role(url, databases.OWNER), NAMES_TENANTS)


def _sent(way: Way, one: Holder, body: Any) -> Sent:
    if way.proof:
        sent = one.sent()
        sent = replace(sent, headers=[*sent.headers, JSON])
    else:
        sent = one.bare(("authorization", f"Bearer {one.bearer}"), JSON)
    return sent if body is None else replace(sent, body=jsontext.encode(body))
