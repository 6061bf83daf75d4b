"""Asks a system for changes, where it does not call us: one worker at a time per system, in batches through
the ordinary way in. The cursor moves only after what it covers is taken in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.contract import Adapter, AdapterError, Incoming, Page
from gateway.config import System
from gateway.events import Event, log
from gateway.exchange import timers
from gateway.hub.store import Store
from gateway.intake import Intake, Offered, Status

TURN = timedelta(minutes=2)  # after this another worker may ask, should this one have died
BATCH = 50
PAGES = 20  # per turn; a system with more goes on in the next


@dataclass(slots=True)
class Poller:
    """Polls one system."""

    system: System
    store: Store
    adapter: Adapter
    intake: Intake
    clock: Callable[[], datetime]
    _cursor: str | None = None

    def my_turn(self) -> bool:
        """Claim the turn, if it is due."""
        now = self.clock()
        with self.store.write() as connection:
            mine, self._cursor = timers.claim_poll(
                connection, self.system.tenant, self.system.id, now, now + TURN
            )
        return mine

    async def poll(self) -> None:
        """Ask, take in, note how far; the next turn follows after the configured pause."""
        try:
            for _ in range(PAGES):
                page = await self.adapter.changes(self._cursor)
                if not await asyncio.to_thread(self._take_in, page):
                    break
                self._cursor = page.cursor
                if not page.more:
                    break
        except AdapterError as error:
            log(Event.POLL_FAILED, level=logging.WARNING, system=self.system.id, reason=error.detail)
        except Exception:  # noqa: BLE001 - a fault in one page must not end the worker; the cursor stays
            log(Event.POLL_FAILED, level=logging.ERROR, system=self.system.id, trace=True)
        await asyncio.to_thread(self._end)

    def _take_in(self, page: Page) -> bool:
        """Take a page in; False if some of it must be read again."""
        fresh = list(page.records)
        whole = True
        for start in range(0, len(fresh), BATCH):
            batch = [_offered(one) for one in fresh[start : start + BATCH]]
            for answer in self.intake.take(self.system, batch, polled=self.system.adapter == "fhir"):
                whole = whole and answer.status is not Status.BUSY
                unknown = any(p.code == "unknown-person" for p in answer.problems)
                if answer.status is Status.REJECTED and not unknown:
                    codes = ",".join(p.code for p in answer.problems)
                    log(Event.POLL_REFUSED, level=logging.WARNING, system=self.system.id, codes=codes)
        return whole

    def _end(self) -> None:
        pause = timedelta(seconds=self.system.poll_seconds or 60.0)
        with self.store.write() as connection:
            timers.end_poll(
                connection, self.system.tenant, self.system.id, self.clock() + pause, self._cursor
            )


def _offered(one: Incoming) -> Offered:
    return Offered(one.record, one.version)
