"""Carries what waits in the outbox to its recipients: one loop in the process that serves, acute first, a few
at a time. A crash costs a repeat under the same id, never a loss; what happens here is in no log but the
outbox itself."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from adapters import contract
from adapters.contract import Adapter, Leave, Write
from gateway.events import Event, log
from gateway.hub.store import Store
from gateway.welfare import outbox
from gateway.welfare.outbox import Claim, End, Line, State
from gateway.welfare.seal import Seal

AT_ONCE: Final = 4  # for each recipient, and as many again for what is acute: nobody waits for one that hangs
REST_SECONDS: Final = 1.0  # then it looks by itself: another process may have written something
MARGIN_SECONDS: Final = 5.0  # after the deadline of a send, before its sender counts as dead
TURNED_AWAY: Final = frozenset({401, 403, 408, 429, 503})  # answers that say that nothing was stored


@dataclass(frozen=True, slots=True)
class Way:
    """To one recipient: its adapter, and how long one send may last in all (seconds)."""

    adapter: Adapter
    deadline: float


@dataclass(slots=True)
class Courier:
    """One process's."""

    store: Store
    seal: Seal
    ways: Mapping[str, Way]  # by system
    clock: Callable[[], datetime]
    _nudged: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None
    _stopping: bool = False
    _running: dict[asyncio.Task[None], Line] = field(default_factory=dict)

    def nudge(self) -> None:
        """There is something to send. From any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has just ended; what waits is found at the next start
                self._loop.call_soon_threadsafe(self._nudged.set)

    def stop(self) -> None:
        """End after the sends under way."""
        self._stopping = True
        self.nudge()

    async def run(self) -> None:
        """Carry until stopped."""
        self._loop = asyncio.get_running_loop()
        try:
            while not self._stopping:
                self._nudged.clear()
                await self._start_what_is_due()
                await self._rest()
        finally:
            if self._running:
                await asyncio.wait(self._running)
            for way in self.ways.values():
                await way.adapter.close()

    async def _start_what_is_due(self) -> None:
        try:
            for claim in await asyncio.to_thread(self._claim, Counter(self._running.values())):
                task = asyncio.create_task(self._carry(claim))
                self._running[task] = claim.line
                task.add_done_callback(self._ended)
        except Exception:  # noqa: BLE001 - the store may be away for a while; the loop must outlive it
            log(Event.COURIER_FAILED, level=logging.ERROR, trace=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._nudged.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(REST_SECONDS):
                await self._nudged.wait()
        except TimeoutError:
            return

    def _claim(self, running: Counter[Line]) -> list[Claim]:
        now = self.clock()
        with self.store.across() as connection:
            lines = [line for line in outbox.due(connection, now) if running[line] < AT_ONCE]
        found: list[Claim] = []
        for line in lines:
            way = self.ways.get(line.recipient)
            lease = timedelta(seconds=(way.deadline if way else 0.0) + MARGIN_SECONDS)
            with self.store.write(line.tenant) as connection:
                room = AT_ONCE - running[line]
                found += outbox.claim(connection, self.seal, line, now, lease, room)
        return found

    async def _carry(self, claim: Claim) -> None:
        try:
            end = await self._sent(claim)
        except Exception:  # noqa: BLE001 - whatever failed here, the report must be tried again
            log(Event.COURIER_FAILED, level=logging.ERROR, trace=True)
            end = End(State.UNKNOWN, "internal")
        try:
            await asyncio.to_thread(self._close, claim, end)
        except Exception:  # noqa: BLE001 - it stands as being sent, and is tried again when its time is over
            log(Event.COURIER_FAILED, level=logging.ERROR, trace=True)

    def _close(self, claim: Claim, end: End) -> None:
        with self.store.write(claim.tenant) as connection:
            outbox.close(connection, self.seal, claim, end, self.clock())

    async def _sent(self, claim: Claim) -> End:
        way = self.ways.get(claim.recipient)
        if way is None:  # taken out of the configuration: it waits until it is back
            return End(State.WAITING, "no such system")
        loop = asyncio.get_running_loop()
        last = loop.time() + way.deadline
        write = Write(
            key=f"{claim.kind}/{claim.id}",
            record=claim.record,
            remote_id=None,
            version=None,
            attempt=claim.id,
            leave=Leave(lambda: loop.time() < last),
            record_id=claim.id,
        )
        try:
            async with asyncio.timeout(way.deadline):
                await way.adapter.prepare()
                await way.adapter.write(write)
        except TimeoutError:
            return End(State.UNKNOWN, "no answer in time")
        except contract.AdapterError as error:
            return ending(error)
        return End(State.DELIVERED)


def ending(error: contract.AdapterError) -> End:
    """How an attempt ended that raised this."""
    detail = error.detail[:200]
    if isinstance(error, contract.Stale):
        return End(State.DELIVERED)  # it stands there under our id, and its people have worked with it
    if isinstance(error, contract.Refused):
        return End(State.REFUSED, detail)
    if isinstance(error, contract.Busy):
        return End(State.WAITING, detail, error.retry_after)
    if isinstance(error, contract.Unavailable) and (error.unreached or error.status in TURNED_AWAY):
        return End(State.WAITING, detail)
    if isinstance(error, contract.TakenOver):
        return End(State.WAITING, detail)
    return End(State.UNKNOWN, detail)
