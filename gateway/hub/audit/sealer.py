"""Chains what has been written in the audit since the last time: once a second, one sealer per tenant at a
time, whichever worker gets there first. Every committed entry is chained; a number that an open transaction
may still bring is looked back for until that transaction has ended. Changes no entry."""

from __future__ import annotations

import math
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

from gateway.hub.audit import chain, rows
from gateway.hub.audit.heads import Heads
from gateway.hub.schema.instant import stored
from gateway.hub.store import Store

MOST: Final = 5_000  # entries in a block
LOCKS: Final = 1_471_627  # PostgreSQL's advisory locks with this first key are of sealers


@dataclass(slots=True)
class _Standing:
    """What one sealer knows of one tenant. block: the hash of its last one. low: every entry up to this
    number is chained, and none can come. above: what is chained beyond. waiting: (a transaction, a number):
    once every transaction before that one has ended, no entry up to the number can come."""

    block: bytes = chain.BEGINNING
    low: int = 0
    above: set[int] = field(default_factory=set)
    waiting: deque[tuple[int, int]] = field(default_factory=deque)

    def raised(self, horizon: int) -> int:
        """The number up to which none can come, as of a horizon taken before the entries were read."""
        ended = (number for transaction, number in self.waiting if transaction <= horizon)
        return max(ended, default=self.low)

    def settle(self, low: int) -> None:
        """Every entry up to here is chained."""
        self.low = max(low, self.low)
        self.above = {number for number in self.above if number > self.low}
        while self.waiting and self.waiting[0][1] <= self.low:
            self.waiting.popleft()


class Sealer:
    """One process's. Safe to have in many: PostgreSQL's lock, or SQLite's one writer, lets one in."""

    def __init__(
        self, store: Store, heads: Heads, clock: Callable[[], datetime], head_seconds: float
    ) -> None:
        self._store = store
        self._heads = heads
        self._clock = clock
        self._head_seconds = head_seconds
        self._standing: dict[str, _Standing] = {}
        self._signed: dict[str, tuple[float, int]] = {}  # when, and which block

    def round(self, tenant: str) -> int:
        """Chain what there is; how many entries. Signs the newest block when it is time."""
        standing = self._standing.setdefault(tenant, _Standing())
        sealed = 0
        while self._anything(tenant, standing):
            with self._store.write(tenant) as connection:
                if not _alone(connection, tenant):
                    break
                count = self._seal(connection, tenant, standing)
            sealed += count
            if count < MOST:
                break
        self._sign(tenant)
        return sealed

    def _anything(self, tenant: str, standing: _Standing) -> bool:
        """Whether there is an entry that is not chained, as far as this process knows."""
        with self._store.read(tenant) as connection:
            low = standing.raised(self._store.horizon(connection))
            found = rows.numbers_after(connection, tenant, standing.low, len(standing.above) + 1)
        if any(number not in standing.above for number in found):
            return True
        standing.settle(low)
        return False

    def looks_back(self, tenant: str) -> int:
        """How many chained entries are above the number up to which none can come: a few, unless a
        transaction has been open for long."""
        return len(self._standing.get(tenant, _Standing()).above)

    def _seal(self, connection: Connection, tenant: str, standing: _Standing) -> int:
        last = rows.newest(connection, tenant)
        newest = last.hash if last else chain.BEGINNING
        if standing.block != newest:  # another has been at it, or we have just begun
            standing.block = newest
            standing.low = last.low if last else 0
            standing.above = rows.chained_after(connection, tenant, standing.low)
            standing.waiting.clear()
        low = standing.raised(self._store.horizon(connection))
        found = rows.numbers_after(connection, tenant, standing.low, len(standing.above) + MOST)
        fresh = [number for number in found if number not in standing.above][:MOST]
        read = rows.of_numbers(connection, tenant, fresh)
        if fresh and (self._store.sqlite or len(fresh) == MOST):
            low = fresh[-1] if self._store.sqlite else min(low, fresh[-1])
        if fresh:
            members = ((number, chain.digest_of(row._mapping)) for number, row in read.items())
            now = stored(self._clock()) or 0
            block = chain.after(last, tenant, members, at=now, low=low)
            rows.add(connection, block)
            standing.block = block.hash
            standing.above.update(fresh)
        if found and not self._store.sqlite and (fresh or not standing.waiting):
            reached = fresh[-1] if fresh else found[-1]
            standing.waiting.append((self._store.transaction_id(connection), reached))
        standing.settle(low)
        return len(fresh)

    def _sign(self, tenant: str) -> None:
        when, block = self._signed.get(tenant, (-math.inf, 0))
        if time.monotonic() - when < self._head_seconds:
            return
        with self._store.read(tenant) as connection:
            last = rows.newest(connection, tenant)
        number = last.number if last else 0
        if number > block:
            self._heads.sign(tenant, last, self._clock())
        self._signed[tenant] = (time.monotonic(), number)


def _alone(connection: Connection, tenant: str) -> bool:
    """Whether nobody else chains for this tenant until the transaction ends."""
    if connection.dialect.name != "postgresql":
        return True
    given = {"space": LOCKS, "key": zlib.crc32(tenant.encode()) - 2**31}
    free = connection.execute(text("SELECT pg_try_advisory_xact_lock(:space, :key)"), given).scalar()
    return bool(free)
