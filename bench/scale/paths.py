"""What is measured: one person's timeline, one entry coming in, one run of a lane, and the person's key out
of the key store. As the processes of the gateway do them, in this process, with nothing between but the
network."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import text

from bench.scale.world import LOG, RECIPIENTS, TENANT, World
from gateway.access.pace import Pace
from gateway.access.tokens_in import Caller
from gateway.api import timeline
from gateway.api.auth import Desk
from gateway.api.meters import Meters
from gateway.intake import Offered
from gateway.keys.key_store import KeyStore

NAMES = ("timeline", "intake", "lane run", "key")
CALLER = Caller(TENANT, LOG, LOG, "362819482", frozenset({"timeline.read"}))
_FIRST = text(
    "UPDATE lane SET state = 'waiting', next_at = 0, waiting_since = 0 WHERE tenant = :tenant"
    " AND person = :person AND recipient = :recipient"
)
_REST = text(
    "UPDATE lane SET state = 'idle', next_at = NULL, waiting_since = NULL WHERE tenant = :tenant"
    " AND person = :person AND recipient <> :recipient"
)


@dataclass(slots=True)
class Size:
    """One database, and what its paths took, in milliseconds."""

    name: str
    children: int
    world: World
    people: list[tuple[int, str]]  # number and id of those that are looked at
    keys: KeyStore
    took: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})
    sent: int = 0

    def visit(self, number: int, person: str, round_number: int) -> dict[str, float]:
        """A timeline, an entry and a run, for one child; what each took."""
        dice = random.Random(f"{self.children}/{number}/{round_number}")
        recipient = dice.choice(RECIPIENTS)
        record = entry(number, round_number)
        return {
            "timeline": timed(lambda: self._timeline(person)),
            "intake": timed(lambda: self._take(record)),
            "lane run": self._run(person, recipient),
        }

    def fetch(self, person: str) -> None:
        """A key out of the key store, unwrapped; one that a process has used it keeps for a minute."""
        self.keys.of(TENANT, person)

    def close(self) -> None:
        """Give back the connections."""
        self.keys.close()
        self.world.service.close()

    def _timeline(self, person: str) -> None:
        desk = Desk(
            self.world.service, cast(Any, None), Meters(), Pace(1e6, 1e6), frozenset(), cast(Any, None)
        )
        answered = timeline.timeline(desk, CALLER, person, None, None, None, 50)
        assert len(answered.body) > 1000

    def _take(self, record: dict[str, Any]) -> None:
        (answer,) = self.world.service.intake.take(self.world.system(LOG), [Offered(record)])
        assert answer.status.value == "stored", answer.plain()

    def _run(self, person: str, recipient: str) -> float:
        """The lane of this person is made the one that has waited longest; the others' wait is taken away."""
        given = {"tenant": TENANT, "person": person, "recipient": recipient}
        with self.world.service.store.write(TENANT) as connection:
            connection.execute(_FIRST, given)
            connection.execute(_REST, given)
        runner = self.world.runners[recipient]
        before = runner.sender._adapter.taken  # type: ignore[attr-defined]

        def run() -> None:
            (one,) = self.world.claim(recipient)
            assert one.person == person
            asyncio.run(runner.run(one))

        took = timed(run)
        self.sent += runner.sender._adapter.taken - before  # type: ignore[attr-defined]
        return took


def entry(child: int, round_number: int) -> dict[str, Any]:
    """A small good thing, written now."""
    log = f"barn-{child:07d}"
    at = datetime(2026, 7, 1, 12, tzinfo=UTC).isoformat()
    head = {"type": "lysglimt", "id": f"{log}-n{round_number}", "logg": log, "endret": at}
    return head | {"endretAv": f"{log}-d0", "tekst": "Lekte hele storefri med tre andre.", "tidspunkt": at}


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)
