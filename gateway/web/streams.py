"""Wakes whoever has a page of a child open when something of the child has changed: one look at the
children's change numbers, twice a second, for everybody in the process, and at whether somebody's access
has ended. It knows numbers alone; what may be
told of a change is decided by who was woken (gateway/web/coordinator/live_pages.py)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from gateway.access import endings
from gateway.errors import TooMany
from gateway.hub.schema.tables import person
from gateway.hub.store import Store

STEP: Final = 0.5  # seconds between two looks
OF_A_SESSION: Final = 4  # pages open at once
PART: Final = 4  # streams may take one in so many of the connections that may be open
Place = tuple[str, str]  # tenant, person


@dataclass(slots=True, eq=False)
class Waiting:
    """One stream. number: of the change that it knows of."""

    number: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def changed(self, seconds: float) -> bool:
        """Whether something has changed; False after so many seconds without."""
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            return False
        self.woken.clear()
        return True


class Streams:
    """The streams of one process. most: how many there may be."""

    def __init__(self, store: Store, connections: int) -> None:
        self.most = max(1, connections // PART)
        self.ended = False
        self._store = store
        self._waiting: dict[Place, set[Waiting]] = {}
        self._sessions: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._endings: dict[str, tuple[int, datetime | None]] = {}

    @property
    def open(self) -> int:
        """How many there are."""
        return sum(map(len, self._waiting.values()))

    def end(self) -> None:
        """The process is asked to stop: all end at their next step. May be called from a signal handler."""
        self.ended = True

    def demand_room(self, session: str) -> None:
        """Raises TooMany where a session, or everybody, has as many as there may be."""
        if self.ended or self.open >= self.most or self._sessions.get(session, 0) >= OF_A_SESSION:
            raise TooMany("Too many pages are open", 60)

    @contextmanager
    def waiting(self, session: str, tenant: str, child: str, number: int) -> Iterator[Waiting]:
        """Wait for a child. session: whatever tells sessions apart. Raises TooMany."""
        self.demand_room(session)
        one = Waiting(number)
        self._sessions[session] += 1
        self._waiting.setdefault((tenant, child), set()).add(one)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())
        try:
            yield one
        finally:
            self._sessions[session] -= 1
            self._sessions += Counter()  # forgets whoever has none
            self._waiting[tenant, child].discard(one)
            if not self._waiting[tenant, child]:
                del self._waiting[tenant, child]

    async def _look(self) -> None:
        """While anybody waits."""
        while self._waiting and not self.ended:
            await asyncio.sleep(STEP)
            try:
                found, ended = await run_in_threadpool(self._news, list(self._waiting))
            except SQLAlchemyError:  # the database is away: whoever waits goes on waiting
                continue
            for place, number in found.items():
                for one in self._waiting.get(place, ()):
                    if one.number != number:
                        one.number = number
                        one.woken.set()
            for place in [place for place in self._waiting if place[0] in ended]:
                for one in self._waiting[place]:
                    one.woken.set()
        for one in [one for waiting in self._waiting.values() for one in waiting]:
            one.woken.set()

    def _news(self, places: list[Place]) -> tuple[dict[Place, int], set[str]]:
        """The change numbers, and the tenants in which somebody's access has ended since the last look: their
        streams look whether their session still counts."""
        ended: set[str] = set()
        for tenant in {tenant for tenant, _ in places}:
            with self._store.read(tenant) as connection:
                state = endings.state(connection, tenant)
            if self._endings.get(tenant) != state:  # the first time too: it may have been just before
                self._endings[tenant] = state
                ended.add(tenant)
        return self._numbers(places), ended

    def _numbers(self, places: Iterable[Place]) -> dict[Place, int]:
        by_tenant: dict[str, list[str]] = {}
        for tenant, child in places:
            by_tenant.setdefault(tenant, []).append(child)
        out: dict[Place, int] = {}
        for tenant, children in sorted(by_tenant.items()):
            with self._store.read(tenant) as connection:
                rows = connection.execute(
                    select(person.c.id, person.c.change_no).where(
                        person.c.tenant == tenant, person.c.id.in_(sorted(children))
                    )
                )
                out |= {(tenant, row.id): int(row.change_no) for row in rows}
        return out
