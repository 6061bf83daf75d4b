"""Hands out what a system that pulls should take in: the same lanes, decisions and disclosures as a delivery,
only that the system comes for it. What it has taken in it says with its next call; what it never confirmed
may have arrived, and is handed out again.

One transaction per call; the row that remembers the last hand-out is the lock between calls.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, case, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.config import Settings, System
from gateway.exchange import awaited, deviations, disclosures, lanes, notices, timers
from gateway.exchange.endings import Told
from gateway.exchange.facts import FactsReader
from gateway.exchange.lanes import Claim, Ending
from gateway.exchange.prepare import Plan, Preparer, Send
from gateway.exchange.rendition import as_held
from gateway.exchange.run import NO_PERSON
from gateway.hub import links
from gateway.hub.schema.instant import Instant
from gateway.hub.schema.tables import lane, timer
from gateway.hub.store import Store
from mappings import reading
from mappings.model import ITEM, NotExpressible, Record, RecordMapping

PULL = "pull"  # channel, owner of the claims, and kind of the row that remembers
START = "start"
MOST_LANES = 200  # in one call, so that its transaction stays short


@dataclass(frozen=True, slots=True)
class Handed:
    """One record to take in, and what it is in the hub."""

    record: Record
    item: str


@dataclass(frozen=True, slots=True)
class Handout:
    """One answer. cursor: confirms all of it when it comes back; more: there is more at once."""

    records: tuple[Handed, ...]
    cursor: str
    more: bool


@dataclass(slots=True)
class _Memory:
    """What was handed out and not yet confirmed: lanes with where they stood, attempts with their item."""

    cursor: str = START
    lanes: list[dict[str, Any]] = field(default_factory=list)
    attempts: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Puller:
    """Hands out to one system."""

    system: System
    store: Store
    settings: Settings
    mapping: RecordMapping
    facts: FactsReader
    clock: Callable[[], datetime]

    def hand_out(self, after: str | None, limit: int) -> Handout:
        """The next records, at most `limit`. `after` the last cursor confirms what came with it; anything
        else says that it did not arrive."""
        with self.store.write(self.system.tenant) as connection:
            now = self.clock()
            memory = self._remember(connection, now)
            if after == memory.cursor:
                self._confirm(connection, memory, now)
            else:
                self._repeat(connection, memory, now)
            fresh, handed = _Memory(), list[Handed]()
            for _ in range(MOST_LANES):
                if len(handed) >= limit or not self._one_lane(connection, fresh, handed, limit, now):
                    break
            fresh.cursor = uuid.uuid4().hex if handed else after or START
            timers.put(connection, self.system.tenant, PULL, self.system.id, now, msgspec.to_builtins(fresh))
            return Handout(tuple(handed), fresh.cursor, self._more(connection, now))

    def _remember(self, connection: Connection, now: datetime) -> _Memory:
        """The last hand-out; its row is locked, so that one call at a time works for this system."""
        dialect: Any = sqlite if self.store.sqlite else postgresql
        key = {"tenant": self.system.tenant, "kind": PULL, "subject": self.system.id}
        connection.execute(dialect.insert(timer).on_conflict_do_nothing(), {**key, "due": now})
        content = connection.execute(
            select(timer.c.content)
            .where(*(timer.c[name] == value for name, value in key.items()))
            .with_for_update()
        ).scalar_one()
        kept = timers.remembered(connection, content, *key.values())
        return msgspec.convert(kept, _Memory) if kept else _Memory()

    # --- what became of the last one ---------------------------------------------------------------------

    def _confirm(self, connection: Connection, memory: _Memory, now: datetime) -> None:
        """It has been taken in: the system has seen it and holds it. What it told of since then is newer."""
        tenant = self.system.tenant
        found = links.load(connection, tenant, self.system.id, [one["ref"] for one in memory.attempts])
        for link in found.values():
            awaited.confirmed(connection, self.system, link.person, link.ref, now)
            if link.candidates:
                link.previous, link.held, link.candidates = None, link.candidates[-1], ()
                link.hold = link.hold_digest = None
        links.save(connection, tenant, found.values())
        told = {ref: Told.TOLD for ref, link in found.items() if link.notice}
        notices.close(connection, tenant, self.system.id, told, now)
        for person in {
            one.person for one in found.values() if reading.in_error(one.held.focus.get(ITEM, {}))
        }:
            deviations.settle(connection, tenant, now, person=person)
        endings = [(one["id"], disclosures.DELIVERED, None) for one in memory.attempts]
        disclosures.finish(connection, tenant, endings, now)
        for one in memory.lanes:
            if one["created"]:  # what had gone before may refer to it: compare all of it once more
                self._go_on(connection, one, now, facts_cursor=-1)

    def _repeat(self, connection: Connection, memory: _Memory, now: datetime) -> None:
        """Nobody knows whether it arrived: each lane goes back to where it stood."""
        endings = [(one["id"], disclosures.UNKNOWN, "not-confirmed") for one in memory.attempts]
        disclosures.finish(connection, self.system.tenant, endings, now)
        for one in memory.lanes:
            self._go_on(connection, one, now, cursor=one["cursor"], facts_cursor=one["facts_cursor"])

    def _go_on(self, connection: Connection, one: dict[str, Any], now: datetime, **values: int) -> None:
        idle, at = lane.c.state == "idle", literal(now, Instant)
        connection.execute(
            update(lane)
            .where(lane.c.tenant == self.system.tenant, lane.c.id == one["id"])
            .values(
                **values,
                wake=lane.c.wake + 1,
                state=case((idle, "waiting"), else_=lane.c.state),
                waiting_since=case((idle, at), else_=lane.c.waiting_since),
                next_at=case((idle, at), else_=lane.c.next_at),
            )
        )

    # --- the next one ------------------------------------------------------------------------------------

    def _one_lane(
        self, connection: Connection, fresh: _Memory, handed: list[Handed], limit: int, now: datetime
    ) -> bool:
        """Claim a lane, hand out what it has, end it. False when none waits or the page is full."""
        claims = lanes.claim(connection, self.system, owner=PULL, now=now, limit=1)
        if not claims:
            return False
        left = limit - len(handed)
        preparer = Preparer(self.system, self.settings, self.mapping, self.facts, PULL, most=left)
        plan = preparer.prepare(connection, claims[0], now)
        if plan is None:
            return False
        created = self._name(plan)
        for send in plan.sends:
            self._hand(connection, plan, send, fresh, handed, now)
        fresh.lanes.append(_stood(claims[0], created=created))
        lanes.end(connection, claims[0], self._ending(connection, plan, now), now)
        return not plan.more

    def _name(self, plan: Plan) -> bool:
        """Everything new gets our id, which the system is to keep; so that records can refer to each other
        whatever comes first. Whether anything is new."""
        fresh = [send.difference.ref for send in plan.sends if send.difference.ref not in plan.names]
        for ref in fresh:
            plan.names[ref] = ref if self.system.adapter == "fhir" else ref.partition("/")[2]
        return bool(fresh)

    def _hand(
        self,
        connection: Connection,
        plan: Plan,
        send: Send,
        fresh: _Memory,
        handed: list[Handed],
        now: datetime,
    ) -> None:
        ref, link = send.difference.ref, send.difference.link
        ids = plan.ids(self.system, ref)
        try:
            record = self.mapping.get(send.difference.state, ids)
        except NotExpressible:
            link.candidates = ()
            link.hold, link.hold_digest = "not-expressible", send.difference.digest
            refused = [(send.attempt, disclosures.REFUSED, "not-expressible")]
            disclosures.finish(connection, self.system.tenant, refused, now)
        else:
            link.native_id = ids.natives[ref]
            link.candidates = (self.mapping.put(record, as_held(send.difference.state, ids), ids),)
            handed.append(Handed(record, ref))
            awaited.left(connection, self.system, send.difference.shown.focal, now)
            fresh.attempts.append({"id": send.attempt, "ref": ref})
        links.save(connection, self.system.tenant, [link])

    def _ending(self, connection: Connection, plan: Plan, now: datetime) -> Ending:
        if plan.lookup_attempt:  # nobody can be asked: the system has to tell of the person first
            unsent = [(plan.lookup_attempt, disclosures.UNSENT, "no-such-person")]
            disclosures.finish(connection, self.system.tenant, unsent, now)
            return Ending(error="no-such-person", retry_at=now + NO_PERSON)
        if plan.more:
            return Ending(again=True)
        return Ending(cursor=plan.cursor, facts_cursor=plan.facts_cursor, error=plan.note)

    def _more(self, connection: Connection, now: datetime) -> bool:
        return (self.system.tenant, self.system.id) in lanes.recipients_waiting(connection, now)


def _stood(claim: Claim, *, created: bool) -> dict[str, Any]:
    return {
        "id": claim.lane,
        "cursor": claim.cursor,
        "facts_cursor": claim.facts_cursor,
        "created": created,
    }
