"""How many records a recipient may be sent now: a token bucket in its own row. The clock fills it, each claim
draws from it, and a run that ends gives back what it did not send. All workers share it through that row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, inf
from typing import Any

from sqlalchemy import Connection, Float, bindparam, case, update

from gateway.config import System
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import recipient

MOST = 60  # records per run; a lane with more goes on in its next run
TURN = timedelta(
    seconds=5
)  # a lane of the backfill gets its turn this often, however much live traffic there is
AHEAD = timedelta(minutes=1)  # a bucket filled further in the future than this was filled by a wrong clock


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is in it, in records: for all, and what of it the backfill may take."""

    whole: float = inf
    backfill: float = inf
    filled: datetime | None = None

    def shares(self, live: int, backfill: int) -> tuple[int | None, int | None]:
        """How many records each claimed lane, live or of the backfill, may send; None without a limit."""
        if self.whole == inf:
            return None, None
        each = min(MOST, int(self.whole) // max(1, live + backfill))
        return each, min(each, int(self.backfill) // max(1, backfill))


def bucket(system: System, row: Any, now: datetime) -> Bucket:
    """The bucket as it is at this moment; a new one is full."""
    rate, burst = system.rate_per_second, burst_of(system)
    if rate is None:
        return Bucket()
    share = max(1.0, burst * system.backfill_share)
    if row.filled_at is None or row.filled_at - now > AHEAD:
        return Bucket(burst, share, now)
    since = row.filled_at
    seconds = max(0.0, (now - since).total_seconds())  # never twice for the same second, if clocks differ
    return Bucket(
        min(burst, row.tokens + rate * seconds),
        min(share, row.backfill_tokens + rate * system.backfill_share * seconds),
        max(since, now),
    )


def burst_of(system: System) -> float:
    """The most that may go at once, in records: as configured, else what one second permits, at least one."""
    if system.burst is not None:
        return float(system.burst)
    return float(max(1, ceil(system.rate_per_second or 0)))


def lanes_of_backfill(system: System) -> int:
    """How many slots the backfill may hold; at least one."""
    return max(1, int(system.slots * system.backfill_share))


def draw(
    connection: Connection, system: System, full: Bucket, shares: tuple[int, int], now: datetime
) -> None:
    """Take what was claimed, for live lanes and for the backfill, out of the bucket."""
    live, backfill = shares
    limited = full.whole != inf
    if not limited and not backfill:
        return  # nothing to keep: the row is left alone
    given: dict[str, Any] = {
        "in_tenant": system.tenant,
        "in_system": system.id,
        "filled": full.filled,
        "now": now,
    }
    given |= {"whole": full.whole - live - backfill if limited else None}
    given |= {"rest": full.backfill - backfill if limited else None, "behind": backfill > 0}
    connection.execute(_DRAW, given)


def give_back(connection: Connection, tenant: str, system: str, records: int, *, backfill: bool) -> None:
    """A run has ended that sent fewer records than it had drawn."""
    if records > 0:
        given: dict[str, Any] = {"in_tenant": tenant, "in_system": system}
        given |= {"whole": float(records), "rest": float(records) if backfill else 0.0}
        connection.execute(_GIVE_BACK, given)


_KEY = (recipient.c.tenant == bindparam("in_tenant"), recipient.c.system == bindparam("in_system"))
_DRAW = (
    update(recipient)
    .where(*_KEY)
    .values(
        tokens=bindparam("whole", type_=Float),
        backfill_tokens=bindparam("rest", type_=Float),
        filled_at=bindparam("filled", type_=Instant()),
        backfill_at=case(
            (bindparam("behind"), bindparam("now", type_=Instant())), else_=recipient.c.backfill_at
        ),
    )
)
_GIVE_BACK = (
    update(recipient)
    .where(*_KEY, recipient.c.tokens.is_not(None))
    .values(
        tokens=recipient.c.tokens + bindparam("whole", type_=Float),
        backfill_tokens=recipient.c.backfill_tokens + bindparam("rest", type_=Float),
    )
)
